{#- Body of a CTE: the columns of all marts with their descriptions, as `mart`, `kpi` and `description`, without line breaks
    and marks of code. -#}
{% macro column_descriptions() -%}
    {%- set rows = [] -%}
    {%- for node in (graph.nodes.values() if execute else []) if node.resource_type == 'model' and node.schema == 'marts' -%}
        {%- for column in node.columns.values() -%}
            {%- do rows.append([node.name, column.name, column.description.replace('`', '').split() | join(' ')]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ table_of_texts(['mart', 'kpi', 'description'], rows) }}
{%- endmacro %}
