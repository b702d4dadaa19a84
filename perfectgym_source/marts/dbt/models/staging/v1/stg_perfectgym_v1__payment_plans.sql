{{ pg_staging('v1', 'payment_plans', key=['id'], columns={
    'id': 'bigint',
    'name': 'text',
    'is_active': 'boolean',
    'is_add_on_payment_plan': 'boolean',
}) }}
