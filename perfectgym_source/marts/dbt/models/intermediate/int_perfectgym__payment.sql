{%- set not_money = ['CashLessPrepaid', 'CashLessDebit', 'Bonus', 'Bon'] -%}

with both_generations as (

    {# v1 has no receipts, only what was paid of a contract. #}
    select
        fee_key as payment_key,
        installation,
        member_key,
        club_key,
        paid_on,
        {{ pg_null('text') }} as method,
        fee_kind,
        amount_gross,
        amount_gross < 0 as is_refund
    from {{ ref('int_perfectgym__fee') }}
    where paid_on is not null
    union all
    select
        {{ pg_key('payments.installation', "'transaction'", 'payments.id') }},
        payments.installation,
        {{ pg_key('payments.installation', 'nullif(payments.member_id, 0)') }},
        {{ pg_key('payments.installation', 'nullif(payments.club_id, 0)') }},
        payments.date,
        payments.type,
        case
            when transactions.contract_transaction_type is null and transactions.product_id <> 0 then 'product'
            else {{ pg_fee_kind('transactions.contract_transaction_type') }}
        end,
        {{ pg_signed('payments.amount__gross', 'payments.is_refund') }},
        coalesce(payments.is_refund, false)
    from {{ ref('stg_perfectgym_v22__transaction_payments') }} as payments
    left join {{ ref('stg_perfectgym_v22__transactions') }} as transactions
        on transactions.installation = payments.installation and transactions.id = payments.transaction_id
    union all
    {# Those with a transaction are among its payments. #}
    select
        {{ pg_key('installation', "'contract'", 'id') }},
        installation,
        {{ pg_key('installation', 'nullif(member_id, 0)') }},
        {{ pg_key('installation', 'nullif(club_id, 0)') }},
        date,
        case
            when e_payment_id <> 0 then 'EPayment'
            when online_gate_transaction_id <> 0 then 'Online'
            else 'unknown'
        end,
        'membership',
        {{ pg_signed('amount__gross', 'is_refund') }},
        coalesce(is_refund, false)
    from {{ ref('stg_perfectgym_v22__contract_payments') }}
    where transaction_id is null

)

select
    payments.payment_key,
    payments.installation,
    payments.paid_on,
    payments.club_key,
    payments.member_key,
    payments.method,
    payments.fee_kind,
    coalesce(clubs.currency, {{ pg_currency_of('payments.club_key') }}) as currency,
    payments.amount_gross,
    payments.is_refund,
    coalesce(payments.method not in ('{{ not_money | join("', '") }}'), true) as is_money
from both_generations as payments
left join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = payments.installation
left join {{ ref('int_perfectgym__club') }} as clubs on clubs.club_key = payments.club_key
where not coalesce(clubs.is_excluded, false)
    and (as_of.as_of_date is null or payments.paid_on is null or payments.paid_on <= as_of.as_of_date)
