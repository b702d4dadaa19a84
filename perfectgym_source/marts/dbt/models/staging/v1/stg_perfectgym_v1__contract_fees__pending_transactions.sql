{{ pg_staging('v1', 'contract_fees__pending_transactions', key=['contract_id', '_position'], drop_deleted=true, columns={
    'contract_id': 'bigint',
    '_position': 'bigint',
    'type': 'text',
    'date': 'date',
    'amount_to_settle': 'numeric(18,2)',
}) }}
