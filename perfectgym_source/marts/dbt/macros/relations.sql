{# A view has to work in a file under another name: the published one, or one that is attached. #}

{% macro ref() %}
  {% do return(perfectgym.pg_relation(builtins.ref(*varargs, **kwargs))) %}
{% endmacro %}

{% macro source() %}
  {% do return(perfectgym.pg_relation(builtins.source(*varargs, **kwargs))) %}
{% endmacro %}

{# A relation without its database, where that is the one of the target in DuckDB. #}
{% macro pg_relation(relation) %}
  {% if target.type == 'duckdb' and relation.database == target.database %}
    {% do return(relation.include(database=false)) %}
  {% endif %}
  {% do return(relation) %}
{% endmacro %}
