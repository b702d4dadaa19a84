{# What is open stands in a bucket, and the buckets have nothing else. #}
select fee_key, left_to_pay, age_bucket
from {{ ref('fct_fee') }}
where (coalesce(left_to_pay, 0) > 0) <> (age_bucket is not null)
    or (age_bucket = 'not_due') <> (days_overdue = 0)
