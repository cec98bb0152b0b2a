-- Customers are added up by segment_id, one number per combination of all dimensions, and only those sums by dimension.
with customers_by_segment as (

    select
        {% for dimension in segment_dimensions() %}
            max({{ dimension }}) as {{ dimension }},
        {% endfor %}
        segment_id
    from {{ ref('int_customers') }}
    group by segment_id

)

select
    segment_id,
    'all' as dimension,
    'all' as dimension_value
from customers_by_segment
{% for dimension in segment_dimensions() %}
    union all
    select
        segment_id,
        '{{ dimension }}' as dimension,
        coalesce({{ dimension }}, 'unknown') as dimension_value
    from customers_by_segment
    -- A dimension that is null for all customers has no rows anywhere.
    where exists (
        select 1 from customers_by_segment as any_segment
        where any_segment.{{ dimension }} is not null
    )
{% endfor %}
