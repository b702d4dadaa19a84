{{ config(severity='warn') }}
-- The API's status is as old as the row: it is compared, and never used.
select contracts.contract_key, contracts.api_status, contracts.valid_from, contracts.valid_to
from {{ ref('fct_contract') }} as contracts
inner join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = contracts.installation
where (lower(contracts.api_status) = 'ended' and contracts.end_kind = 'open' and contracts.valid_from <= as_of.as_of_date)
    or (lower(contracts.api_status) = 'current' and contracts.end_kind <> 'open')
