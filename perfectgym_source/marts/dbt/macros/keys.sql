{# A key that is unique over all installations: the installation and the ids, with pipes between them.
   NULL if one of them is. #}
{% macro pg_key(installation) -%}
  {{ installation }}
  {%- for id in varargs %} || '|' || cast({{ id }} as {{ perfectgym.pg_type('text') }}){% endfor -%}
{%- endmacro %}
