with typed as (

    select
        installation,
        contract_id,
        _position as position,
        membership_fee_discount_type as discount_type,
        lower(membership_fee_discount_type) as type_name,
        {{ pg_safe_cast('membership_fee_discount_value', 'numeric(18,4)') }} as value
    from {{ ref('stg_perfectgym_v1__contracts__discounts') }}

),

kinds as (

    select
        *,
        case
            when type_name like 'free%' then 'free'
            when value is null or value < 0 then 'unreadable'
            when type_name like 'percent%' then 'percent'
            when type_name like 'amount%' then 'amount'
            when type_name like 'fixed%' then 'fixed'
            else 'unreadable'
        end as kind,
        {# These are bound in time, but have no dates. #}
        coalesce(
            {%- for word in ['month', 'interval', 'initial', 'last', 'chosen', 'since', 'prorata'] %}
            type_name like '%{{ word }}%'{{ ' or' if not loop.last }}
            {%- endfor %},
            false
        ) as is_time_limited
    from typed
    {# A discount on another fee has no type for this one. #}
    where discount_type is not null

)

select
    {{ pg_key('installation', 'contract_id', 'position') }} as contract_discount_key,
    {{ pg_key('installation', 'contract_id') }} as contract_key,
    installation,
    position,
    row_number() over (partition by installation, contract_id order by position) as turn,
    discount_type,
    kind,
    value,
    is_time_limited,
    kind <> 'unreadable'{% if var('pg_time_limited_discounts') != 'apply' %} and not is_time_limited{% endif %} as is_applied
from kinds
