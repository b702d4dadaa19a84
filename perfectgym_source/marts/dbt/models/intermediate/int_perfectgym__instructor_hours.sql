{# Hours of personal training and free slots, of employees. Only v2.2 has both. #}
with training as (

    select
        installation,
        row_key,
        personal_training_booking_details__employee_id as employee_id,
        personal_training_booking_details__club_id as club_id,
        personal_training_booking_details__start_date_offset as starts_at,
        personal_training_booking_details__end_date_offset as ends_at,
        personal_training_booking_details__start_date_offset_utc as starts_at_utc,
        personal_training_booking_details__end_date_offset_utc as ends_at_utc
    from {{ ref('stg_perfectgym_v22__personal_training_bookings') }}
    where personal_training_booking_details__is_completed
        and not coalesce(personal_training_booking_details__is_cancelled, false)
        and not coalesce(personal_training_booking_details__is_deleted, false)

),

{# Where several instructors are one employee: the first. #}
employees as (

    select installation, employee_id, min(instructor_key) as instructor_key
    from {{ ref('int_perfectgym__instructor') }}
    where employee_id <> 0
    group by installation, employee_id

),

hours as (

    select 'training' as kind, * from training
    union all
    select
        'slot',
        installation,
        row_key,
        employee_id,
        club_id,
        start_date,
        end_date,
        start_date_utc,
        end_date_utc
    from {{ ref('stg_perfectgym_v22__employee_availability_slots') }}

),

measured as (

    select
        *,
        {{ pg_key('installation', 'nullif(club_id, 0)') }} as club_key,
        case when starts_at_utc is null or ends_at_utc is null
            then {{ pg_seconds_between('starts_at', 'ends_at') }}
            else {{ pg_seconds_between('starts_at_utc', 'ends_at_utc') }}
        end as seconds
    from hours

)

select
    {{ pg_key('measured.row_key', 'measured.kind') }} as hours_key,
    measured.installation,
    measured.kind,
    employees.instructor_key,
    measured.club_key,
    {{ pg_month(pg_day('measured.starts_at')) }} as month,
    cast(measured.seconds as numeric(18,4)) / 3600 as hours
from measured
inner join employees
    on employees.installation = measured.installation and employees.employee_id = measured.employee_id
left join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = measured.installation
left join {{ ref('int_perfectgym__club') }} as clubs on clubs.club_key = measured.club_key
where measured.seconds > 0
    and not coalesce(clubs.is_excluded, false)
    and (as_of.as_of_at is null or measured.starts_at < as_of.as_of_at)
