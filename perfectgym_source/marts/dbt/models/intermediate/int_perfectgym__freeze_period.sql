with reached as (

    {# How far all freezes that begin earlier reach; one without an end reaches past all. #}
    select
        *,
        max(coalesce(frozen_to, {{ pg_date('9999-12-31') }})) over (
            partition by contract_key
            order by frozen_from, freeze_key
            rows between unbounded preceding and 1 preceding
        ) as reached_to
    from {{ ref('int_perfectgym__freeze') }}
    where is_in_contract

),

numbered as (

    select
        *,
        sum(case when frozen_from <= reached_to then 0 else 1 end) over (
            partition by contract_key
            order by frozen_from, freeze_key
            rows unbounded preceding
        ) as turn
    from reached

)

select
    {{ pg_key('contract_key', 'min(frozen_from)') }} as freeze_period_key,
    installation,
    contract_key,
    min(frozen_from) as frozen_from,
    nullif(max(coalesce(frozen_to, {{ pg_date('9999-12-31') }})), {{ pg_date('9999-12-31') }}) as frozen_to
from numbered
group by installation, contract_key, turn
