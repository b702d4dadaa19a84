{{ pg_staging('v22', 'member_marketing_sources', key=['id'], columns={
    'id': 'bigint',
    'marketing_source': 'text',
}) }}
