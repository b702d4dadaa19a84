{# An amount in cents: nine digits first, so that half a cent is half a cent where quotients are floats. #}
{% macro pg_cents(amount) -%}
  cast(round(cast({{ amount }} as numeric(28,9)), 2) as numeric(18,2))
{%- endmacro %}

{# A rate, or a number of months. #}
{% macro pg_rate(numerator, denominator) -%}
  cast(round(cast(cast({{ numerator }} as numeric(28,9)) / nullif(cast({{ denominator }} as numeric(28,9)), 0) as numeric(28,9)), 4) as numeric(9,4))
{%- endmacro %}

{# What an amount for one payment interval is in one month, in cents; NULL if the interval is not known.
   Without an interval it is spread over the commitment; without both, nothing is due each month.

   plan: the alias of a relation with the lengths of both. #}
{% macro pg_monthly(amount, plan) -%}
  {%- set days = var('pg_days_per_month') -%}
  {%- set interval = '(' ~ plan ~ '.interval_month_count * ' ~ days ~ ' + ' ~ plan ~ '.interval_day_count)' -%}
  {%- set commitment = '(' ~ plan ~ '.commitment_month_count * ' ~ days ~ ' + ' ~ plan ~ '.commitment_day_count)' -%}
  {%- set lasting = 'case when ' ~ interval ~ ' > 0 then ' ~ interval ~ ' else ' ~ commitment ~ ' end' -%}
  cast(case
    when {{ interval }} is null then case when {{ amount }} = 0 then 0 end
    when {{ interval }} > 0 or {{ commitment }} > 0
      then {{ perfectgym.pg_cents('cast(' ~ amount ~ ' as numeric(28,9)) * ' ~ days ~ ' / (' ~ lasting ~ ')') }}
    when {{ amount }} is not null then 0
  end as numeric(18,2))
{%- endmacro %}

{# The length of a period that is written as '1 Month' or '7 days': its months, or its days (unit); NULL
   if it is written otherwise. #}
{% macro pg_period_length(period, unit) -%}
  {%- set words = "lower(replace(replace(trim(" ~ period ~ "), '  ', ' '), '  ', ' '))" -%}
  {%- set number = perfectgym.pg_safe_cast(dbt.split_part(words, "' '", 1), 'bigint') -%}
  {%- set name = dbt.split_part(words, "' '", 2) -%}
  {%- set lengths = {'month': ('month', 1), 'quarter': ('month', 3), 'year': ('month', 12), 'day': ('day', 1), 'week': ('day', 7)} -%}
  case {{ name }} || coalesce(nullif('|' || {{ dbt.split_part(words, "' '", 3) }}, '|'), '')
  {%- for word, (of, length) in lengths.items() %}{% for ending in ['', 's'] %}
    when '{{ word ~ ending }}' then {{ number }} * {{ length if of == unit else 0 }}
  {%- endfor %}{% endfor %}
  end
{%- endmacro %}
