{# Every entry is in one visit: those after the last day that counts, and of clubs that do not count, apart. #}
with entries as (

    select installation, enter_date as entered_at, {{ pg_key('installation', 'nullif(club__id, 0)') }} as club_key
    from {{ ref('stg_perfectgym_v1__club_visits') }}
    union all
    select installation, enter_date, {{ pg_key('installation', 'nullif(club_id, 0)') }}
    from {{ ref('stg_perfectgym_v22__member_club_visits') }}

),

counts as (

    select
        (
            select count(*)
            from entries
            left join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = entries.installation
            left join {{ ref('dim_club') }} as clubs on clubs.club_key = entries.club_key
            where entries.entered_at is not null
                and (as_of.as_of_at is null or entries.entered_at < as_of.as_of_at)
                and not coalesce(clubs.is_excluded, false)
        ) as entries,
        (select coalesce(sum(entries), 0) from {{ ref('fct_visit') }}) as visited

)

select * from counts where entries <> visited
