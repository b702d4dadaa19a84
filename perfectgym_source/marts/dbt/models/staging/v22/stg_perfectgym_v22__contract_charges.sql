{{ pg_staging('v22', 'contract_charges', key=['id'], drop_deleted=true, columns={
    'id': 'bigint',
    'member_id': 'bigint',
    'contract_id': 'bigint',
    'type': 'text',
    'due_date': 'date',
    'is_cancelled': 'boolean',
    'amount__gross': 'numeric(18,2)',
    'amount__net': 'numeric(18,2)',
    'left_to_pay': 'numeric(18,2)',
}) }}
