{# Members and their periods have numbers here: grouping millions of months by text takes several times
   as long. #}
with periods as (

    select
        *,
        dense_rank() over (order by member_key) as member_number,
        row_number() over (order by member_key, period_from) as period_number
    from {{ ref('int_perfectgym__member_period') }}

),

months as (

    select *
    from {{ ref('int_perfectgym__month') }}
    where month >= (select {{ pg_month('min(period_from)') }} from periods)

),

{# A period is in the month after it, too, if it ends with the month before: its member was one at the start. #}
in_force as (

    select
        periods.member_number,
        periods.period_number,
        periods.is_frozen,
        periods.days_without,
        months.month,
        case when periods.period_to is null or periods.period_to > months.month
            then {{ pg_days_between('case when periods.period_from > months.month then periods.period_from else months.month end', 'case when periods.period_to <= months.last_on then periods.period_to else ' ~ pg_add_days('months.last_on', 1) ~ ' end') }}
        end as days,
        periods.period_from < months.month as is_start,
        periods.period_to is null or periods.period_to > months.last_on as is_end,
        (periods.next_from is null or periods.next_from > months.last_on) and (periods.period_to is null or periods.period_to > months.month) as is_last,
        {# Of the gap into which the last month's end fell. #}
        periods.days_without >= {{ pg_days_between('months.month', 'periods.stay_from') }} as is_gap_before
    from periods
    inner join months
        on months.installation = periods.installation
        and months.last_on >= periods.period_from
        and (periods.period_to is null or months.month <= periods.period_to)

),

member_months as (

    select
        member_number,
        month,
        sum(coalesce(days, 0)) as days_in_force,
        sum(case when is_frozen then coalesce(days, 0) else 0 end) as frozen_days,
        max(case when is_start then period_number end) as start_period,
        max(case when is_last then period_number end) as last_period,
        max(case when is_last and is_end then 1 else 0 end) as is_end,
        max(case when is_gap_before and days is not null then days_without end) as days_without
    from in_force
    group by member_number, month

),

{# A pass into which no month's end falls makes nobody a member who joined. #}
first_ends as (

    select member_number, min(month) as first_month
    from member_months
    where is_end = 1
    group by member_number

),

members as (

    select member_number, min(member_key) as member_key
    from periods
    group by member_number

),

visits as (

    select members.member_number, {{ pg_month('visits.visit_date') }} as month, count(*) as visits
    from {{ ref('fct_visit') }} as visits
    inner join members on members.member_key = visits.member_key
    group by 1, 2

),

mrr as (

    {# Amounts of two currencies have no sum. #}
    select
        members.member_number,
        mrr_months.month,
        cast(case
            when min(coalesce(mrr_months.currency, '')) = max(coalesce(mrr_months.currency, '')) then sum(mrr_months.mrr_end)
        end as numeric(18,2)) as mrr_end
    from {{ ref('fct_mrr_month') }} as mrr_months
    inner join members on members.member_key = mrr_months.member_key
    group by 1, 2

),

both_ends as (

    select
        member_months.*,
        coalesce(last_periods.installation, start_periods.installation) as installation,
        coalesce(last_periods.member_key, start_periods.member_key) as member_key,
        start_periods.period_number is not null as is_member_start,
        start_periods.club_key as start_club_key,
        member_months.is_end = 1 as is_member_end,
        member_months.is_end = 1 and last_periods.is_frozen as is_frozen_end,
        last_periods.club_key as end_club_key,
        coalesce(last_periods.stay_from, start_periods.stay_from) as stay_from,
        case when last_periods.period_number is not null then last_periods.period_to else start_periods.period_to end as stay_to
    from member_months
    left join periods as start_periods on start_periods.period_number = member_months.start_period
    left join periods as last_periods on last_periods.period_number = member_months.last_period

)

select
    {{ pg_key('both_ends.member_key', 'both_ends.month') }} as member_month_key,
    both_ends.installation,
    both_ends.member_key,
    both_ends.month,
    {# A leaver leaves the club of the last month's end. #}
    case when both_ends.is_member_start and not both_ends.is_member_end then both_ends.start_club_key else both_ends.end_club_key end as club_key,
    both_ends.start_club_key,
    both_ends.is_member_start,
    both_ends.is_member_end,
    both_ends.is_frozen_end,
    case
        when both_ends.is_member_start and both_ends.is_member_end then 'stayed'
        when both_ends.is_member_start then 'left'
        when not both_ends.is_member_end then 'within_month'
        when both_ends.month = first_ends.first_month then 'joined'
        when both_ends.days_without <= {{ var('pg_rejoin_gap_days') }} then 'renewed_late'
        else 'returned'
    end as movement,
    {{ pg_rate(pg_days_between('both_ends.stay_from', 'case when both_ends.stay_to <= months.last_on then both_ends.stay_to else ' ~ pg_add_days('months.last_on', 1) ~ ' end'), var('pg_days_per_month')) }} as tenure_months,
    cast(both_ends.days_in_force as {{ pg_type('bigint') }}) as days_in_force,
    cast(both_ends.frozen_days as {{ pg_type('bigint') }}) as frozen_days,
    coalesce(visits.visits, 0) as visits,
    mrr.mrr_end,
    months.is_complete_month
from both_ends
inner join months
    on months.installation = both_ends.installation and months.month = both_ends.month
left join first_ends on first_ends.member_number = both_ends.member_number
left join visits on visits.member_number = both_ends.member_number and visits.month = both_ends.month
left join mrr on mrr.member_number = both_ends.member_number and mrr.month = both_ends.month
where months.is_in_history
