{{ pg_staging('v1', 'user_products', key=['user_id', 'club_id', 'id', 'transaction_id'], drop_deleted=true, columns={
    'user_id': 'bigint',
    'id': 'bigint',
    'club_id': 'bigint',
    'created_time': 'timestamp',
    'name': 'text',
    'category': 'text',
    'initial_quantity': 'numeric(18,4)',
    'price': 'numeric(18,2)',
}) }}
