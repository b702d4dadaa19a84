{# One day more with each build: what was open on past days is in no table. Never built anew. #}
{{ config(
    enabled=var('pg_keep_overdue_history'),
    materialized='incremental',
    unique_key=['installation', 'as_of_date'],
    incremental_strategy='delete+insert',
    full_refresh=false
) }}
select
    {{ pg_key("coalesce(fees.club_key, fees.installation || '|no club')", "coalesce(fees.currency, 'no currency')", 'fees.age_bucket', 'as_of.as_of_date') }} as overdue_day_key,
    fees.installation,
    as_of.as_of_date,
    fees.club_key,
    fees.currency,
    fees.age_bucket,
    count(*) as fees,
    cast(sum(fees.left_to_pay) as numeric(18,2)) as left_to_pay
from {{ ref('fct_fee') }} as fees
inner join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = fees.installation
where fees.left_to_pay > 0
group by fees.installation, as_of.as_of_date, fees.club_key, fees.currency, fees.age_bucket
