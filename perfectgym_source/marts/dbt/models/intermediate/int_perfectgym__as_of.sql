{# Of each dataset: the installation, and the newest of its runs that loaded, as the wall clock of UTC. #}
{# The command gives the day by the environment: another variable would have dbt parse all files anew. #}
{%- set given = var('pg_as_of') or env_var('PERFECTGYM_MARTS_AS_OF', '') -%}
{%- set parts = [] -%}
{%- if execute -%}
  {%- for entry in perfectgym.pg_entries() -%}
    {%- set runs = perfectgym.pg_raw_relation(entry, '_runs') -%}
    {%- set loads = perfectgym.pg_raw_relation(entry, '_dlt_loads') -%}
    {%- set part -%}
select
    {{ 'dataset.installation' if entry.get('shared') else perfectgym.pg_installation(entry) }} as installation,
    coalesce(
        {% if runs -%}
        (
            select max({{ perfectgym.pg_utc('runs.started_at') }}) from {{ perfectgym.pg_relation(runs) }} as runs
            where (runs.outcome in ('ok', 'partial') or runs.exit_code in (10, 11)){% if entry.get('shared') %} and runs.installation = dataset.installation{% endif %}
        ),
        {%- endif %}
        {% if loads -%}
        (
            select max({{ perfectgym.pg_utc('loads.inserted_at') }}) from {{ perfectgym.pg_relation(loads) }} as loads
            where loads.status = 0
        ),
        {%- endif %}
        {{ perfectgym.pg_null('timestamp') }}
    ) as read_at
from {% if entry.get('shared') and entry.get('installations') -%}
(
    {%- for name in entry['installations'] %}
    select {{ perfectgym.pg_text(name) }} as installation{{ ' union all' if not loop.last }}
    {%- endfor %}
) as dataset
{%- elif entry.get('shared') and runs -%}
(select distinct installation from {{ perfectgym.pg_relation(runs) }} where installation is not null) as dataset
{%- else -%}
(select {{ perfectgym.pg_null('text') }} as installation) as dataset
{%- endif %}
    {%- endset -%}
    {%- do parts.append(part) -%}
  {%- endfor -%}
{%- endif -%}
{%- if not parts -%}
  {%- do parts.append('select ' ~ perfectgym.pg_null('text') ~ ' as installation, ' ~ perfectgym.pg_null('timestamp') ~ ' as read_at from (select 1 as one) as nothing where 1 = 0') -%}
{%- endif -%}

with reads as (

{{ parts | join('\nunion all\n') }}

),

days as (

    select
        installation,
        {% if given -%}
        {{ perfectgym.pg_date(given) }}
        {%- else -%}
        {{ perfectgym.pg_add_days(perfectgym.pg_day('max(read_at)'), -1) }}
        {%- endif %} as as_of_date
    from reads
    group by installation

)

select
    installation,
    as_of_date,
    {{ perfectgym.pg_midnight(perfectgym.pg_add_days('as_of_date', 1)) }} as as_of_at,
    {{ perfectgym.pg_add_days(perfectgym.pg_month(perfectgym.pg_add_days('as_of_date', 1)), -1) }} as last_complete_month_end
from days
