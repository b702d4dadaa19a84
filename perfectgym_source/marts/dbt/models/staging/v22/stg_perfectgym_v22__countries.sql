{{ pg_staging('v22', 'countries', key=['id'], columns={
    'id': 'bigint',
    'symbol': 'text',
}) }}
