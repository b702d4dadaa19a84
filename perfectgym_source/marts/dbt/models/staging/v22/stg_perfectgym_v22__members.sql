{{ pg_staging('v22', 'members', key=['id'], columns={
    'id': 'bigint',
    'number': 'text',
    'first_name': 'text',
    'last_name': 'text',
    'home_club_id': 'bigint',
    'sex': 'text',
    'birthdate': 'date',
    'member_type': 'text',
}) }}
