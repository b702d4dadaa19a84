{{ pg_staging('v1', 'user_classes', key=['user_id', 'id'], columns={
    'user_id': 'bigint',
    'id': 'bigint',
    'end_date': 'timestamp',
    'booked': 'boolean',
    'attended': 'boolean',
    'standby': 'boolean',
    'user_class_rating': 'bigint',
}) }}
