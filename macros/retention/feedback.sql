{#- What a customer says of the shop on the scale of the net promoter score. -#}
{% macro is_promoter(value) -%}
    {{ value }} >= 9
{%- endmacro %}

{% macro is_detractor(value) -%}
    {{ value }} <= 6
{%- endmacro %}


{#- What a customer says of the support, from 1 to 5. -#}
{% macro is_satisfied(value) -%}
    {{ value }} >= 4
{%- endmacro %}

{% macro is_dissatisfied(value) -%}
    {{ value }} <= 2
{%- endmacro %}


{#- What the mean of two middle values is taken of: rank in order, among so many. -#}
{% macro is_in_the_middle(rank, rows) -%}
    2 * {{ rank }} between {{ rows }} and {{ rows }} + 2
{%- endmacro %}
