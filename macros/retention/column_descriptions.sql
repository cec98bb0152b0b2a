{#- Body of a CTE: the columns of all marts with their descriptions, as `mart`, `kpi` and `description`, without line breaks
    and marks of code. -#}
{% macro column_descriptions() -%}
    {%- set rows = [] -%}
    {%- for node in (graph.nodes.values() if execute else []) if node.resource_type == 'model' and node.schema == 'marts' -%}
        {%- for column in node.columns.values() -%}
            {%- set description = column.description.replace('`', '').split() | join(' ') -%}
            {%- do rows.append(
                '(' ~ text_literal(node.name) ~ ', ' ~ text_literal(column.name) ~ ', ' ~ text_literal(description) ~ ')'
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    select
        descriptions.mart,
        descriptions.kpi,
        descriptions.description
    from (
        values
        {{ rows | join(',\n        ') }}
    ) as descriptions (mart, kpi, description)
{%- endmacro %}
