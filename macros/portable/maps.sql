{#- Texts by name in one column, to be read as column['name'] on every engine. `expressions` are SQL by name. -#}
{% macro map_of_texts(expressions) -%}
    {{ return(adapter.dispatch('map_of_texts', 'stammkunde')(expressions)) }}
{%- endmacro %}

{% macro default__map_of_texts(expressions) -%}
    map(
        ['{{ expressions.keys() | join("', '") }}'],
        [{{ expressions.values() | join(', ') }}]
    )
{%- endmacro %}

{% macro spark__map_of_texts(expressions) -%}
    map(
        {%- for name, expression in expressions.items() %}
        '{{ name }}', {{ expression }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}


{#- dbt calls this for every value of a unit test. A map is written there as DuckDB reads it: {name="a text", other=null}. -#}
{% macro spark__safe_cast(field, type) -%}
    {%- if not type.startswith('map') or field == 'null' -%}
    cast({{ field }} as {{ type }})
    {%- else -%}
    {%- set values = {} -%}
    {%- for item in field[2:-2].split(', ') -%}
        {%- set name, _, value = item.partition('=') -%}
        {%- do values.update({name: 'null' if value == 'null' else text_literal(value[1:-1])}) -%}
    {%- endfor -%}
    cast({{ map_of_texts(values) }} as {{ type }})
    {%- endif -%}
{%- endmacro %}
