{% set amount = 'gross' if var('pg_mrr_amount') == 'gross' else 'net' %}
with in_force as (

    select
        contracts.contract_key,
        contracts.installation,
        contracts.owner_key,
        contracts.member_key,
        contracts.club_key,
        contracts.currency,
        contracts.is_additional,
        months.month,
        months.last_on
    from {{ ref('int_perfectgym__contract') }} as contracts
    inner join {{ ref('int_perfectgym__month') }} as months
        on months.installation = contracts.installation
        and months.last_on >= contracts.valid_from
        and (contracts.valid_to is null or months.last_on < contracts.valid_to)
    where not contracts.is_never_started

),

addons as (

    select
        in_force.contract_key,
        in_force.month,
        cast(sum(addons.addon_gross) as numeric(18,2)) as addon_gross,
        cast(sum(addons.addon_net) as numeric(18,2)) as addon_net
    from in_force
    inner join {{ ref('int_perfectgym__contract_addon') }} as addons
        on addons.contract_key = in_force.contract_key
        and addons.price_from <= in_force.last_on
        and addons.price_to > in_force.last_on
    group by in_force.contract_key, in_force.month

),

priced as (

    select
        in_force.*,
        freezes.contract_key is not null as is_frozen,
        prices.price_basis,
        prices.monthly_list_gross,
        prices.monthly_gross,
        prices.monthly_net,
        addons.addon_gross,
        addons.addon_net,
        case
            when prices.monthly_{{ amount }} is not null or addons.addon_{{ amount }} is not null
                then cast(coalesce(prices.monthly_{{ amount }}, 0) + coalesce(addons.addon_{{ amount }}, 0) as numeric(18,2))
        end as price
    from in_force
    left join {{ ref('int_perfectgym__contract_price') }} as prices
        on prices.contract_key = in_force.contract_key
        and prices.price_from <= in_force.last_on
        and prices.price_to > in_force.last_on
    left join {{ ref('int_perfectgym__freeze_period') }} as freezes
        on freezes.contract_key = in_force.contract_key
        and freezes.frozen_from <= in_force.last_on
        and (freezes.frozen_to is null or freezes.frozen_to > in_force.last_on)
    left join addons
        on addons.contract_key = in_force.contract_key and addons.month = in_force.month

)

select
    *,
    {% if var('pg_freeze_in_mrr') == 'keep' -%}
    cast(case when price is not null then 0 end as numeric(18,2))
    {%- else -%}
    case when is_frozen then price when price is not null then cast(0 as numeric(18,2)) end
    {%- endif %} as frozen_price,
    cast(case
        when monthly_list_gross is null or monthly_gross is null then null
        when is_frozen or monthly_list_gross < monthly_gross then 0
        else monthly_list_gross - monthly_gross
    end as numeric(18,2)) as discount_gross
from priced
