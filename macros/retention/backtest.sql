{#- The last of the 90 days after one, in which an order is waited for. -#}
{% macro followed_until(day) -%}
    {{ add_days(day, 90) }}
{%- endmacro %}


{#- Enough for a figure to one point in a hundred, and no more with more customers. -#}
{% macro most_customers_to_look_at() -%}
    100000
{%- endmacro %}


{#- With fewer customers on a side nothing is said of what is better. -#}
{% macro least_customers_to_judge() -%}
    30
{%- endmacro %}


{#- The standard error of a figure that is the mean of what customers pull it by, each customer's pulls summed up. Rounded, as the
    last digits of a sum depend on the order of its rows. -#}
{% macro deviation_of_pulls(pull) -%}
    round(sqrt(sum({{ pull }} * {{ pull }}) * {{ rate('count(*)', 'count(*) - 1') }}), 12)
{%- endmacro %}
