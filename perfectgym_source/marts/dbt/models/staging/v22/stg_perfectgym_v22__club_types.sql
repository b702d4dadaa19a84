{{ pg_staging('v22', 'club_types', key=['id'], columns={
    'id': 'bigint',
    'name': 'text',
}) }}
