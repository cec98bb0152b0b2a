{#- Orders of a customer after which the curve begins, and days that it covers. -#}
{%- set last_order_number, last_day = 5, 730 -%}
-- A spell is the time from one order of a customer to the next; the last one is censored at as_of_date.
with as_of as (

    select as_of_date
    from {{ ref('int_as_of') }}

),

completed_spells as (

    select
        order_number - 1 as from_order_number,
        {{ days_between('previous_order_date', 'order_date') }} as duration_days,
        count(*) as spells,
        count(*) as repurchased
    from {{ ref('int_order_sequence') }}
    where order_number between 2 and {{ last_order_number + 1 }}
    group by
        order_number - 1,
        {{ days_between('previous_order_date', 'order_date') }}

),

censored_spells as (

    select
        customers.orders as from_order_number,
        {{ days_between('customers.last_order_date', 'as_of.as_of_date') }} as duration_days,
        count(*) as spells,
        0 as repurchased
    from {{ ref('int_customers') }} as customers
    cross join as_of
    where customers.orders <= {{ last_order_number }}
    group by
        customers.orders,
        {{ days_between('customers.last_order_date', 'as_of.as_of_date') }}

),

spells_by_duration as (

    select
        from_order_number,
        duration_days,
        sum(spells) as spells,
        sum(repurchased) as repurchased
    from (
        select * from completed_spells
        union all
        select * from censored_spells
    ) as spells
    group by
        from_order_number,
        duration_days

),

totals as (

    select
        from_order_number,
        sum(spells) as spells
    from spells_by_duration
    group by from_order_number

),

days as (

    {{ whole_numbers(last_day, digits=3) | indent(4) }}

),

risk_by_day as (

    select
        totals.from_order_number,
        days.number as day,
        totals.spells - coalesce(sum(spells_by_duration.spells) over (
            partition by totals.from_order_number
            order by days.number
            rows between unbounded preceding and 1 preceding
        ), 0) as at_risk,
        coalesce(spells_by_duration.repurchased, 0) as repurchased
    from totals
    cross join days
    left join spells_by_duration
        on
            totals.from_order_number = spells_by_duration.from_order_number
            and days.number = spells_by_duration.duration_days

),

factors as (

    select
        from_order_number,
        day,
        at_risk,
        repurchased,
        1 - {{ rate('repurchased', 'at_risk') }} as survival_of_day
    from risk_by_day
    where at_risk > 0

),

survivals as (

    select
        from_order_number,
        day,
        at_risk,
        repurchased,
        {{ running_product('survival_of_day', 'days_to_date') }} as survival
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
    cast(1 - survival as double) as repurchase_probability
from survivals
