{{ config(severity='warn') }}
-- Discounts only take something off; a fixed price from when the list was higher may be above it.
select contract_key, monthly_gross, monthly_list_gross
from {{ ref('fct_contract') }}
where price_basis = 'list' and monthly_gross > monthly_list_gross
