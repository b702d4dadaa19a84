with both_generations as (

    select
        {{ pg_key('installation', "'open'", 'user_id', 'id') }} as fee_key,
        installation,
        user_id as member_id,
        {{ pg_null('bigint') }} as contract_id,
        fee_type as type,
        due_date as due_on,
        {{ pg_null('date') }} as paid_on,
        fee__gross as amount_gross,
        fee__gross as left_to_pay
    from {{ ref('stg_perfectgym_v1__pending_contract_fees') }}
    union all
    select
        {{ pg_key('installation', "'paid'", 'contract_id', '_position') }},
        installation,
        {{ pg_null('bigint') }},
        contract_id,
        type,
        date,
        date,
        amount,
        cast(0 as numeric(18,2))
    from {{ ref('stg_perfectgym_v1__contract_fees__paid_transactions') }}
    union all
    select
        {{ pg_key('installation', "'charge'", 'id') }},
        installation,
        member_id,
        contract_id,
        type,
        due_date,
        {{ pg_null('date') }},
        amount__gross,
        left_to_pay
    from {{ ref('stg_perfectgym_v22__contract_charges') }}
    where not coalesce(is_cancelled, false)

),

keyed as (

    select
        *,
        {{ pg_key('installation', 'nullif(member_id, 0)') }} as own_member_key,
        {{ pg_key('installation', 'nullif(contract_id, 0)') }} as contract_key
    from both_generations

),

placed as (

    select
        keyed.*,
        coalesce(keyed.own_member_key, contracts.member_key) as member_key,
        coalesce(contracts.club_key, members.home_club_key) as club_key
    from keyed
    left join {{ ref('int_perfectgym__contract') }} as contracts on contracts.contract_key = keyed.contract_key
    left join {{ ref('int_perfectgym__member') }} as members
        on members.member_key = coalesce(keyed.own_member_key, contracts.member_key)

),

aged as (

    select
        placed.*,
        case when placed.left_to_pay > 0
            then {{ pg_days_between('placed.due_on', 'as_of.as_of_date') }} - {{ var('pg_grace_days') }}
        end as age
    from placed
    left join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = placed.installation
    left join {{ ref('int_perfectgym__club') }} as clubs on clubs.club_key = placed.club_key
    where not coalesce(clubs.is_excluded, false)

)

select
    fee_key,
    installation,
    member_key,
    contract_key,
    club_key,
    {{ pg_fee_kind('type') }} as fee_kind,
    due_on,
    paid_on,
    amount_gross,
    left_to_pay,
    case when age > 0 then age when left_to_pay > 0 then 0 end as days_overdue,
    case when left_to_pay > 0 then {{ pg_age_bucket('age') }} end as age_bucket
from aged
