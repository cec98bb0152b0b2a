-- Customers are counted by revenue, not sorted: no engine has to bring all of them together in one task. Which of
-- several with the same revenue come first changes no figure.
with revenues as (

    select
        net_revenue,
        count(*) as customers
    from {{ ref('int_customers') }}
    group by net_revenue

),

ranked_revenues as (

    select
        net_revenue,
        customers,
        sum(customers) over (order by net_revenue desc) as last_rank
    from revenues

),

totals as (

    select
        cast(floor(sum(customers) / 10) as bigint) as tenth,
        sum(customers) as customers
    from revenues

),

numbers as (
    {{ whole_numbers(10, digits=2) | indent(4) }}
),

-- What remains of a division by ten is one customer more for each of the first tenths.
last_ranks as (

    select
        numbers.number as decile,
        numbers.number * totals.tenth + least(numbers.number, totals.customers - 10 * totals.tenth) as last_rank
    from numbers
    cross join totals

),

tenths as (

    select
        decile,
        last_rank,
        lag(last_rank) over (order by decile) as rank_before
    from last_ranks

),

parts as (

    select
        tenths.decile,
        ranked_revenues.net_revenue,
        least(ranked_revenues.last_rank, tenths.last_rank)
        - greatest(ranked_revenues.last_rank - ranked_revenues.customers, tenths.rank_before) as customers
    from ranked_revenues
    inner join tenths
        on
            ranked_revenues.last_rank - ranked_revenues.customers < tenths.last_rank
            and ranked_revenues.last_rank > tenths.rank_before

),

deciles as (

    select
        decile,
        sum(customers) as customers,
        sum(cast(net_revenue as decimal(18, 2)) * cast(customers as decimal(18, 0))) as net_revenue
    from parts
    group by decile

)

select
    cast(decile as int) as decile,
    cast(customers as bigint) as customers,
    cast(net_revenue as decimal(28, 2)) as net_revenue,
    {{ rate('net_revenue', 'sum(net_revenue) over ()') }} as revenue_share,
    {{ rate(
        'sum(net_revenue) over (order by decile rows between unbounded preceding and current row)',
        'sum(net_revenue) over ()'
    ) }} as cumulative_revenue_share
from deciles
