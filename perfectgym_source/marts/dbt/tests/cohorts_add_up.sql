-- The sizes of the cohorts are the members who joined in complete months.
with sizes as (

    select installation, sum(size) as members
    from {{ ref('cohort_retention') }}
    where n = 0
    group by installation

),

joined as (

    select members.installation, count(*) as members
    from {{ ref('dim_member') }} as members
    inner join {{ ref('int_perfectgym__month') }} as months
        on months.installation = members.installation
        and months.month = {{ pg_month('members.first_joined_on') }}
        and months.is_complete_month
        and months.is_in_history
    group by members.installation

)

select joined.installation, joined.members, sizes.members as in_cohorts
from joined
left join sizes on sizes.installation = joined.installation
where joined.members <> coalesce(sizes.members, 0)
