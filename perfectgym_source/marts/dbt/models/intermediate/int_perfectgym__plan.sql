with v1_named as (

    select
        installation,
        id as plan_id,
        name,
        is_active,
        is_add_on_payment_plan as is_addon,
        is_deleted,
        1 as preference
    from {{ ref('stg_perfectgym_v1__payment_plans') }}
    union all
    select installation, id, name, is_active, is_add_on_payment_plan, is_deleted, 2
    from {{ ref('stg_perfectgym_v1__payment_plan_details') }}
    union all
    {# Contracts name plans that no list has. #}
    select
        installation,
        payment_plan__id,
        max(payment_plan__name),
        max(case when payment_plan__is_active then 1 when not payment_plan__is_active then 0 end) = 1,
        max(case when payment_plan__is_add_on_payment_plan then 1 when not payment_plan__is_add_on_payment_plan then 0 end) = 1,
        false,
        3
    from {{ ref('stg_perfectgym_v1__contracts') }}
    group by installation, payment_plan__id

),

v1_first as (

    select
        *,
        row_number() over (partition by installation, plan_id order by preference) as turn
    from v1_named
    where plan_id is not null

),

v1 as (

    select
        plans.installation,
        plans.plan_id,
        plans.name,
        plans.is_active,
        plans.is_addon,
        details.membership__name as membership,
        details.payment_interval,
        {{ pg_period_length('details.payment_interval', 'month') }} as interval_month_count,
        {{ pg_period_length('details.payment_interval', 'day') }} as interval_day_count,
        {{ pg_period_length('details.commitment_period', 'month') }} as commitment_month_count,
        {{ pg_period_length('details.commitment_period', 'day') }} as commitment_day_count,
        details.fees__membership_fee__gross as list_gross,
        details.fees__membership_fee__net as list_net,
        plans.is_deleted,
        plans.preference = 3 as is_inferred
    from v1_first as plans
    left join {{ ref('stg_perfectgym_v1__payment_plan_details') }} as details
        on details.installation = plans.installation and details.id = plans.plan_id
    where plans.turn = 1

),

v22_ids as (

    select installation, id as plan_id from {{ ref('stg_perfectgym_v22__payment_plans') }}
    union distinct
    select installation, payment_plan_id from {{ ref('stg_perfectgym_v22__contracts') }}
    where payment_plan_id is not null

),

v22 as (

    select
        ids.installation,
        ids.plan_id,
        plans.name,
        plans.is_active,
        plans.is_additional as is_addon,
        types.name as membership,
        {{ pg_null('text') }} as payment_interval,
        case when coalesce(plans.payment_interval__months, plans.payment_interval__days) is not null then coalesce(plans.payment_interval__months, 0) end as interval_month_count,
        case when coalesce(plans.payment_interval__months, plans.payment_interval__days) is not null then coalesce(plans.payment_interval__days, 0) end as interval_day_count,
        case when coalesce(plans.commitment_period__months, plans.commitment_period__days) is not null then coalesce(plans.commitment_period__months, 0) end as commitment_month_count,
        case when coalesce(plans.commitment_period__months, plans.commitment_period__days) is not null then coalesce(plans.commitment_period__days, 0) end as commitment_day_count,
        {# Both or neither of one fee. #}
        case when plans.current_membership_fee__membership_fee__gross is not null then plans.current_membership_fee__membership_fee__gross else plans.membership_fee__gross end as list_gross,
        case when plans.current_membership_fee__membership_fee__gross is not null then plans.current_membership_fee__membership_fee__net else plans.membership_fee__net end as list_net,
        coalesce(plans.is_deleted, false) as is_deleted,
        plans.id is null as is_inferred
    from v22_ids as ids
    left join {{ ref('stg_perfectgym_v22__payment_plans') }} as plans
        on plans.installation = ids.installation and plans.id = ids.plan_id
    left join {{ ref('stg_perfectgym_v22__membership_types') }} as types
        on types.installation = plans.installation and types.id = plans.membership_type_id

),

both_generations as (

    select * from v1
    union all
    select * from v22

)

select
    {{ pg_key('installation', 'plan_id') }} as plan_key,
    installation,
    plan_id,
    name,
    is_active,
    coalesce(is_addon, false) as is_addon,
    membership,
    payment_interval,
    interval_month_count,
    interval_day_count,
    {{ pg_rate('interval_month_count * ' ~ var('pg_days_per_month') ~ ' + interval_day_count', var('pg_days_per_month')) }} as interval_months,
    commitment_month_count,
    commitment_day_count,
    {{ pg_rate('commitment_month_count * ' ~ var('pg_days_per_month') ~ ' + commitment_day_count', var('pg_days_per_month')) }} as commitment_months,
    list_gross,
    list_net,
    is_deleted,
    is_inferred
from both_generations
where plan_id is not null
