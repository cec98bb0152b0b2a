{#- Attributes of a customer that cohorts and KPIs are broken down by, besides `all`: the setting. -#}
{% macro segment_dimensions() -%}
    {{ return(var('segment_dimensions')) }}
{%- endmacro %}


{#- The dimensions that every shop has, whatever columns its customers carry. -#}
{% macro dimensions_of_every_shop() -%}
    {{ return(['acquisition_channel', 'country', 'first_sales_channel', 'first_category', 'first_order_discounted']) }}
{%- endmacro %}


{#- The other ones of the setting: columns of the shop's `customers`, read as text. -#}
{% macro dimensions_of_customers() -%}
    {{ return(segment_dimensions() | reject('in', dimensions_of_every_shop()) | list) }}
{%- endmacro %}


{#- Those of them that are no column of the raw entity `customers` anyway. -#}
{% macro further_columns_of_customers() -%}
    {{ return(dimensions_of_customers() | reject('equalto', 'loyalty_tier') | list) }}
{%- endmacro %}


{#- A value where `all` stands for all values together: what is called so itself is told apart, and null is `unknown`. -#}
{% macro value_beside_all(column) -%}
    case when {{ column }} = 'all' then 'all (value)' else coalesce({{ column }}, 'unknown') end
{%- endmacro %}
