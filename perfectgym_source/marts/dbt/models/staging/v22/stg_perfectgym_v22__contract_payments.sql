{{ pg_staging('v22', 'contract_payments', key=['id'], drop_deleted=true, columns={
    'id': 'bigint',
    'member_id': 'bigint',
    'club_id': 'bigint',
    'contract_id': 'bigint',
    'transaction_id': 'bigint',
    'date': 'date',
    'is_refund': 'boolean',
    'e_payment_id': 'bigint',
    'online_gate_transaction_id': 'bigint',
    'amount__gross': 'numeric(18,2)',
}) }}
