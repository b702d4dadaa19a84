{# The day of a time. #}
{% macro pg_day(expression) -%}
  cast({{ expression }} as date)
{%- endmacro %}

{# A day plus days or months, as a date: dbt's dateadd makes a timestamp of it in some databases. #}
{% macro pg_add_days(day, days) -%}
  cast({{ dbt.dateadd('day', days, day) }} as date)
{%- endmacro %}
{% macro pg_add_months(day, months) -%}
  cast({{ dbt.dateadd('month', months, day) }} as date)
{%- endmacro %}

{# The first day of a month. #}
{% macro pg_month(day) -%}
  cast({{ dbt.date_trunc('month', day) }} as date)
{%- endmacro %}

{# The last day of a month, of any day in it. #}
{% macro pg_month_end(day) -%}
  cast({{ dbt.last_day(day, 'month') }} as date)
{%- endmacro %}

{# The first moment of a day, as a local time. #}
{% macro pg_midnight(day) -%}
  cast({{ day }} as {{ perfectgym.pg_type('timestamp') }})
{%- endmacro %}

{# A date that is written in the project: 'YYYY-MM-DD'. #}
{% macro pg_date(text) -%}
  cast('{{ text }}' as date)
{%- endmacro %}

{# Whole days, or seconds, from one time to a later one. #}
{% macro pg_days_between(first, second) -%}
  cast({{ dbt.datediff(first, second, 'day') }} as {{ perfectgym.pg_type('bigint') }})
{%- endmacro %}
{% macro pg_months_between(first, second) -%}
  cast({{ dbt.datediff(first, second, 'month') }} as {{ perfectgym.pg_type('bigint') }})
{%- endmacro %}
{% macro pg_seconds_between(first, second) -%}
  cast({{ dbt.datediff(first, second, 'second') }} as {{ perfectgym.pg_type('bigint') }})
{%- endmacro %}

{# The hour of a local time, 0 to 23. #}
{% macro pg_hour(expression) -%}
  cast(extract(hour from {{ expression }}) as {{ perfectgym.pg_type('bigint') }})
{%- endmacro %}

{# The day of the week, 1 (Monday) to 7: counted from a Monday, which is the same in all databases. #}
{% macro pg_weekday(expression) -%}
  {%- set days = perfectgym.pg_days_between(perfectgym.pg_date('1900-01-01'), perfectgym.pg_day(expression)) -%}
  {{ perfectgym.pg_modulo(days, 7) }} + 1
{%- endmacro %}

{# The remainder, of a number that may be negative, from 0 to the divisor less 1. #}
{% macro pg_modulo(number, divisor) -%}
  mod(mod({{ number }}, {{ divisor }}) + {{ divisor }}, {{ divisor }})
{%- endmacro %}

{# A number divided by another one, both whole and not negative, without the remainder: databases differ. #}
{% macro pg_divide(number, divisor) -%}
  cast(({{ number }} - {{ perfectgym.pg_modulo(number, divisor) }}) / {{ divisor }} as {{ perfectgym.pg_type('bigint') }})
{%- endmacro %}
