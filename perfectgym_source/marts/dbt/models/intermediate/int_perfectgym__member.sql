with v1_ids as (

    select installation, id from {{ ref('stg_perfectgym_v1__users') }}
    union distinct
    select installation, id from {{ ref('stg_perfectgym_v1__user_details') }}

),

v1 as (

    select
        ids.installation,
        ids.id as member_id,
        coalesce(users.number, details.number) as member_number,
        coalesce(users.first_name, details.first_name) as first_name,
        coalesce(users.last_name, details.last_name) as last_name,
        coalesce(users.home_club_id, details.home_club_id) as home_club_id,
        coalesce(users.sex, details.sex) as sex,
        coalesce(users.birth_date, details.birth_date) as birth_date,
        case when details.employee__employee_id is not null then 'staff' end as member_kind,
        {{ pg_null('text') }} as marketing_source,
        coalesce(users.is_deleted, details.is_deleted) as is_deleted
    from v1_ids as ids
    left join {{ ref('stg_perfectgym_v1__users') }} as users
        on users.installation = ids.installation and users.id = ids.id
    left join {{ ref('stg_perfectgym_v1__user_details') }} as details
        on details.installation = ids.installation and details.id = ids.id

),

first_sources as (

    select installation, member_id, min(member_marketing_source_id) as source_id
    from {{ ref('stg_perfectgym_v22__members_to_marketing_sources') }}
    group by installation, member_id

),

v22 as (

    select
        members.installation,
        members.id as member_id,
        members.number as member_number,
        members.first_name,
        members.last_name,
        members.home_club_id,
        members.sex,
        members.birthdate as birth_date,
        members.member_type as member_kind,
        sources.marketing_source,
        members.is_deleted
    from {{ ref('stg_perfectgym_v22__members') }} as members
    left join first_sources
        on first_sources.installation = members.installation and first_sources.member_id = members.id
    left join {{ ref('stg_perfectgym_v22__member_marketing_sources') }} as sources
        on sources.installation = first_sources.installation and sources.id = first_sources.source_id

),

both_generations as (

    select * from v1
    union all
    select * from v22

)

select
    {{ pg_key('installation', 'member_id') }} as member_key,
    installation,
    member_id,
    member_number,
    {{ pg_trimmed("coalesce(first_name, '') || ' ' || coalesce(last_name, '')") }} as display_name,
    {{ pg_key('installation', 'home_club_id') }} as home_club_key,
    sex,
    birth_date,
    member_kind,
    marketing_source,
    is_deleted
from both_generations
where member_id is not null
