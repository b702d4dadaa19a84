{% set no_club = "installation || '|no club'" %}
{% set movements = ['new', 'reactivation', 'expansion', 'contraction', 'churn', 'transfer', 'freeze'] %}
with member_counts as (

    select
        installation,
        coalesce(club_key, {{ no_club }}) as club,
        month,
        sum(case when movement = 'joined' then 1 else 0 end) as joined,
        sum(case when movement = 'returned' then 1 else 0 end) as returned,
        sum(case when movement = 'renewed_late' then 1 else 0 end) as renewed_late,
        sum(case when movement = 'left' then 1 else 0 end) as left_members,
        sum(case when movement = 'within_month' then 1 else 0 end) as within_month,
        sum(case when is_member_end then 1 else 0 end) as members_end,
        sum(case when is_frozen_end then 1 else 0 end) as frozen_end,
        sum(case when movement = 'stayed' and coalesce(start_club_key, '') <> coalesce(club_key, '') then 1 else 0 end) as transferred_in
    from {{ ref('fct_member_month') }}
    group by 1, 2, 3

),

start_counts as (

    select
        installation,
        coalesce(start_club_key, {{ no_club }}) as club,
        month,
        count(*) as members_start,
        sum(case when movement = 'stayed' and coalesce(start_club_key, '') <> coalesce(club_key, '') then 1 else 0 end) as transferred_out
    from {{ ref('fct_member_month') }}
    where is_member_start
    group by 1, 2, 3

),

{# Base contracts at the last month's end, and those of them that ended since and were not replaced. #}
contract_starts as (

    select
        contracts.installation,
        coalesce(contracts.club_key, contracts.installation || '|no club') as club,
        {{ pg_add_months('contract_months.month', 1) }} as month,
        count(*) as contracts_start,
        sum(case
            when contracts.end_kind in ('cancelled', 'expired') and contracts.valid_to <= months.last_on then 1
            else 0
        end) as contracts_ended
    from {{ ref('int_perfectgym__contract_month') }} as contract_months
    inner join {{ ref('fct_contract') }} as contracts on contracts.contract_key = contract_months.contract_key
    inner join {{ ref('int_perfectgym__month') }} as months
        on months.installation = contract_months.installation
        and months.month = {{ pg_add_months('contract_months.month', 1) }}
    where not contract_months.is_additional
    group by 1, 2, 3

),

discounts as (

    select
        installation,
        coalesce(club_key, {{ no_club }}) as club,
        month,
        sum(discount_gross) as discount_gross
    from {{ ref('int_perfectgym__contract_month') }}
    group by 1, 2, 3

),

mrr as (

    select
        installation,
        coalesce(club_key, {{ no_club }}) as club,
        month,
        {%- for name in ['start'] + movements + ['end'] %}
        sum(mrr_{{ name }}) as mrr_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('fct_mrr_month') }}
    group by 1, 2, 3

),

visits as (

    select
        installation,
        coalesce(club_key, {{ no_club }}) as club,
        {{ pg_month('visit_date') }} as month,
        count(*) as visits
    from {{ ref('fct_visit') }}
    group by 1, 2, 3

),

classes as (

    select
        installation,
        coalesce(club_key, {{ no_club }}) as club,
        {{ pg_month(pg_day('starts_at')) }} as month,
        count(*) as classes_held,
        sum(case when place_limit > 0 then places_taken end) as places_taken,
        sum(case when place_limit > 0 then place_limit end) as place_limit,
        sum(attended) as attended,
        sum(no_show) as no_show
    from {{ ref('fct_class') }}
    where state = 'held'
    group by 1, 2, 3

),

first_months as (

    select installation, club, min(month) as first_month
    from (
        {%- for name in ['member_counts', 'start_counts', 'contract_starts', 'discounts', 'mrr', 'visits', 'classes'] %}
        select installation, club, min(month) as month from {{ name }} group by installation, club{{ ' union all' if not loop.last }}
        {%- endfor %}
    ) as firsts
    group by installation, club

),

{# A figure is 0 only where it could be another one: not if the tables it needs are not loaded. #}
known as (

    select
        as_of.installation
        {%- for name in ['member_counts', 'discounts', 'list_prices', 'mrr', 'visits', 'classes', 'bookings'] %},
        known_{{ name }}.installation is not null as are_{{ name }}
        {%- endfor %}
    from {{ ref('int_perfectgym__as_of') }} as as_of
    {%- for name in ['member_counts', 'discounts', 'mrr', 'visits', 'classes'] %}
    left join (select distinct installation from {{ name }}) as known_{{ name }} on known_{{ name }}.installation = as_of.installation
    {%- endfor %}
    left join (select distinct installation from discounts where discount_gross is not null) as known_list_prices on known_list_prices.installation = as_of.installation
    left join (select distinct installation from classes where attended is not null) as known_bookings on known_bookings.installation = as_of.installation

),

club_months as (

    select
        first_months.installation,
        first_months.club,
        months.month,
        months.is_complete_month,
        {%- for name in ['joined', 'returned', 'renewed_late', 'left_members', 'within_month', 'members_end', 'frozen_end', 'transferred_in'] %}
        cast(case when known.are_member_counts then coalesce(member_counts.{{ name }}, 0) end as {{ pg_type('bigint') }}) as {{ name }},
        {%- endfor %}
        {%- for name in ['members_start', 'transferred_out'] %}
        cast(case when known.are_member_counts then coalesce(start_counts.{{ name }}, 0) end as {{ pg_type('bigint') }}) as {{ name }},
        {%- endfor %}
        {%- for name in ['contracts_start', 'contracts_ended'] %}
        cast(case when known.are_discounts then coalesce(contract_starts.{{ name }}, 0) end as {{ pg_type('bigint') }}) as {{ name }},
        {%- endfor %}
        {%- for name in ['start'] + movements + ['end'] %}
        cast(case when known.are_mrr then coalesce(mrr.mrr_{{ name }}, 0) end as numeric(18,2)) as mrr_{{ name }},
        {%- endfor %}
        cast(case when known.are_list_prices then coalesce(discounts.discount_gross, 0) end as numeric(18,2)) as discount_gross,
        cast(case when known.are_visits then coalesce(visits.visits, 0) end as {{ pg_type('bigint') }}) as visits,
        {%- for name in ['classes_held', 'places_taken', 'place_limit'] %}
        cast(case when known.are_classes then coalesce(classes.{{ name }}, 0) end as {{ pg_type('bigint') }}) as {{ name }},
        {%- endfor %}
        {%- for name in ['attended', 'no_show'] %}
        cast(case when known.are_bookings then coalesce(classes.{{ name }}, 0) end as {{ pg_type('bigint') }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from first_months
    inner join {{ ref('int_perfectgym__month') }} as months
        on months.installation = first_months.installation
        and months.month >= first_months.first_month
        and months.is_in_history
    inner join known on known.installation = first_months.installation
    {%- for name in ['member_counts', 'start_counts', 'contract_starts', 'discounts', 'mrr', 'visits', 'classes'] %}
    left join {{ name }} on {{ name }}.club = first_months.club and {{ name }}.month = months.month
    {%- endfor %}

),

{# Twelve months up to this one. An unfinished month is the last one, and has no rate of its own. #}
years as (

    select
        *,
        count(*) over (partition by club order by month rows between 11 preceding and current row) as month_count,
        sum(left_members) over (partition by club order by month rows between 11 preceding and current row) as left_12m,
        sum(members_start) over (partition by club order by month rows between 11 preceding and current row) as members_start_12m,
        lag(members_start, 11) over (partition by club order by month) as first_members_start
    from club_months

)

select
    {{ pg_key('years.club', 'years.month') }} as club_month_key,
    years.installation,
    years.month,
    nullif(years.club, years.installation || '|no club') as club_key,
    years.members_start,
    years.joined,
    years.returned,
    years.renewed_late,
    years.left_members,
    years.transferred_in,
    years.transferred_out,
    years.members_end,
    years.frozen_end,
    years.members_end - years.frozen_end as active_end,
    years.within_month,
    years.contracts_start,
    years.contracts_ended,
    coalesce(clubs.currency, {{ pg_currency_of('years.club') }}) as currency,
    {%- for name in ['start'] + movements + ['end'] %}
    years.mrr_{{ name }},
    {%- endfor %}
    years.discount_gross,
    {{ pg_rate('years.left_members', 'years.members_start') }} as member_churn_rate,
    cast(case
        when years.month_count = 12 and years.is_complete_month
            {%- if var('pg_attrition_denominator') == 'start' %}
            then {{ pg_rate('years.left_12m', 'years.first_members_start') }}
            {%- else %}
            then {{ pg_rate('years.left_12m * 12', 'years.members_start_12m') }}
            {%- endif %}
    end as numeric(9,4)) as attrition_12m_rate,
    {{ pg_rate('years.contracts_ended', 'years.contracts_start') }} as contract_churn_rate,
    {{ pg_rate('-(years.mrr_churn + years.mrr_contraction)', 'years.mrr_start') }} as mrr_churn_rate,
    years.visits,
    years.classes_held,
    years.places_taken,
    years.place_limit,
    years.attended,
    years.no_show,
    years.is_complete_month
from years
left join {{ ref('int_perfectgym__club') }} as clubs on clubs.club_key = years.club
