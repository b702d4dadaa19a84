{{ config(severity='warn') }}
-- Their contracts have no monthly price.
select plan_key, name, payment_interval
from {{ ref('int_perfectgym__plan') }}
where payment_interval is not null and interval_month_count is null
