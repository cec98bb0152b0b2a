{#- Orders of a customer after which the curve begins, and days that it covers. -#}
{%- set last_order_number, last_day = 5, 730 -%}
-- A spell is the time from one order of a customer to the next; the last one is censored at as_of_date. Those that last
-- longer than the curve are at risk on all of its days.
with spells as (

    select
        orders.order_number as from_order_number,
        least(
            {{ days_between('orders.order_date', 'coalesce(orders.next_order_date, as_of.as_of_date)') }},
            {{ last_day + 1 }}
        ) as duration_days,
        orders.next_order_date
    from {{ ref('int_order_sequence') }} as orders
    cross join {{ ref('int_as_of') }} as as_of
    where orders.order_number <= {{ last_order_number }}

),

spells_by_duration as (

    select
        from_order_number,
        duration_days,
        count(*) as spells,
        count(next_order_date) as repurchased
    from spells
    group by
        from_order_number,
        duration_days

),

order_numbers as (
    {{ whole_numbers(last_order_number, digits=1) | indent(4) }}
),

days as (
    {{ whole_numbers(last_day + 1, digits=3) | indent(4) }}
),

risk_by_day as (

    select
        order_numbers.number as from_order_number,
        days.number as day,
        sum(coalesce(spells_by_duration.spells, 0)) over (
            partition by order_numbers.number
            order by days.number
            rows between current row and unbounded following
        ) as at_risk,
        coalesce(spells_by_duration.repurchased, 0) as repurchased
    from order_numbers
    cross join days
    left join spells_by_duration
        on
            order_numbers.number = spells_by_duration.from_order_number
            and days.number = spells_by_duration.duration_days

),

factors as (

    select
        *,
        1 - {{ rate('repurchased', 'at_risk') }} as survival_of_day
    from risk_by_day
    where at_risk > 0 and day <= {{ last_day }}

),

survivals as (

    select
        *,
        {{ running_product('survival_of_day', 'days_to_date') }} as survival,
        sum({{ rate('repurchased', 'at_risk * (at_risk - repurchased)') }}) over days_to_date as variance_sum
    from factors
    window days_to_date as (
        partition by from_order_number
        order by day
        rows between unbounded preceding and current row
    )

)

select
    cast(from_order_number as bigint) as from_order_number,
    cast(day as bigint) as day,
    cast(at_risk as bigint) as at_risk,
    cast(repurchased as bigint) as repurchased,
    cast(survival as double) as survival,
    cast({{ survival_low('survival', 'variance_sum') | indent(4) }} as double) as survival_low,
    cast({{ survival_high('survival', 'variance_sum') | indent(4) }} as double) as survival_high,
    cast(1 - survival as double) as repurchase_probability
from survivals
