{# With pg_plan_price_history, list prices are kept from the first build on; the first one holds before too. #}
with prices as (

    select
        plan_key,
        list_gross,
        list_net,
        {% if var('pg_plan_price_history') -%}
        case
            when row_number() over (partition by plan_key order by dbt_valid_from) = 1 then {{ pg_date('1900-01-01') }}
            else {{ pg_day('dbt_valid_from') }}
        end as price_from,
        coalesce({{ pg_day('dbt_valid_to') }}, {{ pg_date('9999-12-31') }}) as price_to
    from {{ ref('snap_perfectgym__plan_price') }}
        {%- else -%}
        {{ pg_date('1900-01-01') }} as price_from,
        {{ pg_date('9999-12-31') }} as price_to
    from {{ ref('int_perfectgym__plan') }}
        {%- endif %}

)

select
    {{ pg_key('prices.plan_key', 'prices.price_from') }} as plan_price_key,
    prices.plan_key,
    plans.installation,
    prices.price_from,
    prices.price_to,
    prices.list_gross,
    prices.list_net,
    {{ pg_monthly('prices.list_gross', 'plans') }} as monthly_list_gross,
    {{ pg_monthly('prices.list_net', 'plans') }} as monthly_list_net
from prices
inner join {{ ref('int_perfectgym__plan') }} as plans on plans.plan_key = prices.plan_key
{#- A price that changed twice on one day. #}
where prices.price_to > prices.price_from
