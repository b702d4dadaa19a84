{{ pg_staging('v1', 'payment_plan_details', key=['id'], columns={
    'id': 'bigint',
    'name': 'text',
    'is_active': 'boolean',
    'is_add_on_payment_plan': 'boolean',
    'membership__name': 'text',
    'payment_interval': 'text',
    'commitment_period': 'text',
    'fees__membership_fee__gross': 'numeric(18,2)',
    'fees__membership_fee__net': 'numeric(18,2)',
}) }}
