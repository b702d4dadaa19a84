{{ pg_staging('v22', 'product_categories', key=['id'], columns={
    'id': 'bigint',
    'name': 'text',
}) }}
