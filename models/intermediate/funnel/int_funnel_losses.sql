-- Who is lost at the end of a month and was not at that of the month before, with the stages of then.
with losses as (

    select
        customer_id,
        from_month as lost_in
    from {{ ref('int_stage_spells') }}
    where lifecycle_stage = 'lost' and stage_before <> 'prospect'

),

revenues as (

    select
        losses.customer_id,
        losses.lost_in,
        sum(orders.net_amount) as net_revenue
    from losses
    inner join {{ ref('int_order_sequence') }} as orders
        on
            losses.customer_id = orders.customer_id
            and losses.lost_in > orders.order_date
            and losses.lost_in < {{ add_days('orders.order_date', value_window_days() + 1) }}
    group by
        losses.customer_id,
        losses.lost_in

)

select
    losses.lost_in,
    spells.lifecycle_stage,
    cast(count(*) as bigint) as customers,
    cast(coalesce(sum(revenues.net_revenue), 0) as decimal(28, 2)) as net_revenue_365d
from losses
inner join {{ ref('int_funnel_spells') }} as spells
    on
        losses.customer_id = spells.customer_id
        and spells.lifecycle_stage <> 'prospect'
        and losses.lost_in > spells.from_month
        and losses.lost_in <= spells.to_month
left join revenues
    on
        losses.customer_id = revenues.customer_id
        and losses.lost_in = revenues.lost_in
group by
    losses.lost_in,
    spells.lifecycle_stage
