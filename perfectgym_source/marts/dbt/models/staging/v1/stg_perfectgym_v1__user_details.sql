{{ pg_staging('v1', 'user_details', key=['id'], columns={
    'id': 'bigint',
    'number': 'text',
    'first_name': 'text',
    'last_name': 'text',
    'home_club_id': 'bigint',
    'sex': 'text',
    'birth_date': 'date',
    'employee__employee_id': 'bigint',
}) }}
