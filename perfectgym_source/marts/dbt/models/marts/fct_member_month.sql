{# The days of a period within a month. #}
{% set days %}{{ pg_days_between('case when periods.period_from > months.month then periods.period_from else months.month end', 'case when periods.period_to <= months.last_on then periods.period_to else ' ~ pg_add_days('months.last_on', 1) ~ ' end') }}{% endset %}
with in_force as (

    select
        periods.*,
        months.month,
        {{ days }} as days,
        periods.period_to is null or periods.period_to > months.last_on as is_end,
        periods.next_from is null or periods.next_from > months.last_on as is_last,
        {# Of the gap into which the last month's end fell. #}
        periods.days_without >= {{ pg_days_between('months.month', 'periods.stay_from') }} as is_gap_before
    from {{ ref('int_perfectgym__member_period') }} as periods
    inner join {{ ref('int_perfectgym__month') }} as months
        on months.installation = periods.installation
        and months.last_on >= periods.period_from
        and (periods.period_to is null or months.month < periods.period_to)

),

member_months as (

    select
        installation,
        member_key,
        month,
        sum(days) as days_in_force,
        sum(case when is_frozen then days else 0 end) as frozen_days,
        max(case when is_last then club_key end) as club_key,
        max(case when is_last and is_end then 1 else 0 end) = 1 as is_member_end,
        max(case when is_last and is_end and is_frozen then 1 else 0 end) = 1 as is_frozen_end,
        max(case when is_gap_before then days_without end) as days_without,
        max(case when is_last then stay_from end) as stay_from,
        max(case when is_last then coalesce(period_to, {{ pg_date('9999-12-31') }}) end) as stay_to
    from in_force
    group by installation, member_key, month

),

{# A pass into which no month's end falls makes nobody a member who joined. #}
first_ends as (

    select member_key, min(month) as first_month
    from member_months
    where is_member_end
    group by member_key

),

{# The end of a month is the start of the next one. #}
starts as (

    select *, {{ pg_add_months('month', 1) }} as next_month
    from member_months
    where is_member_end

),

both_ends as (

    select
        coalesce(ends.installation, starts.installation) as installation,
        coalesce(ends.member_key, starts.member_key) as member_key,
        coalesce(ends.month, starts.next_month) as month,
        coalesce(ends.days_in_force, 0) as days_in_force,
        coalesce(ends.frozen_days, 0) as frozen_days,
        coalesce(ends.stay_from, starts.stay_from) as stay_from,
        coalesce(ends.stay_to, starts.stay_to) as stay_to,
        ends.days_without,
        starts.member_key is not null as is_member_start,
        coalesce(ends.is_member_end, false) as is_member_end,
        coalesce(ends.is_frozen_end, false) as is_frozen_end,
        starts.club_key as start_club_key,
        ends.club_key as end_club_key
    from member_months as ends
    full outer join starts
        on starts.member_key = ends.member_key and starts.next_month = ends.month

),

visits as (

    select member_key, {{ pg_month('visit_date') }} as month, count(*) as visits
    from {{ ref('fct_visit') }}
    where member_key is not null
    group by 1, 2

),

mrr as (

    {# Amounts of two currencies have no sum. #}
    select
        member_key,
        month,
        case when min(coalesce(currency, '')) = max(coalesce(currency, '')) then sum(mrr_end) end as mrr_end
    from {{ ref('fct_mrr_month') }}
    where member_key is not null
    group by member_key, month

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
    cast(mrr.mrr_end as numeric(18,2)) as mrr_end,
    months.is_complete_month
from both_ends
inner join {{ ref('int_perfectgym__month') }} as months
    on months.installation = both_ends.installation and months.month = both_ends.month
left join first_ends on first_ends.member_key = both_ends.member_key
left join visits on visits.member_key = both_ends.member_key and visits.month = both_ends.month
left join mrr on mrr.member_key = both_ends.member_key and mrr.month = both_ends.month
where months.is_in_history
