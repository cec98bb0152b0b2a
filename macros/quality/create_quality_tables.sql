{#- Start of every run: a view over each file that refreshes keep, quality.<table> or predictions.<table>, empty where there is none
    (see models/quality/quality.yml and models/predictions/predictions.yml). -#}
{% macro create_quality_tables() %}
    {% if execute %}
        {% do run_query('create schema if not exists quality') %}
        {% do run_query('create schema if not exists predictions') %}
        {% for table in graph.sources.values() if table.source_name in ['quality', 'predictions'] %}
            {% set folder = 'state/predictions' if table.source_name == 'predictions' else table.config.meta.folder or 'state' %}
            {% set path = folder_of_refreshes(folder) ~ '/' ~ table.name %}
            {% set by_day = table.config.meta.by_day %}
            {% set found = state_file_exists(path ~ ('/columns.parquet' if by_day else '.parquet')) %}
            {% set reader = none %}
            {% if found %}
                {% set reader = parquet_folder_reader(path) if by_day else raw_reader('parquet', [path ~ '.parquet']) %}
            {% endif %}
            {% set present = raw_column_types(reader) if found else {} %}
            {% set expressions = [] %}
            {% for column in table.columns.values() %}
                {% do expressions.append(
                    'cast(' ~ (column.name if column.name in present else 'null') ~ ' as ' ~ column.data_type ~ ') as ' ~ column.name
                ) %}
            {% endfor %}
            {% do run_query(
                'create or replace view ' ~ table.source_name ~ '.' ~ table.name ~ ' as select ' ~ expressions | join(', ')
                ~ (' from ' ~ reader if found else ' where false')
            ) %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{#- Where refreshes of this warehouse keep what they note, beside it: `state` can be rebuilt, `records` cannot. -#}
{% macro folder_of_refreshes(kind) %}
    {% set warehouse = env_var('STAMMKUNDE_WAREHOUSE', 'warehouse/stammkunde.duckdb') %}
    {{ return(modules.re.sub('[.][^./]*$', '', warehouse) ~ '.' ~ kind) }}
{% endmacro %}


{#- What identifies this build: the refresh that runs dbt, else the dbt run itself. -#}
{% macro build_id() %}
    {{ return(env_var('STAMMKUNDE_BUILD_ID', '') or invocation_id) }}
{% endmacro %}
