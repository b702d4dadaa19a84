{{ config(severity='warn') }}
-- More than one contract of a hundred without a member: members, movements and cohorts lack them.
select installation, count(*) as contracts, count(member_key) as with_member
from {{ ref('fct_contract') }}
group by installation
having count(*) > count(member_key) * 1.0 / 0.99
