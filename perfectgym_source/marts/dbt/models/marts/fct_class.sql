with bookings as (

    select
        class_key,
        {% for state in ['attended', 'no_show', 'not_recorded', 'standby', 'cancelled'] -%}
        sum(case when state = '{{ state }}' then 1 else 0 end) as {{ state }},
        {% endfor -%}
        sum(case when state in ('cancelled', 'standby') then 0 else 1 end) as booked
    from {{ ref('fct_booking') }}
    group by class_key

),

with_bookings as (

    select distinct installation
    from {{ ref('fct_booking') }}

),

joined as (

    select
        classes.*,
        with_bookings.installation is not null as are_bookings_loaded,
        coalesce(bookings.booked, 0) as booked_rows,
        coalesce(bookings.attended, 0) as attended,
        coalesce(bookings.no_show, 0) as no_show,
        coalesce(bookings.not_recorded, 0) as not_recorded,
        coalesce(bookings.standby, 0) as standby,
        coalesce(bookings.cancelled, 0) as cancelled
    from {{ ref('int_perfectgym__class') }} as classes
    left join with_bookings on with_bookings.installation = classes.installation
    left join bookings on bookings.class_key = classes.class_key

),

{# v2.2 counts those who wait with the others and has every booking; v1 may lack the bookings of some
   members, and its count is right. #}
completed as (

    select
        *,
        are_bookings_loaded and (
            is_standby_counted
            or booked_rows = attendees_count
            or booked_rows + standby = attendees_count
        ) as is_complete
    from joined

),

counted as (

    select
        *,
        coalesce(is_complete, false) as is_bookings_complete,
        case when is_complete then booked_rows else attendees_count end as booked
    from completed

),

placed as (

    select
        *,
        case when place_limit > 0 and booked > place_limit then place_limit else booked end as places_taken
    from counted

)

select
    class_key,
    installation,
    club_key,
    class_type_key,
    instructor_key,
    starts_at,
    ends_at,
    hour,
    weekday,
    minutes,
    zone,
    state,
    place_limit,
    booked,
    places_taken,
    case when place_limit > 0 then cast(cast(places_taken as numeric(18,4)) / place_limit as numeric(9,4)) end as fill,
    {% for state in ['attended', 'no_show', 'not_recorded', 'standby', 'cancelled'] -%}
    case when is_bookings_complete then {{ state }} end as {{ state }},
    {% endfor -%}
    is_bookings_complete
from placed
