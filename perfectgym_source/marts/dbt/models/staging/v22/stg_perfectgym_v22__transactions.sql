{{ pg_staging('v22', 'transactions', key=['id'], drop_deleted=true, columns={
    'id': 'bigint',
    'member_id': 'bigint',
    'club_id': 'bigint',
    'date': 'date',
    'is_refund': 'boolean',
    'product_id': 'bigint',
    'product_quantity': 'numeric(18,4)',
    'contract_transaction_type': 'text',
    'amount__gross': 'numeric(18,2)',
}) }}
