-- Every order with a usable row that was known on as_of_date has one current version, and none was updated later. Only
-- orders with several versions can have an older one; of all others it is enough that they are there.
with known_rows as (

    select
        order_id,
        updated_at
    from {{ ref('stg_orders') }}
    where
        rejection_reason is null
        and not {{ is_after_as_of_date('order_date', 'updated_date') }}

),

numbers as (

    select
        (select count(distinct known_rows.order_id) from known_rows) as known_orders,
        count(*) as current_orders  -- each once, by its rules
    from {{ ref('int_current_orders') }}

),

latest_versions as (

    select
        order_id,
        max(updated_at) as updated_at
    from known_rows
    where order_id in (select versions.order_id from {{ ref('int_order_versions') }} as versions)
    group by order_id

)

select
    latest_versions.order_id,
    latest_versions.updated_at as latest_update,
    current_orders.updated_at as current_update
from latest_versions
left join {{ ref('int_current_orders') }} as current_orders
    on latest_versions.order_id = current_orders.order_id
where
    current_orders.order_id is null
    or latest_versions.updated_at <> current_orders.updated_at
    or (latest_versions.updated_at is not null and current_orders.updated_at is null)
union all
select
    'the number of orders' as order_id,
    null as latest_update,
    null as current_update
from numbers
where known_orders <> current_orders
