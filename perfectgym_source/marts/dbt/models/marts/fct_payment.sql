select
    payment_key,
    installation,
    paid_on,
    club_key,
    member_key,
    method,
    fee_kind,
    currency,
    amount_gross,
    is_refund,
    is_money
from {{ ref('int_perfectgym__payment') }}
