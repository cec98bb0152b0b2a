select
    {% if var('as_of_date') is none -%}
        max(order_date) as as_of_date,
    {% else -%}
    cast('{{ var("as_of_date") }}' as date) as as_of_date,
    {% endif -%}
    min(order_date) as first_order_date,
    upper('{{ var("reporting_currency") }}') as reporting_currency
from {{ ref('int_order_sequence') }}
