{#- The engine that runs the models, so that a build can say where its figures come from; models never branch on it. -#}
{% macro engine() -%}
    {{ return(target.type) }}
{%- endmacro %}
