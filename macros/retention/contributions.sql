{#- What a segment adds to the change of the overall retained rate between two periods. The columns of the other period end
    in `before`: `_before` or `_year_before`. Both are measured against the average of the two overall rates, so that no
    segment is credited for its size. -#}
{% macro average_overall_rate(before) -%}
    (
            {{ rate('all_retained', 'all_at_start') }}
            + {{ rate('all_retained' ~ before, 'all_at_start' ~ before) }}
        ) / 2
{%- endmacro %}

{% macro retained_rate_contribution(before) -%}
    {%- set benchmark = 'average_rate' ~ before -%}
    {{ rate('retained_customers - ' ~ benchmark ~ ' * customers_at_start', 'all_at_start') }}
        - {{ rate(
            'retained_customers' ~ before ~ ' - ' ~ benchmark ~ ' * customers_at_start' ~ before, 'all_at_start' ~ before
        ) }}
{%- endmacro %}

{#- The part of it that comes from the segment's own rate: 0 where it had nobody in one of the periods. -#}
{% macro rate_effect(before) -%}
    case
            when average_rate{{ before }} is null then null
            when customers_at_start = 0 or customers_at_start{{ before }} = 0 then 0
            else (
                {{ rate('customers_at_start', 'all_at_start') }}
                + {{ rate('customers_at_start' ~ before, 'all_at_start' ~ before) }}
            ) / 2 * (retained_customer_rate - retained_customer_rate{{ before }})
        end
{%- endmacro %}
