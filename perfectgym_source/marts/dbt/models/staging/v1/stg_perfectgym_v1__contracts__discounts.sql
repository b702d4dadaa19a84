{{ pg_staging('v1', 'contracts__discounts', key=['contract_id', '_position'], columns={
    'contract_id': 'bigint',
    '_position': 'bigint',
    'membership_fee_discount_type': 'text',
    'membership_fee_discount_value': 'text',
}) }}
