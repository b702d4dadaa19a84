select
    sale_key,
    installation,
    sold_on,
    club_key,
    member_key,
    product,
    category,
    quantity,
    currency,
    amount_gross,
    is_estimate
from {{ ref('int_perfectgym__sale') }}
