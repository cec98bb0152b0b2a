with baseline as (

    select baseline_as_of_date
    from {{ source('quality', 'builds') }}
    where build_id = '{{ build_id() }}'

),

orders_now as (

    select
        orders.order_id,
        orders.order_date,
        orders.net_amount,
        orders.updated_at
    from {{ ref('int_order_sequence') }} as orders
    inner join baseline
        on orders.order_date <= baseline.baseline_as_of_date

),

differences as (

    select
        orders_before.order_date as order_date_before,
        orders_now.order_date as order_date_now,
        orders_before.net_amount as net_amount_before,
        orders_now.net_amount as net_amount_now,
        orders_before.updated_at as updated_at_before,
        orders_now.updated_at as updated_at_now,
        coalesce(orders_before.order_id, orders_now.order_id) as order_id
    from {{ source('quality', 'published_orders') }} as orders_before
    full outer join orders_now
        on orders_before.order_id = orders_now.order_id
    where
        orders_before.order_id is null
        or orders_now.order_id is null
        or orders_before.order_date <> orders_now.order_date
        or orders_before.net_amount <> orders_now.net_amount

),

-- An order that no longer counts may have become known as cancelled or refunded, or have moved to a later day.
current_versions as (

    select
        order_id,
        updated_at
    from {{ ref('int_current_orders') }}
    where order_id in (
        select differences.order_id
        from differences
        where differences.order_date_now is null
    )

),

changes as (

    select
        differences.order_id,
        baseline.baseline_as_of_date,
        differences.order_date_before,
        differences.order_date_now,
        differences.net_amount_before,
        differences.net_amount_now,
        differences.updated_at_before,
        coalesce(differences.updated_at_now, current_versions.updated_at) as updated_at_now
    from differences
    cross join baseline
    left join current_versions
        on differences.order_id = current_versions.order_id

)

select
    order_id,
    order_date_before,
    order_date_now,
    net_amount_before,
    net_amount_now,
    updated_at_before,
    updated_at_now,
    baseline_as_of_date,
    case
        when order_date_before is null then 'added'
        when order_date_now is null then 'removed'
        else 'changed'
    end as change,
    case
        when order_date_before is null then 'late_order'
        when updated_at_now > coalesce(updated_at_before, cast('0001-01-01' as timestamp)) then 'newer_version'
        else 'none'
    end as explanation
from changes
