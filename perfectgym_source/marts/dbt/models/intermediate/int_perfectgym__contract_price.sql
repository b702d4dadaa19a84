{# The price of one payment interval after one discount more, in turn. #}
with recursive discounted as (

    select
        contracts.contract_key,
        prices.price_from,
        cast(0 as {{ pg_type('bigint') }}) as turn,
        cast(prices.list_gross as numeric(28,9)) as gross
    from {{ ref('int_perfectgym__contract') }} as contracts
    inner join {{ ref('int_perfectgym__plan_price') }} as prices on prices.plan_key = contracts.plan_key
    union all
    select
        discounted.contract_key,
        discounted.price_from,
        cast(discounts.turn as {{ pg_type('bigint') }}),
        cast(case
            when not discounts.is_applied then discounted.gross
            when discounts.kind = 'free' then 0
            when discounts.kind = 'fixed' then discounts.value
            when discounts.kind = 'percent' and discounts.value >= 100 then 0
            when discounts.kind = 'percent' then discounted.gross * (100 - discounts.value) / 100
            when discounts.value > discounted.gross then 0
            else discounted.gross - discounts.value
        end as numeric(28,9))
    from discounted
    inner join {{ ref('int_perfectgym__contract_discount') }} as discounts
        on discounts.contract_key = discounted.contract_key and discounts.turn = discounted.turn + 1

),

discount_counts as (

    select
        contract_key,
        max(turn) as last_turn,
        max(case when is_time_limited then 1 else 0 end) = 1 as has_time_limited_discount,
        max(case when kind = 'unreadable' then 1 else 0 end) = 1 as has_unreadable_discount
    from {{ ref('int_perfectgym__contract_discount') }}
    group by contract_key

),

list_prices as (

    select
        contracts.contract_key,
        contracts.installation,
        contracts.plan_key,
        prices.price_from,
        prices.price_to,
        prices.monthly_list_gross,
        prices.monthly_list_net,
        discounted.gross,
        {# Net as in the list. #}
        case
            when discounted.gross = 0 then 0
            when prices.list_gross <> 0 then discounted.gross * prices.list_net / prices.list_gross
        end as net
    from {{ ref('int_perfectgym__contract') }} as contracts
    inner join {{ ref('int_perfectgym__plan_price') }} as prices on prices.plan_key = contracts.plan_key
    left join discount_counts on discount_counts.contract_key = contracts.contract_key
    inner join discounted
        on discounted.contract_key = contracts.contract_key
        and discounted.price_from = prices.price_from
        and discounted.turn = coalesce(discount_counts.last_turn, 0)

),

monthly_list as (

    select
        list_prices.*,
        {{ pg_monthly('list_prices.gross', 'plans') }} as monthly_gross,
        {{ pg_monthly('list_prices.net', 'plans') }} as monthly_net
    from list_prices
    inner join {{ ref('int_perfectgym__plan') }} as plans on plans.plan_key = list_prices.plan_key

),

charged as (

    select contract_key, price_from, price_to, monthly_gross, monthly_net
    from {{ ref('int_perfectgym__contract_charge') }}
    where kind = 'membership'{% if var('pg_price_basis') == 'list' %} and 1 = 0{% endif %}

),

first_charges as (

    select contract_key, min(price_from) as charged_from
    from charged
    group by contract_key

),

periods as (

    {# The list price, up to the first charge. #}
    select
        monthly_list.contract_key,
        monthly_list.price_from,
        case when first_charges.charged_from < monthly_list.price_to then first_charges.charged_from else monthly_list.price_to end as price_to,
        monthly_list.monthly_list_gross,
        monthly_list.monthly_list_net,
        monthly_list.monthly_gross,
        monthly_list.monthly_net,
        'list' as price_basis
    from monthly_list
    left join first_charges on first_charges.contract_key = monthly_list.contract_key
    where first_charges.charged_from is null or first_charges.charged_from > monthly_list.price_from
    union all
    {# What is charged, beside the list price of that time. #}
    select
        charged.contract_key,
        case when charged.price_from < monthly_list.price_from then monthly_list.price_from else charged.price_from end,
        case when charged.price_to > monthly_list.price_to then monthly_list.price_to else charged.price_to end,
        monthly_list.monthly_list_gross,
        monthly_list.monthly_list_net,
        charged.monthly_gross,
        charged.monthly_net,
        'charged'
    from charged
    inner join monthly_list
        on monthly_list.contract_key = charged.contract_key
        and monthly_list.price_from < charged.price_to
        and monthly_list.price_to > charged.price_from

)

select
    {{ pg_key('periods.contract_key', 'periods.price_from') }} as contract_price_key,
    contracts.installation,
    periods.contract_key,
    periods.price_from,
    periods.price_to,
    periods.monthly_list_gross,
    periods.monthly_list_net,
    periods.monthly_gross,
    periods.monthly_net,
    periods.price_basis,
    case when contracts.are_discounts_known then coalesce(discount_counts.has_time_limited_discount, false) end as has_time_limited_discount,
    case when contracts.are_discounts_known then coalesce(discount_counts.has_unreadable_discount, false) end as has_unreadable_discount
from periods
inner join {{ ref('int_perfectgym__contract') }} as contracts on contracts.contract_key = periods.contract_key
left join discount_counts on discount_counts.contract_key = periods.contract_key
