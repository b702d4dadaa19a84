{{ pg_staging('v1', 'payment_plan_details__add_ons', key=['payment_plan_id', '_position'], columns={
    'payment_plan_id': 'bigint',
    '_position': 'bigint',
    'name': 'text',
    'fee__gross': 'numeric(18,2)',
    'fee__net': 'numeric(18,2)',
}) }}
