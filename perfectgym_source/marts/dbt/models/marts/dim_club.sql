select
    club_key,
    installation,
    name,
    country,
    club_type as type,
    opened_on,
    is_hidden,
    is_deleted,
    currency,
    is_excluded,
    is_inferred
from {{ ref('int_perfectgym__club') }}
