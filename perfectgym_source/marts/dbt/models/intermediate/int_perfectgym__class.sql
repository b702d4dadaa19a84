with both_generations as (

    select
        installation,
        row_key,
        club_id,
        class_type__id as class_type_id,
        instructor__id as instructor_id,
        start_date,
        end_date,
        start_date_utc,
        end_date_utc,
        club_zone as zone,
        attendees_limit,
        attendees_count,
        is_deleted,
        false as is_standby_counted
    from {{ ref('stg_perfectgym_v1__classes') }}
    union all
    select
        classes.installation,
        classes.row_key,
        classes.club_id,
        classes.class_type_id,
        classes.instructor_id,
        classes.start_date,
        classes.end_date,
        classes.start_date_utc,
        classes.end_date_utc,
        zones.name,
        classes.attendees_limit,
        classes.attendees_count,
        classes.is_deleted,
        true
    from {{ ref('stg_perfectgym_v22__classes') }} as classes
    left join {{ ref('stg_perfectgym_v22__club_zones') }} as zones
        on zones.installation = classes.installation and zones.id = classes.club_zone_id

),

keyed as (

    select
        *,
        {{ pg_key('installation', 'nullif(club_id, 0)') }} as club_key,
        case when start_date_utc is null or end_date_utc is null
            then {{ pg_seconds_between('start_date', 'end_date') }}
            else {{ pg_seconds_between('start_date_utc', 'end_date_utc') }}
        end as seconds
    from both_generations

)

select
    keyed.row_key as class_key,
    keyed.installation,
    keyed.club_key,
    {{ pg_key('keyed.installation', 'nullif(keyed.class_type_id, 0)') }} as class_type_key,
    {{ pg_key('keyed.installation', 'nullif(keyed.instructor_id, 0)') }} as instructor_key,
    keyed.start_date as starts_at,
    keyed.end_date as ends_at,
    {{ pg_hour('keyed.start_date') }} as hour,
    {{ pg_weekday('keyed.start_date') }} as weekday,
    case when keyed.seconds >= 0 then {{ pg_divide('keyed.seconds', 60) }} end as minutes,
    keyed.zone,
    case
        when keyed.is_deleted then 'cancelled'
        when as_of.as_of_at is null or coalesce(keyed.end_date, keyed.start_date) <= as_of.as_of_at then 'held'
        else 'upcoming'
    end as state,
    {# When it is known who was there. #}
    coalesce(
        {{ dbt.dateadd('hour', var('pg_noshow_after_hours'), 'coalesce(keyed.end_date, keyed.start_date)') }}
            <= as_of.as_of_at,
        as_of.as_of_at is null
    ) as is_over,
    keyed.attendees_limit as place_limit,
    keyed.attendees_count,
    keyed.is_standby_counted
from keyed
left join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = keyed.installation
left join {{ ref('int_perfectgym__club') }} as clubs on clubs.club_key = keyed.club_key
where not coalesce(clubs.is_excluded, false)
