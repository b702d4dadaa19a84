{% snapshot snap_perfectgym__plan_price %}
{{ config(
    enabled=var('pg_plan_price_history'),
    schema='int',
    unique_key='plan_key',
    strategy='check',
    check_cols=['list_gross', 'list_net']
) }}
select plan_key, installation, list_gross, list_net
from {{ ref('int_perfectgym__plan') }}
{% endsnapshot %}
