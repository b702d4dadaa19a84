with firsts as (

    select
        installation,
        member_key,
        club_key as first_club_key,
        {{ pg_month('first_joined_on') }} as cohort_month
    from {{ ref('int_perfectgym__member_period') }}
    where period_from = first_joined_on

),

cohorts as (

    select firsts.installation, firsts.cohort_month, firsts.first_club_key, count(*) as size
    from firsts
    inner join {{ ref('int_perfectgym__month') }} as months
        on months.installation = firsts.installation and months.month = firsts.cohort_month
    where months.is_complete_month and months.is_in_history
    group by 1, 2, 3

),

kept as (

    select
        firsts.installation,
        firsts.cohort_month,
        firsts.first_club_key,
        member_months.month,
        count(*) as members
    from firsts
    inner join {{ ref('fct_member_month') }} as member_months on member_months.member_key = firsts.member_key
    where member_months.is_member_end
    group by 1, 2, 3, 4

)

select
    {{ pg_key("coalesce(cohorts.first_club_key, cohorts.installation || '|no club')", 'cohorts.cohort_month', 'months.month') }} as cohort_retention_key,
    cohorts.installation,
    cohorts.cohort_month,
    cohorts.first_club_key,
    {{ pg_months_between('cohorts.cohort_month', 'months.month') }} as n,
    months.month,
    cohorts.size,
    coalesce(kept.members, 0) as members,
    {{ pg_rate('coalesce(kept.members, 0)', 'cohorts.size') }} as share
from cohorts
inner join {{ ref('int_perfectgym__month') }} as months
    on months.installation = cohorts.installation
    and months.month >= cohorts.cohort_month
    and months.is_complete_month
left join kept
    on kept.installation = cohorts.installation
    and kept.cohort_month = cohorts.cohort_month
    and coalesce(kept.first_club_key, '') = coalesce(cohorts.first_club_key, '')
    and kept.month = months.month
