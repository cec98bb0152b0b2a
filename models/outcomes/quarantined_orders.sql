select
    rejection_reason,
    {% for column in raw_order_columns() %}
        {{ array_item('original_values', loop.index) }} as {{ column }},
    {% endfor %}
    source_file,
    malformed_line
from {{ ref('stg_orders') }}
where rejection_reason is not null
