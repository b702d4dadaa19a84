with loaded as (

    {# That an instructor has the id of the employee is inferred. #}
    select installation, id, first_name, last_name, is_active, id as employee_id, is_deleted
    from {{ ref('stg_perfectgym_v1__instructors') }}
    union all
    select installation, id, first_name, last_name, is_active, employee__id, is_deleted
    from {{ ref('stg_perfectgym_v22__instructors') }}

),

{# Classes of v1 have the names with them. #}
named as (

    select
        installation,
        instructor__id as id,
        max(instructor__first_name) as first_name,
        max(instructor__last_name) as last_name,
        instructor__id as employee_id
    from {{ ref('stg_perfectgym_v1__classes') }}
    where instructor__id <> 0
    group by installation, instructor__id
    union all
    select installation, instructor_id, {{ pg_null('text') }}, {{ pg_null('text') }}, {{ pg_null('bigint') }}
    from {{ ref('stg_perfectgym_v22__classes') }}
    where instructor_id <> 0
    group by installation, instructor_id

),

instructors as (

    select *, false as is_inferred from loaded
    union all
    select
        named.installation,
        named.id,
        named.first_name,
        named.last_name,
        {{ pg_null('boolean') }},
        named.employee_id,
        false,
        true
    from named
    left join loaded on loaded.installation = named.installation and loaded.id = named.id
    where loaded.id is null

)

select
    {{ pg_key('installation', 'id') }} as instructor_key,
    installation,
    first_name,
    last_name,
    {{ pg_trimmed("coalesce(first_name, '') || ' ' || coalesce(last_name, '')") }} as display_name,
    is_active,
    employee_id,
    is_deleted,
    is_inferred
from instructors
