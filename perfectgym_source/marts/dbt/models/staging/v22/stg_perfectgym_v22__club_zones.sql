{{ pg_staging('v22', 'club_zones', key=['id'], columns={
    'id': 'bigint',
    'name': 'text',
}) }}
