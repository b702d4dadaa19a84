{{ pg_staging('v22', 'classes', key=['id'], columns={
    'id': 'bigint',
    'club_id': 'bigint',
    'class_type_id': 'bigint',
    'instructor_id': 'bigint',
    'club_zone_id': 'bigint',
    'start_date': 'timestamp',
    'end_date': 'timestamp',
    'start_date_utc': 'timestamp',
    'end_date_utc': 'timestamp',
    'attendees_limit': 'bigint',
    'attendees_count': 'bigint',
}) }}
