with counted as (

    {# Up to the last day that counts. #}
    select
        freezes.*,
        case
            when freezes.frozen_to is null or freezes.frozen_to > {{ pg_add_days('as_of.as_of_date', 1) }} then {{ pg_add_days('as_of.as_of_date', 1) }}
            else freezes.frozen_to
        end as counted_to
    from {{ ref('int_perfectgym__freeze') }} as freezes
    left join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = freezes.installation

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
    case when is_in_contract and counted_to > frozen_from then {{ pg_days_between('frozen_from', 'counted_to') }} else 0 end as days_in_contract
from counted
