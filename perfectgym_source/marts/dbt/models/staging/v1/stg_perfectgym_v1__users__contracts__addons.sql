{{ pg_staging('v1', 'users__contracts__addons', key=['user_id', '_parent_position', '_position'], columns={
    'user_id': 'bigint',
    '_parent_position': 'bigint',
    '_position': 'bigint',
    'name': 'text',
    'start_date': 'date',
    'end_date': 'date',
}) }}
