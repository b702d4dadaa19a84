{%- set named_by = [
    ('stg_perfectgym_v1__users', 'home_club_id'),
    ('stg_perfectgym_v1__user_details', 'home_club_id'),
    ('stg_perfectgym_v1__club_visits', 'club__id'),
    ('stg_perfectgym_v1__classes', 'club_id'),
    ('stg_perfectgym_v1__user_products', 'club_id'),
    ('stg_perfectgym_v22__members', 'home_club_id'),
    ('stg_perfectgym_v22__contracts', 'club_id'),
    ('stg_perfectgym_v22__member_club_visits', 'club_id'),
    ('stg_perfectgym_v22__classes', 'club_id'),
    ('stg_perfectgym_v22__contract_payments', 'club_id'),
    ('stg_perfectgym_v22__transaction_payments', 'club_id'),
    ('stg_perfectgym_v22__transactions', 'club_id'),
    ('stg_perfectgym_v22__employee_availability_slots', 'club_id'),
    ('stg_perfectgym_v22__personal_training_bookings', 'personal_training_booking_details__club_id'),
] -%}

with loaded as (

    select
        installation,
        id,
        name,
        address__country_symbol as country,
        type as club_type,
        open_date as opened_on,
        is_hidden,
        is_deleted,
        false as is_inferred
    from {{ ref('stg_perfectgym_v1__clubs') }}
    union all
    select
        clubs.installation,
        clubs.id,
        clubs.name,
        countries.symbol,
        club_types.name,
        clubs.opening_date,
        clubs.is_hidden,
        clubs.is_deleted,
        false
    from {{ ref('stg_perfectgym_v22__clubs') }} as clubs
    left join {{ ref('stg_perfectgym_v22__countries') }} as countries
        on countries.installation = clubs.installation and countries.id = clubs.country_id
    left join {{ ref('stg_perfectgym_v22__club_types') }} as club_types
        on club_types.installation = clubs.installation and club_types.id = clubs.club_type_id

),

named as (

    {% for model, column in named_by -%}
    select installation, {{ column }} as id from {{ ref(model) }} where {{ column }} <> 0
    {{ 'union distinct' if not loop.last }}
    {% endfor %}

),

clubs as (

    select * from loaded
    union all
    select
        named.installation,
        named.id,
        {{ pg_null('text') }},
        {{ pg_null('text') }},
        {{ pg_null('text') }},
        {{ pg_null('date') }},
        {{ pg_null('boolean') }},
        false,
        true
    from named
    left join loaded on loaded.installation = named.installation and loaded.id = named.id
    where loaded.id is null

),

keyed as (

    select {{ pg_key('installation', 'id') }} as club_key, *
    from clubs

)

select
    club_key,
    installation,
    id as club_id,
    name,
    country,
    club_type,
    opened_on,
    is_hidden,
    is_deleted,
    {{ pg_currency_of('club_key') }} as currency,
    {{ pg_is_excluded('club_key', 'name') }} as is_excluded,
    is_inferred
from keyed
