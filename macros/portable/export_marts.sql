{#- dbt run-operation export_marts --args '{folder: /path}': every mart as Parquet files in the folder <schema>/<name>, for
    comparing two builds. The folder <schema> must exist. -#}
{% macro export_marts(folder) %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.schema == 'marts' %}
        {% do export_to_parquet(node.schema, node.name, folder ~ '/' ~ node.schema, node.config.meta.get('exported_by', {})) %}
    {% endfor %}
{% endmacro %}


{#- After a model is built: its rows as Parquet where the refresh that runs dbt collects them (STAMMKUNDE_COLLECTED). Only a
    refresh on another engine than DuckDB does. Marts behind the gate have no rows yet. -#}
{% macro export_for_refresh() %}
    {% set folder = env_var('STAMMKUNDE_COLLECTED', '') if execute %}
    {% set meta = config.get('meta', {}) %}
    {% if folder and meta.get('phase') != 'after_the_gate' %}
        {% do export_to_parquet(this.schema, this.name, folder ~ '/' ~ this.schema, meta.get('exported_by', {})) %}
    {% endif %}
{% endmacro %}


{#- One table as Parquet files. `partition` names a column for the month, and the date to take it from: each month is then a
    folder. -#}
{% macro export_to_parquet(schema, table, folder, partition) %}
    {{ return(adapter.dispatch('export_to_parquet', 'stammkunde')(schema, table, folder, partition)) }}
{% endmacro %}

{% macro default__export_to_parquet(schema, table, folder, partition) %}
    {% if partition %}
        {% set columns = '*, ' ~ period_start('month', partition.of_date) ~ ' as ' ~ partition.month %}
        {% set layout = 'partition_by (' ~ partition.month ~ ')' %}
    {% else %}
        {% set columns, layout = '*', 'per_thread_output true' %}
    {% endif %}
    {% do run_query(
        'copy (select ' ~ columns ~ ' from ' ~ schema ~ '.' ~ table ~ ') to ' ~ text_literal(folder ~ '/' ~ table)
        ~ ' (format parquet, ' ~ layout ~ ')'
    ) %}
{% endmacro %}

{#- The hint `rebalance` gives files of a good size, not one for each task. Spark's own timestamp is an instant and has a zone in
    files; ours have none. Only tables can be partitioned: months go through one, whose files stay when it is dropped. -#}
{% macro spark__export_to_parquet(schema, table, folder, partition) %}
    {% set columns = [] %}
    {% for row in run_query('describe query select * from ' ~ schema ~ '.' ~ table).rows %}
        {% do columns.append('cast(' ~ row[0] ~ ' as timestamp_ntz) as ' ~ row[0] if row[1] == 'timestamp' else row[0]) %}
    {% endfor %}
    {% set path = text_literal(folder ~ '/' ~ table) %}
    {% if not partition %}
        {% do run_query(
            'insert overwrite directory ' ~ path ~ ' using parquet select /*+ rebalance */ ' ~ columns | join(', ')
            ~ ' from ' ~ schema ~ '.' ~ table
        ) %}
        {{ return('') }}
    {% endif %}
    {% do run_query('create schema if not exists exported') %}
    {% do run_query('drop table if exists exported.' ~ table) %}
    {% do run_query(
        'create table exported.' ~ table ~ ' using parquet partitioned by (' ~ partition.month ~ ') location ' ~ path
        ~ ' as select /*+ rebalance(' ~ partition.month ~ ') */ ' ~ columns | join(', ') ~ ', '
        ~ period_start('month', partition.of_date) ~ ' as ' ~ partition.month ~ ' from ' ~ schema ~ '.' ~ table
    ) %}
    {% do run_query('drop table exported.' ~ table) %}
{% endmacro %}
