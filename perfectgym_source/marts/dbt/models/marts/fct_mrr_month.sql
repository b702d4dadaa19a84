with month_ends as (

    select
        owner_key,
        club_key,
        currency,
        month,
        price,
        frozen_price
    from {{ ref('int_perfectgym__contract_month') }}
    where price is not null

),

first_months as (

    select owner_key, currency, min(month) as first_month
    from month_ends
    where price <> 0
    group by owner_key, currency

),

{# The end of a month is the start of the next one. #}
both_ends as (

    select
        owner_key, club_key, currency, month,
        cast(0 as numeric(18,2)) as price_start,
        cast(0 as numeric(18,2)) as frozen_start,
        price as price_end,
        frozen_price as frozen_end
    from month_ends
    union all
    select
        owner_key, club_key, currency, {{ pg_add_months('month', 1) }},
        price,
        frozen_price,
        0,
        0
    from month_ends

),

clubs as (

    select
        owner_key,
        club_key,
        currency,
        month,
        sum(price_start) as price_start,
        sum(frozen_start) as frozen_start,
        sum(price_end) as price_end,
        sum(frozen_end) as frozen_end
    from both_ends
    group by owner_key, club_key, currency, month

),

{# Few owners are in several clubs: only they need sums over clubs. #}
owners_of_clubs as (

    select owner_key
    from month_ends
    group by owner_key
    having min(coalesce(club_key, '')) <> max(coalesce(club_key, ''))

),

owners as (

    select
        clubs.owner_key,
        clubs.currency,
        clubs.month,
        sum(clubs.price_start) as owner_start,
        sum(clubs.price_end) as owner_end,
        sum(case when clubs.price_end > clubs.price_start then clubs.price_end - clubs.price_start else 0 end) as gain,
        sum(case when clubs.price_end < clubs.price_start then clubs.price_start - clubs.price_end else 0 end) as loss
    from clubs
    inner join owners_of_clubs on owners_of_clubs.owner_key = clubs.owner_key
    group by clubs.owner_key, clubs.currency, clubs.month

),

changes as (

    select
        clubs.*,
        clubs.price_end - clubs.price_start as change,
        coalesce(owners.owner_start, clubs.price_start) as owner_start,
        coalesce(owners.owner_end, clubs.price_end) as owner_end,
        owners.gain,
        owners.loss,
        case when owners.gain < owners.loss then owners.gain else coalesce(owners.loss, 0) end as moved,
        coalesce(owners.owner_start, clubs.price_start) <> 0 and coalesce(owners.owner_end, clubs.price_end) <> 0 as is_kept
    from clubs
    left join owners
        on owners.owner_key = clubs.owner_key
        and owners.month = clubs.month
        and coalesce(owners.currency, '') = coalesce(clubs.currency, '')
    where clubs.price_start <> 0 or clubs.price_end <> 0

),

{# What an owner loses in one club and gains in another is a transfer, pro rata. The shares are differences
   of rounded running sums, so that they add up to the cent. #}
shares as (

    select
        *,
        sum(case when change > 0 then change else 0 end) over (
            partition by owner_key, currency, month order by club_key rows unbounded preceding
        ) as running_gain,
        sum(case when change < 0 then -change else 0 end) over (
            partition by owner_key, currency, month order by club_key rows unbounded preceding
        ) as running_loss
    from changes
    where is_kept and moved > 0

),

moves as (

    select
        owner_key, club_key, currency, month,
        price_start, frozen_start, price_end, frozen_end, change, owner_start, owner_end, is_kept,
        case
            when change > 0 then
                {{ pg_cents('running_gain * moved / gain') }} - {{ pg_cents('(running_gain - change) * moved / gain') }}
            when change < 0 then
                {{ pg_cents('(running_loss + change) * moved / loss') }} - {{ pg_cents('running_loss * moved / loss') }}
            else 0
        end as transfer
    from shares
    union all
    select
        owner_key, club_key, currency, month,
        price_start, frozen_start, price_end, frozen_end, change, owner_start, owner_end, is_kept,
        0
    from changes
    where not is_kept or moved = 0

),

owner_names as (

    select owner_key, min(installation) as installation, min(member_key) as member_key
    from {{ ref('int_perfectgym__contract_month') }}
    group by owner_key

),

movements as (

    select
        moves.owner_key,
        moves.club_key,
        moves.currency,
        moves.month,
        price_start - frozen_start as mrr_start,
        case when owner_start = 0 and moves.month <= first_month then change else 0 end as mrr_new,
        case when owner_start = 0 and moves.month > first_month then change else 0 end as mrr_reactivation,
        case when is_kept and change > 0 then change - transfer else 0 end as mrr_expansion,
        case when is_kept and change < 0 then change - transfer else 0 end as mrr_contraction,
        case when owner_start <> 0 and owner_end = 0 then change else 0 end as mrr_churn,
        transfer as mrr_transfer,
        frozen_start - frozen_end as mrr_freeze,
        price_end - frozen_end as mrr_end
    from moves
    left join first_months
        on first_months.owner_key = moves.owner_key
        and coalesce(first_months.currency, '') = coalesce(moves.currency, '')

)

select
    {{ pg_key("movements.owner_key", "coalesce(movements.club_key, 'no club')", "coalesce(movements.currency, 'no currency')", "movements.month") }} as mrr_month_key,
    owner_names.installation,
    movements.month,
    movements.owner_key,
    owner_names.member_key,
    movements.club_key,
    movements.currency,
    {%- for name in ['start', 'new', 'reactivation', 'expansion', 'contraction', 'churn', 'transfer', 'freeze', 'end'] %}
    cast(movements.mrr_{{ name }} as numeric(18,2)) as mrr_{{ name }},
    {%- endfor %}
    months.is_complete_month
from movements
inner join owner_names on owner_names.owner_key = movements.owner_key
inner join {{ ref('int_perfectgym__month') }} as months
    on months.installation = owner_names.installation and months.month = movements.month
where months.is_in_history
