{{ pg_staging('v22', 'class_bookings', key=['id'], columns={
    'id': 'bigint',
    'class_id': 'bigint',
    'member_id': 'bigint',
    'is_canceled': 'boolean',
    'has_attended': 'boolean',
    'is_standby': 'boolean',
}) }}
