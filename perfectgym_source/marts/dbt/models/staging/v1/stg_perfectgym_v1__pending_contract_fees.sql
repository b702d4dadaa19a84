{{ pg_staging('v1', 'pending_contract_fees', key=['user_id', 'id'], drop_deleted=true, columns={
    'user_id': 'bigint',
    'id': 'bigint',
    'fee_type': 'text',
    'due_date': 'date',
    'fee__gross': 'numeric(18,2)',
}) }}
