{# The currency of a club, or of what has no club; the API names none. #}
{% macro pg_currency_of(club_key) -%}
  {%- set currencies = var('pg_club_currency') or {} -%}
  {%- set currency = perfectgym.pg_text(var('pg_currency')) if var('pg_currency') else perfectgym.pg_null('text') -%}
  {%- if currencies -%}
  case {{ club_key }}
    {%- for key, other in currencies.items() %}
    when {{ perfectgym.pg_text(key) }} then {{ perfectgym.pg_text(other) }}
    {%- endfor %}
    else {{ currency }}
  end
  {%- else -%}
  {{ currency }}
  {%- endif -%}
{%- endmacro %}

{# Whether a club is one of those that do not count, by name or key. #}
{% macro pg_is_excluded(club_key, name) -%}
  {%- set clubs = [] -%}
  {%- for club in var('pg_exclude_clubs') or [] -%}
    {%- do clubs.append(perfectgym.pg_text(club | string)) -%}
  {%- endfor -%}
  {%- if clubs -%}
  coalesce({{ club_key }} in ({{ clubs | join(', ') }}) or {{ name }} in ({{ clubs | join(', ') }}), false)
  {%- else -%}
  false
  {%- endif -%}
{%- endmacro %}
