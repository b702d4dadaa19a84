-- What the days say on the last day of a month is what the month says.
select months.club_key, months.month, months.members_end, months.active_end, days.members, days.active
from {{ ref('kpi_club_month') }} as months
inner join {{ ref('int_perfectgym__month') }} as month_ends
    on month_ends.installation = months.installation and month_ends.month = months.month
left join {{ ref('kpi_club_day') }} as days
    on days.installation = months.installation
    and coalesce(days.club_key, '') = coalesce(months.club_key, '')
    and days.date_day = month_ends.last_on
where coalesce(days.members, 0) <> coalesce(months.members_end, 0)
    or coalesce(days.active, 0) <> coalesce(months.active_end, 0)
