{# Every receipt is a payment once: those of transactions, and the others of contracts. #}
with receipts as (

    select installation, date as paid_on, {{ pg_key('installation', 'nullif(club_id, 0)') }} as club_key
    from {{ ref('stg_perfectgym_v22__transaction_payments') }}
    union all
    select installation, date, {{ pg_key('installation', 'nullif(club_id, 0)') }}
    from {{ ref('stg_perfectgym_v22__contract_payments') }}
    where transaction_id is null
    union all
    select installation, paid_on, club_key
    from {{ ref('fct_fee') }}
    where paid_on is not null

),

counts as (

    select
        (
            select count(*)
            from receipts
            left join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = receipts.installation
            left join {{ ref('dim_club') }} as clubs on clubs.club_key = receipts.club_key
            where (as_of.as_of_date is null or receipts.paid_on is null or receipts.paid_on <= as_of.as_of_date)
                and not coalesce(clubs.is_excluded, false)
        ) as receipts,
        (select count(*) from {{ ref('fct_payment') }}) as payments

)

select * from counts where receipts <> payments
