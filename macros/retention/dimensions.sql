{#- Attributes of a customer that cohorts and KPIs are broken down by, besides `all`. -#}
{% macro segment_dimensions() -%}
    {{ return(['acquisition_channel', 'country', 'first_sales_channel', 'first_category', 'first_order_discounted']) }}
{%- endmacro %}
