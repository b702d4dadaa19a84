with contracts as (

    select
        contracts.*,
        as_of.as_of_date,
        case
            when contracts.valid_to <= as_of.as_of_date then {{ pg_add_days('contracts.valid_to', -1) }}
            else as_of.as_of_date
        end as priced_on
    from {{ ref('int_perfectgym__contract') }} as contracts
    left join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = contracts.installation

),

frozen_days as (

    select
        freezes.contract_key,
        sum({{ pg_days_between('freezes.frozen_from', 'case when freezes.frozen_to <= contracts.as_of_date then freezes.frozen_to else ' ~ pg_add_days('contracts.as_of_date', 1) ~ ' end') }}) as freeze_days
    from {{ ref('int_perfectgym__freeze_period') }} as freezes
    inner join contracts on contracts.contract_key = freezes.contract_key
    where freezes.frozen_from <= contracts.as_of_date
    group by freezes.contract_key

),

addons as (

    select contracts.contract_key, sum(addons.addon_gross) as addon_gross, sum(addons.addon_net) as addon_net
    from contracts
    inner join {{ ref('int_perfectgym__contract_addon') }} as addons
        on addons.contract_key = contracts.contract_key
        and addons.price_from <= contracts.priced_on
        and addons.price_to > contracts.priced_on
    group by contracts.contract_key

),

priced as (

    select
        contracts.*,
        prices.monthly_list_gross,
        prices.monthly_gross,
        prices.monthly_net,
        prices.has_time_limited_discount,
        prices.has_unreadable_discount,
        prices.price_basis,
        addons.addon_gross,
        addons.addon_net
    from contracts
    left join {{ ref('int_perfectgym__contract_price') }} as prices
        on prices.contract_key = contracts.contract_key
        and prices.price_from <= contracts.priced_on
        and prices.price_to > contracts.priced_on
    left join addons on addons.contract_key = contracts.contract_key

),

base as (

    select contract_key, contract_id, member_key, valid_from, valid_to, monthly_gross
    from priced
    where not is_additional and not is_never_started and member_key is not null

),

{# The first of the member's later contracts that takes over. #}
successors as (

    select
        ended.contract_key,
        later.contract_key as successor_key,
        case
            when later.monthly_gross > ended.monthly_gross then 'upgrade'
            when later.monthly_gross < ended.monthly_gross then 'downgrade'
            when later.monthly_gross = ended.monthly_gross then 'same'
        end as replaced_as,
        row_number() over (partition by ended.contract_key order by later.valid_from, later.contract_id) as turn
    from base as ended
    inner join base as later
        on later.member_key = ended.member_key
        and (later.valid_from > ended.valid_from or (later.valid_from = ended.valid_from and later.contract_id > ended.contract_id))
        and later.valid_from < {{ pg_add_days('ended.valid_to', var('pg_replace_gap_days')) }}
        and (later.valid_to is null or later.valid_to > ended.valid_to)

),

ended as (

    select
        priced.*,
        successors.successor_key,
        successors.replaced_as,
        case
            when priced.is_never_started then {{ pg_null('text') }}
            when priced.valid_to is null or priced.valid_to > priced.as_of_date then 'open'
            when successors.successor_key is not null then 'replaced'
            when priced.cancelled_on is not null then 'cancelled'
            else 'expired'
        end as end_kind
    from priced
    left join successors on successors.contract_key = priced.contract_key and successors.turn = 1

)

select
    ended.contract_key,
    ended.installation,
    ended.member_key,
    ended.club_key,
    ended.plan_key,
    ended.is_additional,
    ended.signed_on,
    ended.starts_on,
    ended.cancelled_on,
    ended.ends_on,
    ended.committed_on,
    ended.valid_from,
    ended.valid_to,
    ended.is_never_started,
    ended.api_status,
    ended.end_kind,
    case when ended.end_kind = 'replaced' then ended.replaced_as end as replaced_as,
    case when ended.end_kind = 'replaced' then ended.successor_key end as successor_key,
    ended.currency,
    ended.monthly_list_gross,
    ended.monthly_gross,
    ended.monthly_net,
    cast(case
        when ended.monthly_list_gross > ended.monthly_gross then ended.monthly_list_gross - ended.monthly_gross
        when ended.monthly_list_gross is not null and ended.monthly_gross is not null then 0
    end as numeric(18,2)) as discount_gross,
    cast(ended.addon_gross as numeric(18,2)) as addon_gross,
    cast(ended.addon_net as numeric(18,2)) as addon_net,
    ended.has_time_limited_discount,
    ended.has_unreadable_discount,
    ended.price_basis,
    cast(coalesce(frozen_days.freeze_days, 0) as {{ pg_type('bigint') }}) as freeze_days
from ended
left join frozen_days on frozen_days.contract_key = ended.contract_key
