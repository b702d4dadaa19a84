{# The name that the database has for one of our types; an unknown one is taken as it is. #}
{% macro pg_type(name) %}
  {%- if name == 'text' -%}{{ dbt.type_string() }}
  {%- elif name == 'bigint' -%}{{ dbt.type_bigint() }}
  {%- elif name == 'boolean' -%}{{ dbt.type_boolean() }}
  {%- elif name == 'timestamp' -%}{{ perfectgym.pg_type_timestamp() }}
  {%- elif name == 'timestamptz' -%}{{ perfectgym.pg_type_timestamptz() }}
  {%- else -%}{{ name }}
  {%- endif -%}
{% endmacro %}

{# A date and a time of day without a zone. #}
{% macro pg_type_timestamp() %}{{ return(adapter.dispatch('pg_type_timestamp', 'perfectgym')()) }}{% endmacro %}
{% macro default__pg_type_timestamp() %}timestamp{% endmacro %}
{% macro bigquery__pg_type_timestamp() %}datetime{% endmacro %}
{% macro snowflake__pg_type_timestamp() %}timestamp_ntz{% endmacro %}
{% macro databricks__pg_type_timestamp() %}timestamp_ntz{% endmacro %}

{# An instant. #}
{% macro pg_type_timestamptz() %}{{ return(adapter.dispatch('pg_type_timestamptz', 'perfectgym')()) }}{% endmacro %}
{% macro default__pg_type_timestamptz() %}timestamp with time zone{% endmacro %}
{% macro bigquery__pg_type_timestamptz() %}timestamp{% endmacro %}
{% macro snowflake__pg_type_timestamptz() %}timestamp_tz{% endmacro %}
{% macro databricks__pg_type_timestamptz() %}timestamp{% endmacro %}

{# NULL of a type. #}
{% macro pg_null(type) -%}
  cast(null as {{ perfectgym.pg_type(type) }})
{%- endmacro %}

{# A text of ours as a literal. #}
{% macro pg_text(value) -%}
  cast({{ dbt.string_literal(dbt.escape_single_quotes(value)) }} as {{ perfectgym.pg_type('text') }})
{%- endmacro %}

{# The text without blanks around it; NULL if nothing is left. #}
{% macro pg_trimmed(expression) -%}
  nullif(trim({{ expression }}), '')
{%- endmacro %}

{# A text as another type; NULL where it is not one. #}
{% macro pg_safe_cast(expression, type) -%}
  {{ return(adapter.dispatch('pg_safe_cast', 'perfectgym')(expression, type)) }}
{%- endmacro %}
{% macro default__pg_safe_cast(expression, type) -%}
  try_cast({{ expression }} as {{ perfectgym.pg_type(type) }})
{%- endmacro %}
{% macro bigquery__pg_safe_cast(expression, type) -%}
  safe_cast({{ expression }} as {{ perfectgym.pg_type(type) }})
{%- endmacro %}
{# PostgreSQL 16 could ask pg_input_is_valid; older ones need a pattern. Where it cannot tell, as for
   30 February, a date is built of numbers and compared. #}
{% macro postgres__pg_safe_cast(expression, type) -%}
  {%- set text = 'trim(cast(' ~ expression ~ ' as text))' -%}
  {%- set day = "'^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8]|29|30|31)" -%}
  {%- set last_day = "extract(day from date_trunc('month', cast(substr(" ~ text ~ ", 1, 7) || '-01' as date)) + interval '1 month' - interval '1 day')" -%}
  {%- if type == 'text' -%}
    cast({{ expression }} as text)
  {%- elif type == 'boolean' -%}
    case when lower({{ text }}) in ('t', 'true', '1', 'f', 'false', '0') then cast({{ text }} as boolean) end
  {%- elif type == 'bigint' -%}
    case when {{ text }} ~ '^[+-]?[0-9]{1,18}$' then cast({{ text }} as bigint) end
  {%- elif type == 'date' -%}
    case when {{ text }} ~ {{ day }}([ T].*)?$' and substr({{ text }}, 1, 4) <> '0000' then
      case when cast(substr({{ text }}, 9, 2) as integer) <= {{ last_day }} then cast(substr({{ text }}, 1, 10) as date) end
    end
  {%- elif type in ('timestamp', 'timestamptz') -%}
    case when {{ text }} ~ {{ day }}([ T]([01][0-9]|2[0-3])(:[0-5][0-9]){1,2}(\.[0-9]+)?(Z|[+-][01][0-9](:?[0-5][0-9])?)?)?$' and substr({{ text }}, 1, 4) <> '0000' then
      case when cast(substr({{ text }}, 9, 2) as integer) <= {{ last_day }} then cast({{ text }} as {{ perfectgym.pg_type(type) }}) end
    end
  {%- else -%}
    case when {{ text }} ~ '^[+-]?([0-9]{1,15}(\.[0-9]*)?|\.[0-9]+)$' then cast({{ text }} as {{ type }}) end
  {%- endif -%}
{%- endmacro %}

{# An instant as the wall clock of UTC. #}
{% macro pg_utc(expression) -%}
  {{ return(adapter.dispatch('pg_utc', 'perfectgym')(expression)) }}
{%- endmacro %}
{% macro default__pg_utc(expression) -%}
  (({{ expression }}) at time zone 'UTC')
{%- endmacro %}
{% macro bigquery__pg_utc(expression) -%}
  datetime({{ expression }}, 'UTC')
{%- endmacro %}
{% macro snowflake__pg_utc(expression) -%}
  cast(convert_timezone('UTC', {{ expression }}) as timestamp_ntz)
{%- endmacro %}
{% macro databricks__pg_utc(expression) -%}
  to_utc_timestamp({{ expression }}, current_timezone())
{%- endmacro %}
