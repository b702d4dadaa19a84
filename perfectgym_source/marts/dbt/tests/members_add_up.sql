-- The members of a club at a month's end are those at its start and the movements; the next month starts with them.
select club_key, month, 'movements' as problem
from {{ ref('kpi_club_month') }}
where members_end <> members_start + joined + returned + renewed_late - left_members + transferred_in - transferred_out
union all
select club_key, month, 'start of the next month'
from (
    select club_key, month, members_end, lead(members_start) over (partition by installation, club_key order by month) as next_start
    from {{ ref('kpi_club_month') }}
) as months
where next_start <> members_end
