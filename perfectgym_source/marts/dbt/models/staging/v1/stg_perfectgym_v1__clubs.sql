{{ pg_staging('v1', 'clubs', key=['id'], columns={
    'id': 'bigint',
    'name': 'text',
    'type': 'text',
    'open_date': 'date',
    'address__country_symbol': 'text',
    'is_hidden': 'boolean',
}) }}
