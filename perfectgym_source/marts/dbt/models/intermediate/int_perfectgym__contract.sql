with v1_summaries as (

    {# The summaries in users have no contract id; where two of them differ, the contract is no additional one. #}
    select
        installation,
        user_id,
        payment_plan_id,
        start_date,
        min(case when is_additional_contract then 1 else 0 end) = 1 as is_additional
    from {{ ref('stg_perfectgym_v1__users__contracts') }}
    group by installation, user_id, payment_plan_id, start_date

),

v1_details as (

    select
        installation,
        id as contract_id,
        min(case when is_additional_contract then 1 when not is_additional_contract then 0 end) = 1 as is_additional
    from {{ ref('stg_perfectgym_v1__user_details__contracts') }}
    group by installation, id

),

v1 as (

    select
        contracts.installation,
        contracts.id as contract_id,
        links.member_key,
        members.home_club_key as club_key,
        {{ pg_key('contracts.installation', 'contracts.payment_plan__id') }} as plan_key,
        coalesce(v1_details.is_additional, v1_summaries.is_additional, false) as is_additional,
        contracts.sign_date as signed_on,
        contracts.start_date as starts_on,
        contracts.cancel_date as cancelled_on,
        contracts.end_date as ends_on,
        contracts.commitment_date as committed_on,
        contracts.status as api_status,
        true as are_discounts_known
    from {{ ref('stg_perfectgym_v1__contracts') }} as contracts
    left join {{ ref('int_perfectgym__contract_member') }} as links
        on links.contract_key = {{ pg_key('contracts.installation', 'contracts.id') }}
    left join {{ ref('int_perfectgym__member') }} as members on members.member_key = links.member_key
    left join v1_details
        on v1_details.installation = contracts.installation and v1_details.contract_id = contracts.id
    left join v1_summaries
        on v1_summaries.installation = contracts.installation
        and v1_summaries.user_id = links.member_id
        and v1_summaries.payment_plan_id = contracts.payment_plan__id
        and v1_summaries.start_date = contracts.start_date

),

v22 as (

    select
        installation,
        id as contract_id,
        {{ pg_key('installation', 'nullif(member_id, 0)') }} as member_key,
        {{ pg_key('installation', 'nullif(club_id, 0)') }} as club_key,
        {{ pg_key('installation', 'payment_plan_id') }} as plan_key,
        coalesce(is_additional_contract, false) as is_additional,
        sign_up_date as signed_on,
        start_date as starts_on,
        cancel_date as cancelled_on,
        end_date as ends_on,
        contract_commitment_end_date__commitment_end_date as committed_on,
        status as api_status,
        {# A contract has no discounts there, only charges. #}
        false as are_discounts_known
    from {{ ref('stg_perfectgym_v22__contracts') }}

),

both_generations as (

    select * from v1
    union all
    select * from v22

),

dated as (

    select
        *,
        case
            when ends_on is not null
                then {{ pg_add_days('ends_on', 1) if var('pg_end_is_last_day') else 'ends_on' }}
            when committed_on > cancelled_on then {{ pg_add_days('committed_on', 1) }}
            when cancelled_on is not null then {{ pg_add_days('cancelled_on', 1) }}
        end as valid_to
    from both_generations
    where contract_id is not null

)

select
    {{ pg_key('dated.installation', 'dated.contract_id') }} as contract_key,
    dated.installation,
    dated.contract_id,
    dated.member_key,
    dated.club_key,
    dated.plan_key,
    coalesce(dated.member_key, 'contract ' || {{ pg_key('dated.installation', 'dated.contract_id') }}) as owner_key,
    coalesce(clubs.currency, {{ pg_currency_of('dated.club_key') }}) as currency,
    dated.is_additional or coalesce(plans.is_addon, false) as is_additional,
    dated.signed_on,
    dated.starts_on,
    dated.cancelled_on,
    dated.ends_on,
    dated.committed_on,
    dated.api_status,
    dated.are_discounts_known,
    dated.starts_on as valid_from,
    dated.valid_to,
    dated.starts_on is null or coalesce(dated.valid_to <= dated.starts_on, false) as is_never_started
from dated
left join {{ ref('int_perfectgym__plan') }} as plans on plans.plan_key = dated.plan_key
left join {{ ref('int_perfectgym__club') }} as clubs on clubs.club_key = dated.club_key
where not coalesce(clubs.is_excluded, false)
