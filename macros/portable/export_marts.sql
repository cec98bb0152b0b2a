{#- dbt run-operation export_marts --args '{folder: /path}': every mart as Parquet files in the folder <schema>/<name>, for
    publishing what Spark built and for comparing two builds. `models` names other models, or only some. The folder <schema> must
    exist. -#}
{% macro export_marts(folder, models=none) %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' %}
        {% if (models is none and node.schema == 'marts') or node.name in (models or []) %}
            {% do export_to_parquet(node.schema, node.name, folder ~ '/' ~ node.schema, node.config.meta.get('exported_by', {})) %}
        {% endif %}
    {% endfor %}
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

{#- Through a table, because only tables can be partitioned; when it is dropped, its files stay. The hint `rebalance` gives files
    of a good size, not one for each task. Spark's own timestamp is an instant and has a zone in files; ours have none. -#}
{% macro spark__export_to_parquet(schema, table, folder, partition) %}
    {% set columns = [] %}
    {% for row in run_query('describe query select * from ' ~ schema ~ '.' ~ table).rows %}
        {% do columns.append('cast(' ~ row[0] ~ ' as timestamp_ntz) as ' ~ row[0] if row[1] == 'timestamp' else row[0]) %}
    {% endfor %}
    {% if partition %}
        {% do columns.append(period_start('month', partition.of_date) ~ ' as ' ~ partition.month) %}
        {% set layout, rebalance = 'partitioned by (' ~ partition.month ~ ')', 'rebalance(' ~ partition.month ~ ')' %}
    {% else %}
        {% set layout, rebalance = '', 'rebalance' %}
    {% endif %}
    {% do run_query('create schema if not exists exported') %}
    {% do run_query('drop table if exists exported.' ~ table) %}
    {% do run_query(
        'create table exported.' ~ table ~ ' using parquet ' ~ layout ~ ' location ' ~ text_literal(folder ~ '/' ~ table)
        ~ ' as select /*+ ' ~ rebalance ~ ' */ ' ~ columns | join(', ') ~ ' from ' ~ schema ~ '.' ~ table
    ) %}
    {% do run_query('drop table exported.' ~ table) %}
{% endmacro %}
