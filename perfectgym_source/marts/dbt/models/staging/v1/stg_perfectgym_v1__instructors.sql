{{ pg_staging('v1', 'instructors', key=['id'], columns={
    'id': 'bigint',
    'first_name': 'text',
    'last_name': 'text',
    'is_active': 'boolean',
}) }}
