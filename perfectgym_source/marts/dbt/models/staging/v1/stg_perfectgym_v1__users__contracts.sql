{{ pg_staging('v1', 'users__contracts', key=['user_id', '_position'], columns={
    'user_id': 'bigint',
    '_position': 'bigint',
    'payment_plan_id': 'bigint',
    'start_date': 'date',
    'is_additional_contract': 'boolean',
}) }}
