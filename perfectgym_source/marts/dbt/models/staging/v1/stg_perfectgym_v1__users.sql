{{ pg_staging('v1', 'users', key=['id'], columns={
    'id': 'bigint',
    'number': 'text',
    'first_name': 'text',
    'last_name': 'text',
    'home_club_id': 'bigint',
    'sex': 'text',
    'birth_date': 'date',
}) }}
