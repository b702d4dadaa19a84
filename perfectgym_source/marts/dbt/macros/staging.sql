{# The dataset of an entry of `pg_sources`, and the relation of one of its tables; none if it is not there. #}
{% macro pg_raw_relation(entry, table) %}
  {% set database = entry.get('database') or target.database %}
  {% do return(adapter.get_relation(database=database, schema=entry['schema'], identifier=table)) %}
{% endmacro %}

{# The entries of `pg_sources` of a generation (v1, v22) of the API. #}
{% macro pg_entries(generation=none) %}
  {% set found = [] %}
  {% for entry in var('pg_sources', []) %}
    {% if entry.get('api') not in ['v1', 'v22'] %}
      {% do exceptions.raise_compiler_error("pg_sources: api is 'v1' or 'v22', not '" ~ entry.get('api') ~ "'") %}
    {% endif %}
    {% if generation is none or entry['api'] == generation %}
      {% do found.append(entry) %}
    {% endif %}
  {% endfor %}
  {% do return(found) %}
{% endmacro %}

{# The name of the installation, as an expression: in a shared dataset each row has it. #}
{% macro pg_installation(entry) -%}
  {%- if entry.get('shared') -%}
    {{ adapter.quote(entry.get('_installation', 'installation')) }}
  {%- else -%}
    {{ perfectgym.pg_text(entry.get('installation') or entry['schema']) }}
  {%- endif -%}
{%- endmacro %}

{# A column of a loaded table as the type that was declared. Personal data may be hashes, which are text. #}
{% macro pg_column(column, type) %}
  {%- set name = adapter.quote(column.name) -%}
  {%- set is_text = column.is_string() or column.dtype | lower in ('varchar', 'text', 'string', 'json', 'jsonb') -%}
  {%- set has_zone = column.dtype | lower in ('timestamp with time zone', 'timestamptz', 'timestamp_tz') -%}
  {%- if type == 'text' -%}
    {{ perfectgym.pg_trimmed(name if is_text else 'cast(' ~ name ~ ' as ' ~ perfectgym.pg_type('text') ~ ')') }}
  {%- elif is_text -%}
    {{ perfectgym.pg_safe_cast(name, type) }}
  {%- elif has_zone and type in ('timestamp', 'date') -%}
    cast({{ perfectgym.pg_utc(name) }} as {{ perfectgym.pg_type(type) }})
  {%- elif type.startswith('numeric') -%}
    case when abs({{ name }}) < 1000000000000000 then cast({{ name }} as {{ type }}) end
  {%- else -%}
    cast({{ name }} as {{ perfectgym.pg_type(type) }})
  {%- endif -%}
{% endmacro %}

{# One staging model: the table of all datasets of a generation, typed, with the key, the installation and
   the row's version. What is not there is empty (a table) or NULL (a column).

   generation: v1 or v22. table: its name. key: the columns that are unique in one installation.
   columns: what is taken, as {name: type}; the types are those of `pg_type`.
   drop_deleted: whether deleted rows are left out; otherwise `is_deleted` tells. #}
{% macro pg_staging(generation, table, key, columns, drop_deleted=false) %}
  {% do source('perfectgym_' ~ generation, table) %}
  {% set version = 'timestamp' if generation == 'v1' else 'version' %}
  {% set parts = [] %}
  {% for entry in perfectgym.pg_entries(generation) if execute %}
    {% set relation = perfectgym.pg_raw_relation(entry, table) %}
    {% if relation %}
      {% do parts.append(perfectgym.pg_staging_part(entry, relation, version, key, columns, drop_deleted)) %}
    {% endif %}
  {% endfor %}
  {% if parts %}
    {{- parts | join('\nunion all\n') -}}
  {% else %}
    {{- perfectgym.pg_staging_empty(columns, drop_deleted) -}}
  {% endif %}
{% endmacro %}

{% macro pg_staging_part(entry, relation, version, key, columns, drop_deleted) %}
{%- set found = {} -%}
{%- for column in adapter.get_columns_in_relation(relation) -%}
  {%- do found.update({column.name | lower: column}) -%}
{%- endfor -%}
{%- if entry.get('shared') and 'installation' in found -%}
  {%- set entry = dict(entry, _installation=found['installation'].name) -%}
{%- endif -%}
{%- set installation = perfectgym.pg_installation(entry) -%}
{%- set ids = [] -%}
{%- for name in key -%}
  {%- do ids.append(adapter.quote(found[name].name) if name in found else perfectgym.pg_null('text')) -%}
{%- endfor %}
select
    {{ installation }} as installation,
    {{ perfectgym.pg_key(installation, *ids) }} as row_key,
{%- for name, type in columns.items() if name != 'is_deleted' %}
    {{ perfectgym.pg_column(found[name], type) if name in found else perfectgym.pg_null(type) }} as {{ name }},
{%- endfor %}
{%- if not drop_deleted %}
    {{ 'coalesce(' ~ adapter.quote(found['is_deleted'].name) ~ ', false)' if 'is_deleted' in found else 'false' }} as is_deleted,
{%- endif %}
    {{ perfectgym.pg_column(found[version], 'bigint') if version in found else perfectgym.pg_null('bigint') }} as row_version
from {{ perfectgym.pg_relation(relation) }}
{%- if drop_deleted and 'is_deleted' in found %}
where not coalesce({{ adapter.quote(found['is_deleted'].name) }}, false)
{%- endif %}
{%- endmacro %}

{% macro pg_staging_empty(columns, drop_deleted) %}
select
    {{ perfectgym.pg_null('text') }} as installation,
    {{ perfectgym.pg_null('text') }} as row_key,
{%- for name, type in columns.items() if name != 'is_deleted' %}
    {{ perfectgym.pg_null(type) }} as {{ name }},
{%- endfor %}
{%- if not drop_deleted %}
    {{ perfectgym.pg_null('boolean') }} as is_deleted,
{%- endif %}
    {{ perfectgym.pg_null('bigint') }} as row_version
from (select 1 as one) as nothing
where 1 = 0
{%- endmacro %}
