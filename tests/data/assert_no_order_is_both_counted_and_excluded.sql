-- An order that counts may have rows that were not known yet on as_of_date, or name an erased
-- person, but is excluded for no other reason.
select excluded.order_id
from {{ ref('excluded_orders') }} as excluded
inner join {{ ref('int_order_sequence') }} as counted
    on excluded.order_id = counted.order_id
where excluded.exclusion_reason not in ('after_as_of_date', 'erased')
