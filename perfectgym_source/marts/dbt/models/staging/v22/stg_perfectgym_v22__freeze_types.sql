{{ pg_staging('v22', 'freeze_types', key=['id'], columns={
    'id': 'bigint',
    'name': 'text',
}) }}
