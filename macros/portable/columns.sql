{#- Expressions by name as the columns of a select. -#}
{% macro as_columns(expressions) -%}
    {%- set columns = [] -%}
    {%- for name, expression in expressions.items() -%}
        {%- do columns.append(expression | trim ~ ' as ' ~ name) -%}
    {%- endfor -%}
    {{ columns | join(',\n        ') }}
{%- endmacro %}
