{{ pg_staging('v22', 'members_to_marketing_sources', key=['member_id', 'member_marketing_source_id'], columns={
    'member_id': 'bigint',
    'member_marketing_source_id': 'bigint',
}) }}
