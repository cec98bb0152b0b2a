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
