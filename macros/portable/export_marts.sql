{#- dbt run-operation export_marts --args '{folder: /path}': every mart as Parquet files in a folder of its name, for
    comparing engines. The folder must exist. -#}
{% macro export_marts(folder) %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.schema == 'marts' %}
        {% do run_query(export_to_parquet(node.schema ~ '.' ~ node.name, folder ~ '/' ~ node.name)) %}
    {% endfor %}
{% endmacro %}


{% macro export_to_parquet(relation, folder) -%}
    {{ return(adapter.dispatch('export_to_parquet', 'stammkunde')(relation, folder)) }}
{%- endmacro %}

{% macro default__export_to_parquet(relation, folder) -%}
    copy {{ relation }} to '{{ folder }}' (format parquet, per_thread_output true)
{%- endmacro %}

{% macro spark__export_to_parquet(relation, folder) -%}
    insert overwrite directory '{{ folder }}' using parquet select * from {{ relation }}
{%- endmacro %}
