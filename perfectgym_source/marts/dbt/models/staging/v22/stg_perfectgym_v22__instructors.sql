{{ pg_staging('v22', 'instructors', key=['id'], columns={
    'id': 'bigint',
    'first_name': 'text',
    'last_name': 'text',
    'is_active': 'boolean',
    'employee__id': 'bigint',
}) }}
