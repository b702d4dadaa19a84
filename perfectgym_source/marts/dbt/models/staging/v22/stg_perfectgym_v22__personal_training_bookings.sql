{{ pg_staging('v22', 'personal_training_bookings', key=['id'], drop_deleted=true, columns={
    'id': 'bigint',
    'personal_training_booking_details__employee_id': 'bigint',
    'personal_training_booking_details__club_id': 'bigint',
    'personal_training_booking_details__start_date_offset': 'timestamp',
    'personal_training_booking_details__end_date_offset': 'timestamp',
    'personal_training_booking_details__start_date_offset_utc': 'timestamp',
    'personal_training_booking_details__end_date_offset_utc': 'timestamp',
    'personal_training_booking_details__is_completed': 'boolean',
    'personal_training_booking_details__is_cancelled': 'boolean',
    'personal_training_booking_details__is_deleted': 'boolean',
}) }}
