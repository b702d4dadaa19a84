{{ pg_staging('v1', 'club_visits', key=['id'], drop_deleted=true, columns={
    'id': 'bigint',
    'user_id': 'bigint',
    'club__id': 'bigint',
    'enter_date': 'timestamp',
    'exit_date': 'timestamp',
    'enter_date_utc': 'timestamp',
    'exit_date_utc': 'timestamp',
}) }}
