{{ pg_staging('v22', 'contract_freezes', key=['id'], drop_deleted=true, columns={
    'id': 'bigint',
    'contract_id': 'bigint',
    'freeze_type_id': 'bigint',
    'reason_id': 'bigint',
    'start_date': 'date',
    'end_date': 'date',
}) }}
