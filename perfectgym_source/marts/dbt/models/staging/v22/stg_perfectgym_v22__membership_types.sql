{{ pg_staging('v22', 'membership_types', key=['id'], columns={
    'id': 'bigint',
    'name': 'text',
}) }}
