with classes as (

    select
        installation,
        instructor_key,
        club_key,
        {{ pg_month(pg_day('starts_at')) }} as month,
        1 as classes,
        minutes,
        case when place_limit > 0 then places_taken end as places_taken,
        case when place_limit > 0 then place_limit end as place_limit,
        {{ pg_null('numeric(18,4)') }} as pt_hours,
        {{ pg_null('numeric(18,4)') }} as available_hours
    from {{ ref('fct_class') }}
    where state = 'held' and instructor_key is not null and starts_at is not null

),

events as (

    select * from classes
    union all
    select
        installation,
        instructor_key,
        club_key,
        month,
        0,
        {{ pg_null('bigint') }},
        {{ pg_null('bigint') }},
        {{ pg_null('bigint') }},
        case when kind = 'training' then hours end,
        case when kind = 'slot' then hours end
    from {{ ref('int_perfectgym__instructor_hours') }}

),

known as (

    select
        installation,
        max(case when kind = 'training' then 1 else 0 end) = 1 as has_training,
        max(case when kind = 'slot' then 1 else 0 end) = 1 as has_slots
    from {{ ref('int_perfectgym__instructor_hours') }}
    group by installation

),

months as (

    select
        installation,
        instructor_key,
        club_key,
        month,
        sum(classes) as classes,
        cast(coalesce(sum(minutes), 0) as numeric(18,4)) / 60 as hours_taught,
        coalesce(sum(places_taken), 0) as places_taken,
        coalesce(sum(place_limit), 0) as place_limit,
        coalesce(sum(pt_hours), 0) as pt_hours,
        coalesce(sum(available_hours), 0) as available_hours
    from events
    group by installation, instructor_key, club_key, month

)

select
    {{ pg_key('months.instructor_key', "coalesce(months.club_key, '')", 'months.month') }} as instructor_month_key,
    months.installation,
    months.instructor_key,
    months.club_key,
    months.month,
    months.classes,
    cast(months.hours_taught as numeric(18,2)) as hours_taught,
    months.places_taken,
    months.place_limit,
    {# No hours of anybody: they were not loaded, or nobody has the number of an employee. #}
    case when known.has_training then cast(months.pt_hours as numeric(18,2)) end as pt_hours,
    case when known.has_slots then cast(months.available_hours as numeric(18,2)) end as available_hours
from months
left join known on known.installation = months.installation
