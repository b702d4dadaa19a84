{{ pg_staging('v22', 'member_club_visits', key=['id'], drop_deleted=true, columns={
    'id': 'bigint',
    'member_id': 'bigint',
    'club_id': 'bigint',
    'enter_date': 'timestamp',
    'leave_date': 'timestamp',
    'enter_date_utc': 'timestamp',
    'leave_date_utc': 'timestamp',
}) }}
