{{ pg_staging('v22', 'employee_availability_slots', key=['id'], drop_deleted=true, columns={
    'id': 'bigint',
    'employee_id': 'bigint',
    'club_id': 'bigint',
    'start_date': 'timestamp',
    'end_date': 'timestamp',
    'start_date_utc': 'timestamp',
    'end_date_utc': 'timestamp',
}) }}
