{{ pg_staging('v22', 'contracts', key=['id'], drop_deleted=true, columns={
    'id': 'bigint',
    'member_id': 'bigint',
    'club_id': 'bigint',
    'payment_plan_id': 'bigint',
    'is_additional_contract': 'boolean',
    'sign_up_date': 'date',
    'start_date': 'date',
    'cancel_date': 'date',
    'end_date': 'date',
    'contract_commitment_end_date__commitment_end_date': 'date',
    'status': 'text',
}) }}
