{% set no_club = "installation || '|no club'" %}
with numbers as (

    {{ dbt.generate_series(31) }}

),

days as (

    select
        months.installation,
        {{ pg_add_days('months.month', 'cast(numbers.generated_number as integer) - 1') }} as day,
        months.last_on
    from {{ ref('int_perfectgym__month') }} as months
    cross join numbers
    where months.is_in_history

),

{# Members by running sums: one more on the first day of a period, one less on the day behind it. #}
member_changes as (

    select installation, club_key, period_from as day, 1 as members, case when is_frozen then 0 else 1 end as active
    from {{ ref('int_perfectgym__member_period') }}
    union all
    select installation, club_key, period_to, -1, case when is_frozen then 0 else -1 end
    from {{ ref('int_perfectgym__member_period') }}
    where period_to is not null

),

daily_changes as (

    select installation, coalesce(club_key, {{ no_club }}) as club, day, sum(members) as members, sum(active) as active
    from member_changes
    group by 1, 2, 3

),

visits as (

    select
        installation,
        coalesce(club_key, {{ no_club }}) as club,
        visit_date as day,
        count(*) as visits,
        count(distinct member_key) as visitors
    from {{ ref('fct_visit') }}
    group by 1, 2, 3

),

classes as (

    select
        installation,
        coalesce(club_key, {{ no_club }}) as club,
        {{ pg_day('starts_at') }} as day,
        count(*) as classes_held,
        sum(case when place_limit > 0 then places_taken end) as places_taken,
        sum(case when place_limit > 0 then place_limit end) as place_limit,
        sum(attended) as attended,
        sum(no_show) as no_show
    from {{ ref('fct_class') }}
    where state = 'held'
    group by 1, 2, 3

),

signed as (

    select installation, coalesce(club_key, {{ no_club }}) as club, signed_on as day, count(*) as signed
    from {{ ref('int_perfectgym__contract') }}
    where signed_on is not null
    group by 1, 2, 3

),

notices as (

    select installation, coalesce(club_key, {{ no_club }}) as club, cancelled_on as day, count(*) as notices
    from {{ ref('int_perfectgym__contract') }}
    where cancelled_on is not null
    group by 1, 2, 3

),

sales as (

    select installation, coalesce(club_key, {{ no_club }}) as club, sold_on as day, sum(amount_gross) as sales_gross
    from {{ ref('fct_product_sale') }}
    group by 1, 2, 3

),

first_days as (

    select installation, club, min(day) as first_day
    from (
        {%- for name in ['daily_changes', 'visits', 'classes', 'signed', 'notices', 'sales'] %}
        select installation, club, min(day) as day from {{ name }} group by installation, club{{ ' union all' if not loop.last }}
        {%- endfor %}
    ) as firsts
    group by installation, club

),

club_days as (

    select first_days.installation, first_days.club, days.day
    from first_days
    inner join days
        on days.installation = first_days.installation
        and days.day >= first_days.first_day
        and days.day <= days.last_on

),

{# Changes of days before those shown count as well. #}
all_changes as (

    select installation, club, day, members, active, false as is_shown from daily_changes
    union all
    select installation, club, day, 0, 0, true from club_days

),

running as (

    select
        club,
        day,
        is_shown,
        sum(members) over (partition by club order by day rows unbounded preceding) as members,
        sum(active) over (partition by club order by day rows unbounded preceding) as active
    from (
        select club, day, sum(members) as members, sum(active) as active, max(case when is_shown then 1 else 0 end) = 1 as is_shown
        from all_changes
        group by club, day
    ) as merged_changes

),

{# A figure is 0 only where it could be another one: not if the tables it needs are not loaded. #}
known as (

    select
        as_of.installation
        {%- for name in ['daily_changes', 'visits', 'classes', 'bookings', 'contracts', 'sales'] %},
        known_{{ name }}.installation is not null as are_{{ name }}
        {%- endfor %}
    from {{ ref('int_perfectgym__as_of') }} as as_of
    {%- for name in ['daily_changes', 'visits', 'classes', 'sales'] %}
    left join (select distinct installation from {{ name }}) as known_{{ name }} on known_{{ name }}.installation = as_of.installation
    {%- endfor %}
    left join (select distinct installation from classes where attended is not null) as known_bookings on known_bookings.installation = as_of.installation
    left join (select distinct installation from {{ ref('int_perfectgym__contract') }}) as known_contracts on known_contracts.installation = as_of.installation

)

select
    {{ pg_key('club_days.club', 'club_days.day') }} as club_day_key,
    club_days.installation,
    club_days.day as date_day,
    nullif(club_days.club, club_days.installation || '|no club') as club_key,
    cast(case when known.are_daily_changes then running.members end as {{ pg_type('bigint') }}) as members,
    cast(case when known.are_daily_changes then running.active end as {{ pg_type('bigint') }}) as active,
    case when known.are_visits then coalesce(visits.visits, 0) end as visits,
    case when known.are_visits then coalesce(visits.visitors, 0) end as visitors,
    case when known.are_classes then coalesce(classes.classes_held, 0) end as classes_held,
    cast(case when known.are_classes then coalesce(classes.places_taken, 0) end as {{ pg_type('bigint') }}) as places_taken,
    cast(case when known.are_classes then coalesce(classes.place_limit, 0) end as {{ pg_type('bigint') }}) as place_limit,
    cast(case when known.are_bookings then coalesce(classes.attended, 0) end as {{ pg_type('bigint') }}) as attended,
    cast(case when known.are_bookings then coalesce(classes.no_show, 0) end as {{ pg_type('bigint') }}) as no_show,
    case when known.are_contracts then coalesce(signed.signed, 0) end as signed,
    case when known.are_contracts then coalesce(notices.notices, 0) end as notices,
    coalesce(clubs.currency, {{ pg_currency_of('club_days.club') }}) as currency,
    cast(case when known.are_sales then coalesce(sales.sales_gross, 0) end as numeric(18,2)) as sales_gross
from club_days
inner join running on running.club = club_days.club and running.day = club_days.day
inner join known on known.installation = club_days.installation
left join {{ ref('int_perfectgym__club') }} as clubs on clubs.club_key = club_days.club
{%- for name in ['visits', 'classes', 'signed', 'notices', 'sales'] %}
left join {{ name }} on {{ name }}.club = club_days.club and {{ name }}.day = club_days.day
{%- endfor %}
