-- Those that never started do not count.
select contract_key, valid_from, valid_to
from {{ ref('fct_contract') }}
where not is_never_started and (valid_from is null or valid_to <= valid_from)
