{# One hundred years back from the last day that counts. #}
with numbers as (

    {{ dbt.generate_series(1200) }}

),

months as (

    select
        as_of.installation,
        as_of.as_of_date,
        as_of.last_complete_month_end,
        {{ pg_add_months(pg_month('as_of.as_of_date'), '1 - cast(numbers.generated_number as integer)') }} as month
    from {{ ref('int_perfectgym__as_of') }} as as_of
    cross join numbers
    where as_of.as_of_date is not null

)

select
    {{ pg_key('installation', 'month') }} as month_key,
    installation,
    month,
    case when {{ pg_month_end('month') }} < as_of_date then {{ pg_month_end('month') }} else as_of_date end as last_on,
    {{ pg_month_end('month') }} <= last_complete_month_end as is_complete_month,
    month >= {{ pg_month(pg_date(var('pg_history_start'))) }} as is_in_history
from months
