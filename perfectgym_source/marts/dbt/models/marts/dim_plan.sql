select
    plans.plan_key,
    plans.installation,
    plans.name,
    plans.membership,
    plans.is_active,
    plans.is_addon,
    plans.interval_months,
    plans.commitment_months,
    prices.list_gross,
    prices.list_net,
    prices.monthly_list_gross,
    prices.monthly_list_net,
    plans.is_deleted,
    plans.is_inferred
from {{ ref('int_perfectgym__plan') }} as plans
left join {{ ref('int_perfectgym__plan_price') }} as prices
    on prices.plan_key = plans.plan_key and prices.price_to = {{ pg_date('9999-12-31') }}
