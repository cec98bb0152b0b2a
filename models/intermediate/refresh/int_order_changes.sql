with baseline as (

    select baseline_as_of_date
    from {{ source('quality', 'builds') }}
    where build_id = '{{ build_id() }}'

),

known_orders as (

    select
        order_id,
        customer_id,
        order_date,
        currency,
        amount,
        refunded_amount,
        net_amount,
        updated_at,
        cast(null as {{ dbt.type_string() }}) as exclusion_reason
    from {{ ref('int_order_sequence') }}
    union all
    select
        order_id,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        order_date,
        currency,
        amount,
        refunded_amount,
        net_amount,
        updated_at,
        exclusion_reason
    from {{ ref('int_current_orders') }}
    where exclusion_reason is not null

),

orders_now as (

    select known_orders.*
    from known_orders
    inner join baseline
        on known_orders.order_date <= baseline.baseline_as_of_date

),

differences as (

    select
        orders_before.customer_id as customer_id_before,
        orders_now.customer_id as customer_id_now,
        orders_before.order_date as known_date_before,
        orders_now.order_date as known_date_now,
        orders_before.exclusion_reason as exclusion_reason_before,
        orders_now.exclusion_reason as exclusion_reason_now,
        orders_before.amount as amount_before,
        orders_now.amount as amount_now,
        orders_before.refunded_amount as refunded_amount_before,
        orders_now.refunded_amount as refunded_amount_now,
        orders_before.net_amount as known_amount_before,
        orders_now.net_amount as known_amount_now,
        orders_before.updated_at as updated_at_before,
        orders_now.updated_at as updated_at_now,
        orders_before.currency = orders_now.currency as is_in_one_currency,
        orders_before.order_id is not null as was_known,
        orders_now.order_id is not null as is_known,
        coalesce(orders_before.order_id, orders_now.order_id) as order_id
    from {{ source('quality', 'published_orders') }} as orders_before
    full outer join orders_now
        on orders_before.order_id = orders_now.order_id
    where
        -- Orders that count neither then nor now change nothing.
        (
            orders_before.order_id is not null and orders_before.exclusion_reason is null
            or orders_now.order_id is not null and orders_now.exclusion_reason is null
        )
        and (
            orders_before.order_id is null
            or orders_now.order_id is null
            or orders_before.order_date <> orders_now.order_date
            or orders_before.net_amount <> orders_now.net_amount
            or coalesce(orders_before.exclusion_reason, '') <> coalesce(orders_now.exclusion_reason, '')
            or coalesce(orders_before.customer_id, '') <> coalesce(orders_now.customer_id, '')
        )

),

-- An order that moved to a day after the baseline's is not gone.
later_versions as (

    select
        known_orders.order_id,
        known_orders.updated_at
    from known_orders
    inner join baseline
        on known_orders.order_date > baseline.baseline_as_of_date
    where known_orders.order_id in (
        select differences.order_id
        from differences
        where not differences.is_known
    )

),

first_days as (

    select min(order_date) as first_order_date
    from {{ ref('int_order_sequence') }}

),

changes as (

    select
        differences.*,
        baseline.baseline_as_of_date,
        first_days.first_order_date,
        case
            when differences.was_known and differences.exclusion_reason_before is null
                then differences.known_date_before
        end as order_date_before,
        case
            when differences.is_known and differences.exclusion_reason_now is null then differences.known_date_now
        end as order_date_now,
        coalesce(differences.updated_at_now, later_versions.updated_at) as updated_at_of_now,
        later_versions.order_id is not null as is_later,
        erased_orders.order_id is not null as is_erased
    from differences
    cross join baseline
    cross join first_days
    left join later_versions
        on differences.order_id = later_versions.order_id
    left join {{ source('quality', 'erased_orders') }} as erased_orders
        on differences.order_id = erased_orders.order_id

),

named as (

    select
        *,
        case
            when not was_known then 'added'
            when not is_known and not is_later then 'gone'
            when order_date_before is null then 'counted'
            when order_date_now is null then 'excluded'
            when order_date_before <> order_date_now or known_amount_before <> known_amount_now then 'changed'
            else 'reassigned'
        end as change
    from changes

)

select
    order_id,
    change,
    customer_id_before,
    customer_id_now,
    exclusion_reason_before,
    exclusion_reason_now,
    order_date_before,
    order_date_now,
    updated_at_before,
    updated_at_of_now as updated_at_now,
    baseline_as_of_date,
    case
        when change = 'added' then 'late_order'
        when is_erased then 'erased'
        when change = 'gone' and known_date_before < first_order_date then 'purged'
        when updated_at_of_now > coalesce(updated_at_before, cast('0001-01-01' as timestamp)) then 'newer_version'
        when
            is_in_one_currency
            and known_date_before = known_date_now
            and amount_before = amount_now
            and refunded_amount_before < refunded_amount_now
            and exclusion_reason_before is null
            and coalesce(exclusion_reason_now, 'fully_refunded') = 'fully_refunded'
            then 'refund'
        when
            change = 'excluded'
            and exclusion_reason_now = 'status'
            and updated_at_before is null
            and updated_at_of_now is null
            then 'new_status'
        else 'none'
    end as explanation,
    case when order_date_before is not null then known_amount_before end as net_amount_before,
    case when order_date_now is not null then known_amount_now end as net_amount_now
from named
