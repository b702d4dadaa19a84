with loaded as (

    select installation, id, name, category__name as category, is_deleted
    from {{ ref('stg_perfectgym_v1__class_types') }}
    union all
    select types.installation, types.id, types.name, categories.name, types.is_deleted
    from {{ ref('stg_perfectgym_v22__class_types') }} as types
    left join {{ ref('stg_perfectgym_v22__class_categories') }} as categories
        on categories.installation = types.installation and categories.id = types.category_id

),

{# Classes of v1 have the names with them. #}
named as (

    select
        installation,
        class_type__id as id,
        max(class_type__name) as name,
        max(class_type__category__name) as category
    from {{ ref('stg_perfectgym_v1__classes') }}
    where class_type__id <> 0
    group by installation, class_type__id
    union all
    select installation, class_type_id, {{ pg_null('text') }}, {{ pg_null('text') }}
    from {{ ref('stg_perfectgym_v22__classes') }}
    where class_type_id <> 0
    group by installation, class_type_id

),

types as (

    select *, false as is_inferred from loaded
    union all
    select named.installation, named.id, named.name, named.category, false, true
    from named
    left join loaded on loaded.installation = named.installation and loaded.id = named.id
    where loaded.id is null

)

select
    {{ pg_key('installation', 'id') }} as class_type_key,
    installation,
    name,
    category,
    is_deleted,
    is_inferred
from types
