{#- A value of its own in a column that also has a row `all`: what is not known is `unknown`, and a real `all` stands as
    `all (value)`, so that it is not taken for everybody. -#}
{% macro named_value(column) -%}
    case when {{ column }} = 'all' then 'all (value)' else coalesce({{ column }}, 'unknown') end
{%- endmacro %}
