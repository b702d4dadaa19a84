{{ pg_staging('v22', 'freeze_reasons', key=['id'], columns={
    'id': 'bigint',
    'name': 'text',
}) }}
