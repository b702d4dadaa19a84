{{ pg_staging('v1', 'user_contracts', key=['user_id', 'id'], columns={
    'user_id': 'bigint',
    'id': 'bigint',
}) }}
