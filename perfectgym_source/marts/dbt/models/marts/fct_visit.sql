{# Without a contract that has a member it is not known who is one. #}
with linked as (

    select distinct installation
    from {{ ref('int_perfectgym__member_period') }}

)

select
    visits.visit_key,
    visits.installation,
    visits.member_key,
    visits.club_key,
    visits.entered_at,
    visits.left_at,
    visits.visit_date,
    visits.hour,
    visits.weekday,
    visits.minutes,
    visits.entries,
    visits.state,
    case
        when periods.member_key is not null then true
        when linked.installation is not null then false
    end as is_member
from {{ ref('int_perfectgym__visit') }} as visits
left join linked on linked.installation = visits.installation
left join {{ ref('int_perfectgym__member_period') }} as periods
    on periods.member_key = visits.member_key
    and periods.period_from <= visits.visit_date
    and (periods.period_to is null or periods.period_to > visits.visit_date)
