{#- Attributes of a customer that cohorts and KPIs are broken down by, besides `all`. -#}
{% macro segment_dimensions() -%}
    {{ return(['acquisition_channel', 'country', 'first_sales_channel', 'first_category', 'first_order_discounted']) }}
{%- endmacro %}


{#- Adds up a table that is broken down by all dimensions at once to one row per dimension and value. -#}
{% macro sum_by_dimension(relation, keys, measures, dimensions=none) -%}
    {% for dimension in ['all'] + (segment_dimensions() if dimensions is none else dimensions) -%}
    {{ 'union all' if not loop.first }}
    select
        {% for key in keys -%}
        {{ key }},
        {% endfor -%}
        '{{ dimension }}' as dimension,
        {{ "'all'" if dimension == 'all' else dimension }} as dimension_value,
        {% for measure in measures -%}
        sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ relation }}
    group by {{ keys | join(', ') }}{{ ', ' ~ dimension if dimension != 'all' }}
    {% endfor -%}
{%- endmacro %}
