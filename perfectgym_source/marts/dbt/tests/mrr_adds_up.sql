-- The end is the start and the seven movements; the next month starts with it; transfers are within an owner.
with changes as (

    select installation, owner_key, club_key, currency, {{ pg_add_months('month', 1) }} as month, mrr_end as amount
    from {{ ref('fct_mrr_month') }}
    union all
    select installation, owner_key, club_key, currency, month, -mrr_start
    from {{ ref('fct_mrr_month') }}

)

select owner_key, club_key, month, 'movements' as problem
from {{ ref('fct_mrr_month') }}
where mrr_end <> mrr_start + mrr_new + mrr_reactivation + mrr_expansion + mrr_contraction + mrr_churn + mrr_transfer + mrr_freeze
union all
select changes.owner_key, changes.club_key, changes.month, 'start of the next month'
from changes
inner join {{ ref('int_perfectgym__month') }} as months
    on months.installation = changes.installation and months.month = changes.month
where changes.month > {{ pg_month(pg_date(var('pg_history_start'))) }}
group by changes.owner_key, changes.club_key, changes.currency, changes.month
having sum(changes.amount) <> 0
union all
select owner_key, min(club_key), month, 'transfers'
from {{ ref('fct_mrr_month') }}
group by owner_key, currency, month
having sum(mrr_transfer) <> 0
