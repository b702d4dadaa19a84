with both_generations as (

    select
        installation,
        row_key,
        user_id as member_id,
        club__id as club_id,
        enter_date as entered_at,
        exit_date as left_at,
        enter_date_utc as entered_at_utc,
        exit_date_utc as left_at_utc
    from {{ ref('stg_perfectgym_v1__club_visits') }}
    union all
    select
        installation,
        row_key,
        member_id,
        club_id,
        enter_date,
        leave_date,
        enter_date_utc,
        leave_date_utc
    from {{ ref('stg_perfectgym_v22__member_club_visits') }}

),

{# A clock that no change to summer time moves, if the zone of the club is known. #}
clocked as (

    select
        *,
        case when has_zone then entered_at_utc else entered_at end as clock_in,
        case when has_zone then left_at_utc else left_at end as clock_out
    from (
        select
            *,
            entered_at_utc is not null and (left_at is null or left_at_utc is not null) as has_zone
        from both_generations
    ) as visits
    where entered_at is not null

),

{# An exit before the entry is none. #}
entries as (

    select
        clocked.installation,
        clocked.row_key,
        {{ pg_key('clocked.installation', 'nullif(clocked.member_id, 0)') }} as member_key,
        {{ pg_key('clocked.installation', 'nullif(clocked.club_id, 0)') }} as club_key,
        clocked.entered_at,
        case when clocked.clock_out >= clocked.clock_in then clocked.left_at end as left_at,
        clocked.clock_in,
        case when clocked.clock_out >= clocked.clock_in then clocked.clock_out end as clock_out,
        as_of.as_of_at
    from clocked
    left join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = clocked.installation
    where as_of.as_of_at is null or clocked.entered_at < as_of.as_of_at

),

counted as (

    select entries.*, coalesce(entries.member_key, entries.row_key) as visitor
    from entries
    left join {{ ref('int_perfectgym__club') }} as clubs on clubs.club_key = entries.club_key
    where not coalesce(clubs.is_excluded, false)

),

{# The latest moment that the entries before reach to. #}
reached as (

    select
        *,
        max(coalesce(clock_out, clock_in)) over (
            partition by visitor, club_key order by clock_in, row_key
            rows between unbounded preceding and 1 preceding
        ) as reached_at
    from counted

),

numbered as (

    select
        *,
        sum(
            case
                when {{ dbt.dateadd('minute', var('pg_visit_merge_minutes'), 'reached_at') }} >= clock_in then 0
                else 1
            end
        ) over (
            partition by visitor, club_key order by clock_in, row_key
            rows between unbounded preceding and current row
        ) as visit_number,
        row_number() over (partition by visitor, club_key order by clock_in, row_key) as turn
    from reached

),

visits as (

    select
        installation,
        visitor,
        club_key,
        min(member_key) as member_key,
        min(turn) as first_turn,
        min(entered_at) as entered_at,
        min(clock_in) as clock_in,
        {# An exit before the latest entry does not end the visit. #}
        case when max(clock_out) >= max(clock_in) then max(clock_out) end as clock_out,
        case when max(clock_out) >= max(clock_in) then max(left_at) end as left_at,
        count(*) as entries,
        min(as_of_at) as as_of_at
    from numbered
    group by installation, visitor, club_key, visit_number

),

measured as (

    select
        visits.*,
        numbered.row_key as visit_key,
        {{ pg_seconds_between('visits.clock_in', 'visits.clock_out') }} as seconds,
        {{ pg_seconds_between('visits.entered_at', 'visits.as_of_at') }} as seconds_to_as_of
    from visits
    inner join numbered
        on numbered.visitor = visits.visitor
        and (numbered.club_key = visits.club_key or numbered.club_key is null and visits.club_key is null)
        and numbered.turn = visits.first_turn

),

stated as (

    select
        *,
        case
            when clock_out is null and seconds_to_as_of < {{ var('pg_visit_max_hours') }} * 3600 then 'inside'
            when clock_out is null or seconds > {{ var('pg_visit_max_hours') }} * 3600 then 'exit_missing'
            else 'closed'
        end as state
    from measured

)

select
    visit_key,
    installation,
    member_key,
    club_key,
    entered_at,
    left_at,
    {{ pg_day('entered_at') }} as visit_date,
    {{ pg_hour('entered_at') }} as hour,
    {{ pg_weekday('entered_at') }} as weekday,
    {# Begun minutes do not count. #}
    case when state = 'closed' then {{ pg_divide('seconds', 60) }} end as minutes,
    entries,
    state
from stated
