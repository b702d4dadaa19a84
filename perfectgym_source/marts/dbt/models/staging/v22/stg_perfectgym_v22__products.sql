{{ pg_staging('v22', 'products', key=['id'], columns={
    'id': 'bigint',
    'name': 'text',
    'category_id': 'bigint',
}) }}
