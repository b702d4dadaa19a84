{% set owner_month = 'partition by parts.owner_key, parts.currency, both_ends.month' %}
{# What an owner pays in one club and currency has a number: grouping millions of months by text takes
   several times as long. #}
with parts as (

    select
        owner_key,
        club_key,
        currency,
        {{ pg_key('owner_key', "coalesce(club_key, 'no club')", "coalesce(currency, 'no currency')") }} as part_key,
        min(installation) as installation,
        min(member_key) as member_key,
        row_number() over (order by owner_key, club_key, currency) as part_number,
        {# Few owners are in several clubs: only they need sums over clubs. #}
        count(*) over (partition by owner_key) > 1 as is_one_of_several,
        min(min(case when price <> 0 then month end)) over (partition by owner_key, currency) as first_month
    from {{ ref('int_perfectgym__contract_month') }}
    where price is not null
    group by owner_key, club_key, currency

),

contract_months as (

    select parts.part_number, contract_months.month, contract_months.price, contract_months.frozen_price
    from {{ ref('int_perfectgym__contract_month') }} as contract_months
    inner join parts
        on parts.owner_key = contract_months.owner_key
        and coalesce(parts.club_key, '') = coalesce(contract_months.club_key, '')
        and coalesce(parts.currency, '') = coalesce(contract_months.currency, '')
    where contract_months.price is not null

),

both_ends as (

    select
        part_number,
        month,
        sum(price_start) as price_start,
        sum(frozen_start) as frozen_start,
        sum(price_end) as price_end,
        sum(frozen_end) as frozen_end,
        sum(price_end) - sum(price_start) as change
    from (
        select
            part_number, month,
            cast(0 as numeric(18,2)) as price_start,
            cast(0 as numeric(18,2)) as frozen_start,
            price as price_end,
            frozen_price as frozen_end
        from contract_months
        union all
        {# The end of a month is the start of the next one. #}
        select part_number, {{ pg_add_months('month', 1) }}, price, frozen_price, 0, 0
        from contract_months
    ) as ends
    group by part_number, month
    having sum(price_start) <> 0 or sum(price_end) <> 0

),

owners as (

    select
        both_ends.*,
        parts.owner_key,
        parts.club_key,
        parts.currency,
        sum(both_ends.price_start) over ({{ owner_month }}) as owner_start,
        sum(both_ends.price_end) over ({{ owner_month }}) as owner_end,
        sum(case when both_ends.change > 0 then both_ends.change else 0 end) over ({{ owner_month }}) as gain,
        sum(case when both_ends.change < 0 then -both_ends.change else 0 end) over ({{ owner_month }}) as loss
    from both_ends
    inner join parts on parts.part_number = both_ends.part_number
    where parts.is_one_of_several

),

{# What an owner loses in one club and gains in another is a transfer, pro rata. The shares are differences
   of rounded running sums, so that they add up to the cent. #}
shares as (

    select
        *,
        case
            when owner_start = 0 or owner_end = 0 then 0
            when gain < loss then gain
            else loss
        end as moved,
        sum(case when change > 0 then change else 0 end) over (
            partition by owner_key, currency, month order by club_key rows unbounded preceding
        ) as running_gain,
        sum(case when change < 0 then -change else 0 end) over (
            partition by owner_key, currency, month order by club_key rows unbounded preceding
        ) as running_loss
    from owners

),

changes as (

    select
        part_number, month, price_start, frozen_start, price_end, frozen_end, change, owner_start, owner_end,
        case
            when moved > 0 and change > 0 then
                {{ pg_cents('running_gain * moved / gain') }} - {{ pg_cents('(running_gain - change) * moved / gain') }}
            when moved > 0 and change < 0 then
                {{ pg_cents('(running_loss + change) * moved / loss') }} - {{ pg_cents('running_loss * moved / loss') }}
            else 0
        end as transfer
    from shares
    union all
    select
        both_ends.part_number, both_ends.month, price_start, frozen_start, price_end, frozen_end, change, price_start, price_end,
        0
    from both_ends
    inner join parts on parts.part_number = both_ends.part_number
    where not parts.is_one_of_several

),

movements as (

    select
        parts.*,
        changes.month,
        changes.price_start - changes.frozen_start as mrr_start,
        case when owner_start = 0 and changes.month <= parts.first_month then change else 0 end as mrr_new,
        case when owner_start = 0 and changes.month > parts.first_month then change else 0 end as mrr_reactivation,
        case when owner_start <> 0 and owner_end <> 0 and change > 0 then change - transfer else 0 end as mrr_expansion,
        case when owner_start <> 0 and owner_end <> 0 and change < 0 then change - transfer else 0 end as mrr_contraction,
        case when owner_start <> 0 and owner_end = 0 then change else 0 end as mrr_churn,
        transfer as mrr_transfer,
        changes.frozen_start - changes.frozen_end as mrr_freeze,
        changes.price_end - changes.frozen_end as mrr_end
    from changes
    inner join parts on parts.part_number = changes.part_number

)

select
    {{ pg_key('movements.part_key', 'movements.month') }} as mrr_month_key,
    movements.installation,
    movements.month,
    movements.owner_key,
    movements.member_key,
    movements.club_key,
    movements.currency,
    {%- for name in ['start', 'new', 'reactivation', 'expansion', 'contraction', 'churn', 'transfer', 'freeze', 'end'] %}
    cast(movements.mrr_{{ name }} as numeric(18,2)) as mrr_{{ name }},
    {%- endfor %}
    months.is_complete_month
from movements
inner join {{ ref('int_perfectgym__month') }} as months
    on months.installation = movements.installation and months.month = movements.month
where months.is_in_history
