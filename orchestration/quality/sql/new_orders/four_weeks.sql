-- Typical value of the orders of the last four weeks beside the four weeks before them, twelve times: what is chance in
-- a week of few orders, such as a tax that amounts have now, is none in four. Usual is what the twelve kept, but no
-- less than two standard errors: of few orders a mean is chance.
with builds as (

    select max(order_date) as last_day
    from orders

),

in_parts as (

    select
        ln(orders.net_amount) as log_value,
        (builds.last_day - orders.order_date) // 28 as span_number,
        unnest(all_and_parts_of(orders.sales_channel, orders.currency, orders.customer_id)) as belongs_to
    from orders
    cross join builds
    where
        orders.net_amount > 0
        and orders.order_date > builds.last_day - 364

),

spans as (

    select
        span_number,
        belongs_to['dimension'] as dimension,
        belongs_to['part'] as part,
        avg(log_value) as typical_value,
        stddev_samp(log_value) / sqrt(count(*)) as standard_error
    from in_parts
    group by
        span_number,
        dimension,
        part
    having count(*) >= 20

),

usual as (

    select
        dimension,
        part,
        median(typical_value) as typical_value
    from spans
    where span_number > 0
    group by
        dimension,
        part
    having count(*) >= 8

),

usual_distances as (

    select
        spans.dimension,
        spans.part,
        max(abs(spans.typical_value - usual.typical_value)) as distance
    from spans
    inner join usual
        on
            spans.dimension = usual.dimension
            and spans.part = usual.part
    where spans.span_number > 0
    group by
        spans.dimension,
        spans.part

)

select
    spans.dimension,
    spans.part,
    exp(spans.typical_value) as observed,
    exp(usual.typical_value) as usual,
    abs(spans.typical_value - usual.typical_value)
    / greatest(usual_distances.distance, 2 * spans.standard_error, 0.05) as value_distance
from spans
inner join usual
    on
        spans.dimension = usual.dimension
        and spans.part = usual.part
inner join usual_distances
    on
        spans.dimension = usual_distances.dimension
        and spans.part = usual_distances.part
where spans.span_number = 0
order by
    spans.dimension,
    spans.part
