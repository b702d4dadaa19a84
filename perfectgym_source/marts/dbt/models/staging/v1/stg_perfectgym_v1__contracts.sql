{{ pg_staging('v1', 'contracts', key=['id'], drop_deleted=true, columns={
    'id': 'bigint',
    'payment_plan__id': 'bigint',
    'payment_plan__name': 'text',
    'payment_plan__is_active': 'boolean',
    'payment_plan__is_add_on_payment_plan': 'boolean',
    'sign_date': 'date',
    'start_date': 'date',
    'cancel_date': 'date',
    'end_date': 'date',
    'commitment_date': 'date',
    'status': 'text',
}) }}
