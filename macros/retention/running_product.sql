{#- Product of factors between 0 and 1 along an ordered partition. Engines have no such aggregate, so logarithms are added up. -#}
{% macro running_product(factor, window) -%}
    case
        when min({{ factor }}) over {{ window }} <= 0 then 0
        else exp(sum(ln(case when {{ factor }} > 0 then {{ factor }} end)) over {{ window }})
    end
{%- endmacro %}
