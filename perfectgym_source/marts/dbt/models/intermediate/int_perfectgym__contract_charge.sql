with due as (

    {# Charges of one day are added. #}
    select
        charges.installation,
        charges.contract_id,
        case lower(charges.type) when 'membership' then 'membership' else 'addon' end as kind,
        charges.due_date as due_on,
        sum(charges.amount__gross) as gross,
        sum(charges.amount__net) as net
    from {{ ref('stg_perfectgym_v22__contract_charges') }} as charges
    inner join {{ ref('int_perfectgym__as_of') }} as as_of on as_of.installation = charges.installation
    where lower(charges.type) in ('membership', 'addon')
        and not coalesce(charges.is_cancelled, false)
        and charges.due_date <= as_of.as_of_date
        and charges.contract_id is not null
    group by 1, 2, 3, 4

),

compared as (

    select
        *,
        lag(gross) over (partition by installation, contract_id, kind order by due_on) as gross_before,
        lag(net) over (partition by installation, contract_id, kind order by due_on) as net_before,
        row_number() over (partition by installation, contract_id, kind order by due_on) as turn
    from due

),

changes as (

    select
        *,
        lead(due_on) over (partition by installation, contract_id, kind order by due_on) as changed_on
    from compared
    where turn = 1
        or gross <> gross_before or (gross is null) <> (gross_before is null)
        or net <> net_before or (net is null) <> (net_before is null)

)

select
    {{ pg_key('changes.installation', 'changes.contract_id', 'changes.kind', 'changes.due_on') }} as contract_charge_key,
    changes.installation,
    contracts.contract_key,
    changes.kind,
    changes.due_on as price_from,
    coalesce(changes.changed_on, {{ pg_date('9999-12-31') }}) as price_to,
    {{ pg_monthly('changes.gross', 'plans') }} as monthly_gross,
    {{ pg_monthly('changes.net', 'plans') }} as monthly_net
from changes
inner join {{ ref('int_perfectgym__contract') }} as contracts
    on contracts.installation = changes.installation and contracts.contract_id = changes.contract_id
inner join {{ ref('int_perfectgym__plan') }} as plans on plans.plan_key = contracts.plan_key
