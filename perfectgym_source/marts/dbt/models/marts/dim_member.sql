with named as (

    {# Those whom facts name, in whatever list they are missing. #}
    select installation, member_key from {{ ref('int_perfectgym__contract') }} where member_key is not null
    union distinct
    select installation, member_key from {{ ref('int_perfectgym__visit') }} where member_key is not null
    union distinct
    select installation, member_key from {{ ref('int_perfectgym__booking') }} where member_key is not null
    union distinct
    select installation, member_key from {{ ref('int_perfectgym__fee') }} where member_key is not null
    union distinct
    select installation, member_key from {{ ref('int_perfectgym__sale') }} where member_key is not null
    union distinct
    select installation, member_key from {{ ref('int_perfectgym__member') }}

),

has_contract as (

    select distinct member_key from {{ ref('int_perfectgym__contract') }} where member_key is not null

),

joined as (

    select periods.member_key, min(periods.first_joined_on) as first_joined_on
    from {{ ref('int_perfectgym__member_period') }} as periods
    inner join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = periods.installation
    where periods.first_joined_on <= as_of.as_of_date
    group by periods.member_key

),

today as (

    select periods.member_key, periods.is_frozen
    from {{ ref('int_perfectgym__member_period') }} as periods
    inner join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = periods.installation
    where periods.period_from <= as_of.as_of_date
        and (periods.period_to is null or periods.period_to > as_of.as_of_date)

)

select
    named.member_key,
    named.installation,
    members.member_number,
    members.display_name,
    members.home_club_key,
    members.sex,
    members.birth_date,
    coalesce(members.member_kind, case when has_contract.member_key is not null then 'member' else 'unknown' end) as member_kind,
    members.marketing_source,
    joined.first_joined_on,
    today.member_key is not null as is_member,
    coalesce(today.is_frozen, false) as is_frozen,
    coalesce(members.is_deleted, false) as is_deleted,
    members.member_key is null as is_inferred
from named
left join {{ ref('int_perfectgym__member') }} as members on members.member_key = named.member_key
left join has_contract on has_contract.member_key = named.member_key
left join joined on joined.member_key = named.member_key
left join today on today.member_key = named.member_key
