{{ pg_staging('v1', 'user_details__contracts', key=['user_id', '_position'], columns={
    'user_id': 'bigint',
    '_position': 'bigint',
    'id': 'bigint',
    'is_additional_contract': 'boolean',
}) }}
