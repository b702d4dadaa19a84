select
    fees.fee_key,
    fees.installation,
    fees.member_key,
    fees.contract_key,
    fees.club_key,
    fees.fee_kind,
    fees.due_on,
    fees.paid_on,
    coalesce(clubs.currency, {{ pg_currency_of('fees.club_key') }}) as currency,
    fees.amount_gross,
    fees.left_to_pay,
    fees.days_overdue,
    fees.age_bucket
from {{ ref('int_perfectgym__fee') }} as fees
left join {{ ref('int_perfectgym__club') }} as clubs on clubs.club_key = fees.club_key
