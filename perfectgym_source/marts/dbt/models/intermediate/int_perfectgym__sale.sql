with both_generations as (

    {# The price is that of one piece (inferred). #}
    select
        row_key as sale_key,
        installation,
        {{ pg_day('created_time') }} as sold_on,
        club_id,
        user_id as member_id,
        name as product,
        category,
        initial_quantity as quantity,
        cast(price * initial_quantity as numeric(18,2)) as amount_gross,
        true as is_estimate
    from {{ ref('stg_perfectgym_v1__user_products') }}
    union all
    select
        transactions.row_key,
        transactions.installation,
        transactions.date,
        transactions.club_id,
        transactions.member_id,
        products.name,
        categories.name,
        {{ pg_signed('transactions.product_quantity', 'transactions.is_refund') }},
        {{ pg_signed('transactions.amount__gross', 'transactions.is_refund') }},
        false
    from {{ ref('stg_perfectgym_v22__transactions') }} as transactions
    left join {{ ref('stg_perfectgym_v22__products') }} as products
        on products.installation = transactions.installation and products.id = transactions.product_id
    left join {{ ref('stg_perfectgym_v22__product_categories') }} as categories
        on categories.installation = products.installation and categories.id = products.category_id
    where transactions.product_id <> 0

),

keyed as (

    select
        *,
        {{ pg_key('installation', 'nullif(club_id, 0)') }} as club_key,
        {{ pg_key('installation', 'nullif(member_id, 0)') }} as member_key
    from both_generations

)

select
    keyed.sale_key,
    keyed.installation,
    keyed.sold_on,
    keyed.club_key,
    keyed.member_key,
    keyed.product,
    keyed.category,
    keyed.quantity,
    coalesce(clubs.currency, {{ pg_currency_of('keyed.club_key') }}) as currency,
    keyed.amount_gross,
    keyed.is_estimate
from keyed
left join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = keyed.installation
left join {{ ref('int_perfectgym__club') }} as clubs on clubs.club_key = keyed.club_key
where not coalesce(clubs.is_excluded, false)
    and (as_of.as_of_date is null or keyed.sold_on is null or keyed.sold_on <= as_of.as_of_date)
