{{ pg_staging('v1', 'contracts__freezes', key=['contract_id', '_position'], drop_deleted=true, columns={
    'contract_id': 'bigint',
    '_position': 'bigint',
    'id': 'bigint',
    'start_date': 'date',
    'end_date': 'date',
    'reason__name': 'text',
    'type__name': 'text',
}) }}
