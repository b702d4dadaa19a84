with v1_summaries as (

    {# The summaries in users have no contract id: the first of those with the same user, plan and start
       belongs to the first such contract, and so on. #}
    select
        installation,
        user_id,
        _position,
        payment_plan_id,
        start_date,
        row_number() over (partition by installation, user_id, payment_plan_id, start_date order by _position) as turn
    from {{ ref('stg_perfectgym_v1__users__contracts') }}

),

numbered_contracts as (

    select
        contract_key,
        member_key,
        plan_key,
        starts_on,
        row_number() over (partition by member_key, plan_key, starts_on order by contract_id) as turn
    from {{ ref('int_perfectgym__contract') }}
    where member_key is not null

),

v1_prices as (

    select
        *,
        row_number() over (partition by installation, payment_plan_id, name order by _position) as turn
    from {{ ref('stg_perfectgym_v1__payment_plan_details__add_ons') }}

),

v1 as (

    select
        addons.row_key as contract_addon_key,
        addons.installation,
        contracts.contract_key,
        addons.name,
        coalesce(addons.start_date, {{ pg_date('1900-01-01') }}) as price_from,
        coalesce({{ pg_add_days('addons.end_date', 1) if var('pg_end_is_last_day') else 'addons.end_date' }}, {{ pg_date('9999-12-31') }}) as price_to,
        {{ pg_monthly('prices.fee__gross', 'plans') }} as addon_gross,
        {{ pg_monthly('prices.fee__net', 'plans') }} as addon_net
    from {{ ref('stg_perfectgym_v1__users__contracts__addons') }} as addons
    left join v1_summaries as summaries
        on summaries.installation = addons.installation
        and summaries.user_id = addons.user_id
        and summaries._position = addons._parent_position
    left join numbered_contracts as contracts
        on contracts.member_key = {{ pg_key('summaries.installation', 'summaries.user_id') }}
        and contracts.plan_key = {{ pg_key('summaries.installation', 'summaries.payment_plan_id') }}
        and contracts.starts_on = summaries.start_date
        and contracts.turn = summaries.turn
    left join {{ ref('int_perfectgym__plan') }} as plans
        on plans.plan_key = {{ pg_key('summaries.installation', 'summaries.payment_plan_id') }}
    left join v1_prices as prices
        on prices.installation = summaries.installation
        and prices.payment_plan_id = summaries.payment_plan_id
        and prices.name = addons.name
        and prices.turn = 1

)

select
    contract_addon_key,
    installation,
    contract_key,
    name,
    price_from,
    price_to,
    addon_gross,
    addon_net
from v1
union all
select
    contract_charge_key,
    installation,
    contract_key,
    {{ pg_null('text') }},
    price_from,
    price_to,
    monthly_gross,
    monthly_net
from {{ ref('int_perfectgym__contract_charge') }}
where kind = 'addon'{% if var('pg_price_basis') == 'list' %} and 1 = 0{% endif %}
