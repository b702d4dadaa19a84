{{ pg_staging('v22', 'clubs', key=['id'], columns={
    'id': 'bigint',
    'name': 'text',
    'club_type_id': 'bigint',
    'country_id': 'bigint',
    'opening_date': 'date',
    'is_hidden': 'boolean',
}) }}
