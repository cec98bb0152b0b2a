{%- set days_before = 28 -%}
select
    customers.customer_id,
    as_of.as_of_date
from {{ ref('int_customers') }} as customers
cross join {{ ref('int_as_of') }} as as_of
union all
select
    customers.customer_id,
    {{ add_days('as_of.as_of_date', -days_before) }} as as_of_date
from {{ ref('int_customers') }} as customers
cross join {{ ref('int_as_of') }} as as_of
where customers.first_order_date <= {{ add_days('as_of.as_of_date', -days_before) }}
