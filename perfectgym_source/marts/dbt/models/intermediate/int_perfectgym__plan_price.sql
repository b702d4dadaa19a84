{# With the option pg_plan_price_history the list prices of the past are kept, from the first build on. #}
with prices as (

    select
        plan_key,
        list_gross,
        list_net,
        {{ pg_date('1900-01-01') }} as price_from,
        {{ pg_date('9999-12-31') }} as price_to
    from {{ ref('int_perfectgym__plan') }}

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
