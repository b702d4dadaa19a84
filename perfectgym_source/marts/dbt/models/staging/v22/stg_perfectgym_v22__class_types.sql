{{ pg_staging('v22', 'class_types', key=['id'], columns={
    'id': 'bigint',
    'name': 'text',
    'category_id': 'bigint',
}) }}
