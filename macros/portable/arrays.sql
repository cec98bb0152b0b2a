{#- One item of an array, counted from 1. -#}
{% macro array_item(array, position) -%}
    {{ return(adapter.dispatch('array_item', 'stammkunde')(array, position)) }}
{%- endmacro %}

{% macro default__array_item(array, position) -%}
    {{ array }}[{{ position }}]
{%- endmacro %}

{% macro spark__array_item(array, position) -%}
    element_at({{ array }}, {{ position }})
{%- endmacro %}


{#- Rows of unit tests write arrays as [a, null] or as the text '[a, null]', which DuckDB casts by itself. dbt calls this
    macro for every value of such a row. -#}
{% macro spark__safe_cast(field, type) -%}
    {%- if not type.startswith('array') or field == 'null' -%}
    cast({{ field }} as {{ type }})
    {%- else -%}
    {%- set items = [] -%}
    {%- for item in (field[2:-2].split(', ') if field is string else field) -%}
        {%- do items.append('null' if item == 'null' else dbt.string_literal(dbt.escape_single_quotes(item))) -%}
    {%- endfor -%}
    cast({{ dbt.array_construct(items) }} as {{ type }})
    {%- endif -%}
{%- endmacro %}
