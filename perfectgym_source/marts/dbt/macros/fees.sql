{# The kind of a fee or charge, of any of the names that the API has for it. #}
{% macro pg_fee_kind(type) -%}
  {%- set word = "replace(replace(lower(" ~ type ~ "), ' ', ''), '-', '')" -%}
  case
    when {{ word }} in ('membership', 'membershipfee', 'prorata', 'upfront') then 'membership'
    when {{ word }} in ('joiningfee', 'joining', 'registrationfee') then 'joining'
    when {{ word }} in ('adminfee', 'administrationfee', 'administationfee', 'admin', 'maintenancefee', 'membershipservicefee') then 'admin'
    when {{ word }} in ('freeze', 'freezefee', 'freezfee') then 'freeze'
    when {{ word }} in ('addon', 'addonfee') then 'addon'
    else 'other'
  end
{%- endmacro %}

{# The bucket of an age in days, by `pg_ageing_days`: '1-30', '31-60', ..., and '91+'. #}
{% macro pg_age_bucket(age) -%}
  {%- set limits = var('pg_ageing_days') -%}
  case
    when {{ age }} <= 0 then 'not_due'
    {%- for limit in limits %}
    when {{ age }} <= {{ limit }} then '{{ 1 if loop.first else loop.previtem + 1 }}-{{ limit }}'
    {%- endfor %}
    when {{ age }} is not null then '{{ limits | last + 1 }}+'
    else 'not_due'
  end
{%- endmacro %}

{# An amount that is negative if it was paid back: the API does not say which sign it has. #}
{% macro pg_signed(amount, is_refund) -%}
  case when {{ is_refund }} then -abs({{ amount }}) else {{ amount }} end
{%- endmacro %}
