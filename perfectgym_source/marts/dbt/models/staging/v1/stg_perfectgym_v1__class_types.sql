{{ pg_staging('v1', 'class_types', key=['id'], columns={
    'id': 'bigint',
    'name': 'text',
    'category__name': 'text',
}) }}
