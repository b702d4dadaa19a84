with links as (

    select installation, id as contract_id, user_id, 1 as preference
    from {{ ref('stg_perfectgym_v1__user_contracts') }}
    where id is not null and user_id is not null
    union all
    select installation, id as contract_id, user_id, 2 as preference
    from {{ ref('stg_perfectgym_v1__user_details__contracts') }}
    where id is not null and user_id is not null

),

preferred as (

    select installation, contract_id, min(preference) as preference
    from links
    group by installation, contract_id

)

select
    {{ pg_key('links.installation', 'links.contract_id') }} as contract_key,
    links.installation,
    links.contract_id,
    min(links.user_id) as member_id,
    {{ pg_key('links.installation', 'min(links.user_id)') }} as member_key,
    count(distinct links.user_id) as member_count
from links
inner join preferred
    on preferred.installation = links.installation
    and preferred.contract_id = links.contract_id
    and preferred.preference = links.preference
group by links.installation, links.contract_id
