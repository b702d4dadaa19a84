-- The figures of the clubs add up to those of the facts.
with months as (

    select installation, month from {{ ref('int_perfectgym__month') }} where is_in_history

),

clubs as (

    select
        installation,
        month,
        sum(members_end) as members_end,
        sum(left_members) as left_members,
        sum(within_month) as within_month,
        sum(mrr_start) as mrr_start,
        sum(mrr_churn) as mrr_churn,
        sum(mrr_end) as mrr_end,
        sum(discount_gross) as discount_gross,
        sum(visits) as visits,
        sum(classes_held) as classes_held,
        sum(attended) as attended,
        sum(no_show) as no_show
    from {{ ref('kpi_club_month') }}
    group by installation, month

),

facts as (

    select installation, month, 'members_end' as figure, sum(case when is_member_end then 1 else 0 end) as value from {{ ref('fct_member_month') }} group by installation, month
    union all
    select installation, month, 'left_members', sum(case when movement = 'left' then 1 else 0 end) from {{ ref('fct_member_month') }} group by installation, month
    union all
    select installation, month, 'within_month', sum(case when movement = 'within_month' then 1 else 0 end) from {{ ref('fct_member_month') }} group by installation, month
    {%- for name in ['mrr_start', 'mrr_churn', 'mrr_end'] %}
    union all
    select installation, month, '{{ name }}', sum({{ name }}) from {{ ref('fct_mrr_month') }} group by installation, month
    {%- endfor %}
    union all
    select installation, month, 'discount_gross', sum(discount_gross) from {{ ref('int_perfectgym__contract_month') }} group by installation, month
    union all
    select installation, {{ pg_month('visit_date') }}, 'visits', count(*) from {{ ref('fct_visit') }} group by 1, 2
    {%- for name, sum in {'classes_held': 'count(*)', 'attended': 'sum(attended)', 'no_show': 'sum(no_show)'}.items() %}
    union all
    select installation, {{ pg_month(pg_day('starts_at')) }}, '{{ name }}', {{ sum }} from {{ ref('fct_class') }} where state = 'held' group by 1, 2
    {%- endfor %}

)

select facts.installation, facts.month, facts.figure, facts.value
from facts
inner join months on months.installation = facts.installation and months.month = facts.month
left join clubs on clubs.installation = facts.installation and clubs.month = facts.month
where facts.value <> coalesce(
    case facts.figure
        {%- for name in ['members_end', 'left_members', 'within_month', 'mrr_start', 'mrr_churn', 'mrr_end', 'discount_gross', 'visits', 'classes_held', 'attended', 'no_show'] %}
        when '{{ name }}' then clubs.{{ name }}
        {%- endfor %}
    end,
    0
)
