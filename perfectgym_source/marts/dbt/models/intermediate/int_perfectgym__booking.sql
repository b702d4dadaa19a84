with ratings as (

    select installation, booking_id, max(rating) as rating
    from {{ ref('stg_perfectgym_v22__class_ratings') }}
    group by installation, booking_id

),

both_generations as (

    {# That a row without a booking, a visit and a place in the queue was cancelled is inferred. #}
    select
        installation,
        row_key,
        id as class_id,
        user_id as member_id,
        end_date,
        coalesce(attended, false) and not is_deleted as is_attended,
        is_deleted or not (coalesce(booked, false) or coalesce(attended, false) or coalesce(standby, false)) as is_cancelled,
        coalesce(standby, false) as is_standby,
        user_class_rating as rating
    from {{ ref('stg_perfectgym_v1__user_classes') }}
    union all
    select
        bookings.installation,
        bookings.row_key,
        bookings.class_id,
        bookings.member_id,
        {{ pg_null('timestamp') }},
        coalesce(bookings.has_attended, false) and not bookings.is_deleted,
        bookings.is_deleted or coalesce(bookings.is_canceled, false),
        coalesce(bookings.is_standby, false),
        ratings.rating
    from {{ ref('stg_perfectgym_v22__class_bookings') }} as bookings
    left join ratings
        on ratings.installation = bookings.installation and ratings.booking_id = bookings.id

),

bookings as (

    select
        bookings.row_key as booking_key,
        bookings.installation,
        {{ pg_key('bookings.installation', 'bookings.class_id') }} as class_key,
        {{ pg_key('bookings.installation', 'nullif(bookings.member_id, 0)') }} as member_key,
        bookings.end_date,
        bookings.is_attended,
        bookings.is_cancelled,
        bookings.is_standby,
        bookings.rating,
        max(case when bookings.is_attended then 1 else 0 end) over (
            partition by bookings.installation, bookings.class_id
        ) = 1 as is_recorded
    from both_generations as bookings
    where bookings.class_id is not null

)

select
    bookings.booking_key,
    bookings.installation,
    bookings.class_key,
    bookings.member_key,
    case
        when bookings.is_attended then 'attended'
        when bookings.is_cancelled then 'cancelled'
        when bookings.is_standby then 'standby'
        when classes.state = 'cancelled' then 'class_cancelled'
        when not coalesce(
            classes.is_over,
            {{ dbt.dateadd('hour', var('pg_noshow_after_hours'), 'bookings.end_date') }} <= as_of.as_of_at,
            true
        ) then 'upcoming'
        when not bookings.is_recorded then 'not_recorded'
        {# Nothing tells whether a class that was not loaded is over. #}
        when classes.class_key is not null or bookings.end_date is not null then 'no_show'
        else 'not_recorded'
    end as state,
    bookings.rating
from bookings
left join {{ ref('int_perfectgym__class') }} as classes on classes.class_key = bookings.class_key
left join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = bookings.installation
