-- A dimension that is null for all customers has no rows anywhere.
select 'all' as dimension
{% for dimension in segment_dimensions() -%}
union all
select '{{ dimension }}' as dimension
from {{ ref('int_customers') }}
having count({{ dimension }}) > 0
{% endfor -%}
