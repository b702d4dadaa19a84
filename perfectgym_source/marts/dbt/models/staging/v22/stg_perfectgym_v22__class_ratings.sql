{{ pg_staging('v22', 'class_ratings', key=['id'], drop_deleted=true, columns={
    'id': 'bigint',
    'booking_id': 'bigint',
    'rating': 'bigint',
}) }}
