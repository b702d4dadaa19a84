{{ config(severity='warn') }}
-- The member with the lowest id counts.
select contract_key, member_key, member_count
from {{ ref('int_perfectgym__contract_member') }}
where member_count > 1
