-- The prices of the contracts in force on the last day that counts are the MRR of that day.
{% set amount = 'gross' if var('pg_mrr_amount') == 'gross' else 'net' %}
with prices as (

    select
        contracts.installation,
        sum(coalesce(contracts.monthly_{{ amount }}, 0) + coalesce(contracts.addon_{{ amount }}, 0)) as price
    from {{ ref('fct_contract') }} as contracts
    inner join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = contracts.installation
    left join {{ ref('int_perfectgym__freeze_period') }} as freezes
        on freezes.contract_key = contracts.contract_key
        and freezes.frozen_from <= as_of.as_of_date
        and (freezes.frozen_to is null or freezes.frozen_to > as_of.as_of_date)
    where not contracts.is_never_started
        and contracts.valid_from <= as_of.as_of_date
        and (contracts.valid_to is null or contracts.valid_to > as_of.as_of_date)
        {%- if var('pg_freeze_in_mrr') != 'keep' %}
        and freezes.contract_key is null
        {%- endif %}
    group by contracts.installation

),

mrr as (

    select mrr.installation, sum(mrr.mrr_end) as mrr_end
    from {{ ref('fct_mrr_month') }} as mrr
    inner join {{ ref('int_perfectgym__as_of') }} as as_of
        on as_of.installation = mrr.installation and mrr.month = {{ pg_month('as_of.as_of_date') }}
    group by mrr.installation

)

select prices.installation, prices.price, mrr.mrr_end
from prices
left join mrr on mrr.installation = prices.installation
where prices.price <> coalesce(mrr.mrr_end, 0)
