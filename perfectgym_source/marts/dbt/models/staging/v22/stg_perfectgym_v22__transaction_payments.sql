{{ pg_staging('v22', 'transaction_payments', key=['id'], drop_deleted=true, columns={
    'id': 'bigint',
    'member_id': 'bigint',
    'club_id': 'bigint',
    'transaction_id': 'bigint',
    'date': 'date',
    'is_refund': 'boolean',
    'type': 'text',
    'amount__gross': 'numeric(18,2)',
}) }}
