{#- The engine that runs the models, for figures to be traced to; models never branch on it. -#}
{% macro engine() -%}
    {{ return(target.type) }}
{%- endmacro %}
