{{ pg_staging('v22', 'class_categories', key=['id'], columns={
    'id': 'bigint',
    'name': 'text',
}) }}
