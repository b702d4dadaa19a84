with numbers as (

    {{ dbt.generate_series(36525) }}

),

bounds as (

    select
        {{ pg_date(var('pg_history_start')) }} as first_on,
        {# To the end of the year after the last day that counts: classes and fees lie ahead. #}
        {{ pg_add_days(pg_add_months(dbt.date_trunc('year', "coalesce(max(as_of_date), " ~ pg_date(var('pg_history_start')) ~ ")"), 24), -1) }} as last_on
    from {{ ref('int_perfectgym__as_of') }}

),

days as (

    select {{ pg_add_days('bounds.first_on', 'cast(numbers.generated_number as integer) - 1') }} as date_day, bounds.last_on
    from bounds
    cross join numbers

),

weekdays as (

    select
        date_day,
        {{ pg_weekday('date_day') }} as weekday
    from days
    where date_day <= last_on

),

weeks as (

    select
        date_day,
        weekday,
        {# The week belongs to the year of its Thursday. #}
        {{ pg_add_days('date_day', 'cast(4 - weekday as integer)') }} as thursday
    from weekdays

),

numbered as (

    select
        date_day,
        weekday,
        cast(extract(year from thursday) as {{ pg_type('bigint') }}) as iso_year,
        {{ pg_days_between(dbt.date_trunc('year', 'thursday'), 'thursday') }} as day_of_year
    from weeks

)

select
    date_day,
    {{ pg_month('date_day') }} as month,
    cast(iso_year as {{ pg_type('text') }})
        || case when day_of_year < 63 then '-W0' else '-W' end
        || cast({{ pg_divide('day_of_year', 7) }} + 1 as {{ pg_type('text') }}) as iso_week,
    weekday,
    weekday > 5 as is_weekend
from numbered
