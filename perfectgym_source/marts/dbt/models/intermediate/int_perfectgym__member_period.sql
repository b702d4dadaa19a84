with contracts as (

    select contract_key, contract_id, installation, member_key, club_key, valid_from, valid_to
    from {{ ref('int_perfectgym__contract') }}
    where member_key is not null and not is_additional and not is_never_started

),

freezes as (

    select contracts.member_key, freezes.contract_key, freezes.frozen_from, freezes.frozen_to
    from {{ ref('int_perfectgym__freeze_period') }} as freezes
    inner join contracts on contracts.contract_key = freezes.contract_key

),

changes as (

    select member_key, valid_from as changed_on from contracts
    union distinct
    select member_key, valid_to from contracts where valid_to is not null
    union distinct
    select member_key, frozen_from from freezes
    union distinct
    select member_key, frozen_to from freezes where frozen_to is not null

),

runs as (

    select
        member_key,
        changed_on as period_from,
        lead(changed_on) over (partition by member_key order by changed_on) as period_to
    from changes

),

contract_runs as (

    select
        contracts.installation,
        contracts.member_key,
        contracts.contract_key,
        contracts.club_key,
        runs.period_from,
        runs.period_to,
        row_number() over (
            partition by runs.member_key, runs.period_from
            order by contracts.valid_from desc, contracts.contract_id desc
        ) as turn,
        min(case when freezes.contract_key is not null then 1 else 0 end) over (
            partition by runs.member_key, runs.period_from
        ) = 1 as is_frozen
    from runs
    inner join contracts
        on contracts.member_key = runs.member_key
        and contracts.valid_from <= runs.period_from
        and (contracts.valid_to is null or contracts.valid_to > runs.period_from)
    left join freezes
        on freezes.contract_key = contracts.contract_key
        and freezes.frozen_from <= runs.period_from
        and (freezes.frozen_to is null or freezes.frozen_to > runs.period_from)

),

states as (

    select
        *,
        lag(period_to) over (partition by member_key order by period_from) as previous_to,
        lead(period_from) over (partition by member_key order by period_from) as next_from,
        min(period_from) over (partition by member_key) as first_joined_on
    from contract_runs
    where turn = 1

),

stays as (

    select
        *,
        sum(case when period_from = previous_to then 0 else 1 end) over (
            partition by member_key order by period_from rows unbounded preceding
        ) as stay
    from states

)

select
    {{ pg_key('member_key', 'period_from') }} as member_period_key,
    installation,
    member_key,
    contract_key,
    club_key,
    is_frozen,
    period_from,
    period_to,
    next_from,
    first_joined_on,
    stay,
    min(period_from) over (partition by member_key, stay) as stay_from,
    {# Of the first period of a stay; the rest follow without a gap. #}
    max(case when period_from > previous_to then {{ pg_days_between('previous_to', 'period_from') }} end) over (
        partition by member_key, stay
    ) as days_without
from stays
