with v1_freezes as (

    {# The place in the list is the key there, but it moves: the id comes first. #}
    select
        *,
        row_number() over (partition by installation, contract_id, coalesce(id, -1 - _position) order by _position) as turn
    from {{ ref('stg_perfectgym_v1__contracts__freezes') }}

),

both_generations as (

    select
        {{ pg_key('installation', 'contract_id', 'coalesce(id, -1 - _position)') }} as freeze_key,
        installation,
        {{ pg_key('installation', 'contract_id') }} as contract_key,
        reason__name as reason,
        type__name as freeze_type,
        start_date as starts_on,
        end_date as ends_on
    from v1_freezes
    where turn = 1
    union all
    select
        freezes.row_key,
        freezes.installation,
        {{ pg_key('freezes.installation', 'freezes.contract_id') }},
        reasons.name,
        types.name,
        freezes.start_date,
        freezes.end_date
    from {{ ref('stg_perfectgym_v22__contract_freezes') }} as freezes
    left join {{ ref('stg_perfectgym_v22__freeze_reasons') }} as reasons
        on reasons.installation = freezes.installation and reasons.id = freezes.reason_id
    left join {{ ref('stg_perfectgym_v22__freeze_types') }} as types
        on types.installation = freezes.installation and types.id = freezes.freeze_type_id

),

clipped as (

    select
        freezes.*,
        contracts.member_key,
        contracts.club_key,
        case when freezes.starts_on < contracts.valid_from then contracts.valid_from else freezes.starts_on end as frozen_from,
        case
            when freezes.ends_on is null or {{ pg_add_days('freezes.ends_on', 1) }} > contracts.valid_to then contracts.valid_to
            else {{ pg_add_days('freezes.ends_on', 1) }}
        end as frozen_to,
        contracts.is_never_started
    from both_generations as freezes
    inner join {{ ref('int_perfectgym__contract') }} as contracts on contracts.contract_key = freezes.contract_key

)

select
    freeze_key,
    installation,
    contract_key,
    member_key,
    club_key,
    reason,
    freeze_type,
    starts_on,
    ends_on,
    frozen_from,
    frozen_to,
    not is_never_started and frozen_from is not null and (frozen_to is null or frozen_to > frozen_from) as is_in_contract
from clipped
