{{ config(severity='warn') }}
-- API v1 names no contract with an add-on: these found none, or no price, and are in no figure.
select contract_addon_key, name, contract_key, addon_gross
from {{ ref('int_perfectgym__contract_addon') }}
where contract_key is null or addon_gross is null
