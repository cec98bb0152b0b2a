-- The new orders beside those of the year before, cut into spans of as many days as the new ones cover: all of them,
-- each channel, each currency, and guests, customers with a number and orders of nobody. What a span usually is, is the
-- median of the spans; the usual distance from it is what 98 of 100 spans keep.
with builds as (

    select
        (select max(earlier.order_date) from orders_before as earlier) as last_day_before,
        (select max(built.order_date) from orders as built) as last_day

),

spans as (

    select
        last_day,
        last_day_before,
        last_day - last_day_before as days
    from builds
    where last_day > last_day_before

),

known_orders as (

    select
        order_date,
        sales_channel,
        currency,
        customer_id,
        refunded_amount > 0 as is_refunded,
        false as is_excluded,
        case when net_amount > 0 then ln(net_amount) end as log_value
    from orders
    union all
    select
        order_date,
        sales_channel,
        currency,
        customer_id,
        null as is_refunded,
        true as is_excluded,
        null as log_value
    from excluded_orders
    where exclusion_reason <> 'after_as_of_date'

),

-- Span 0 holds the new orders. Only whole spans are looked at.
numbered as (

    select
        known_orders.*,
        (spans.last_day - known_orders.order_date) // spans.days as span_number
    from known_orders
    cross join spans
    where
        (spans.last_day - known_orders.order_date) // spans.days <= 364 // spans.days
        and known_orders.order_date <= spans.last_day

),

in_parts as (

    select
        numbered.span_number,
        numbered.is_refunded,
        numbered.is_excluded,
        numbered.log_value,
        unnest(all_and_parts_of(numbered.sales_channel, numbered.currency, numbered.customer_id)) as belongs_to
    from numbered

),

spans_of_parts as (

    select
        span_number,
        belongs_to['dimension'] as dimension,
        belongs_to['part'] as part,
        count(*) as known_orders,
        count(case when not is_excluded then 1 end) as orders,
        case when count(log_value) >= 3 then avg(log_value) end as typical_value,
        case when count(log_value) >= 20 then stddev_samp(log_value) end as spread,
        case when count(is_refunded) >= 5 then avg(cast(is_refunded as int)) end as refunded,
        case when count(*) >= 5 then avg(cast(is_excluded as int)) end as excluded
    from in_parts
    group by
        span_number,
        dimension,
        part

),

first_spans as (

    select
        dimension,
        part,
        max(span_number) as span_number
    from spans_of_parts
    group by
        dimension,
        part

),

-- A part without an order in a span has a share of 0 in it.
whole_spans as (

    select
        first_spans.dimension,
        first_spans.part,
        all_orders.span_number,
        found.typical_value,
        found.spread,
        found.refunded,
        found.excluded,
        ln(1 + coalesce(found.orders, 0)) as number_of_orders,
        coalesce(found.orders, 0) / nullif(all_orders.orders, 0) as share_of_all
    from first_spans
    inner join spans_of_parts as all_orders
        on
            all_orders.dimension = 'all'
            and first_spans.span_number >= all_orders.span_number
    left join spans_of_parts as found
        on
            first_spans.dimension = found.dimension
            and first_spans.part = found.part
            and all_orders.span_number = found.span_number

),

measures as (

    unpivot whole_spans
    on typical_value, spread, refunded, excluded, number_of_orders, share_of_all
    into
    name measure
    value observed

),

usual as (

    select
        dimension,
        part,
        measure,
        median(observed) as observed,
        count(*) as spans
    from measures
    where span_number > 0
    group by
        dimension,
        part,
        measure
    having count(*) >= 8

),

usual_distances as (

    select
        measures.dimension,
        measures.part,
        measures.measure,
        quantile_cont(abs(measures.observed - usual.observed), 0.98) as distance
    from measures
    inner join usual
        on
            measures.dimension = usual.dimension
            and measures.part = usual.part
            and measures.measure = usual.measure
    where measures.span_number > 0
    group by
        measures.dimension,
        measures.part,
        measures.measure

),

-- So large a distance is nothing yet, however narrow the past was.
smallest_distances as (

    select
        smallest.measure,
        smallest.distance
    from (
        values
        ('typical_value', 0.05),
        ('spread', 0.1),
        ('refunded', 0.05),
        ('excluded', 0.08),
        ('number_of_orders', 0.25),
        ('share_of_all', 0.05)
    ) as smallest (measure, distance)

),

-- One order more or less is chance.
single_orders as (

    select
        first_spans.dimension,
        first_spans.part,
        1 / nullif(all_orders.orders, 0) as share_of_all,
        1 / nullif(found.known_orders, 0) as share_of_part
    from first_spans
    inner join spans_of_parts as all_orders
        on
            all_orders.dimension = 'all'
            and all_orders.span_number = 0
    left join spans_of_parts as found
        on
            first_spans.dimension = found.dimension
            and first_spans.part = found.part
            and found.span_number = 0

),

compared as (

    select
        measures.dimension,
        measures.part,
        measures.measure,
        measures.observed,
        usual.observed as usual,
        abs(measures.observed - usual.observed) / greatest(
            usual_distances.distance,
            smallest_distances.distance,
            case
                when measures.measure = 'share_of_all' then single_orders.share_of_all
                when measures.measure in ('refunded', 'excluded') then single_orders.share_of_part
            end
        ) as distance
    from measures
    inner join usual
        on
            measures.dimension = usual.dimension
            and measures.part = usual.part
            and measures.measure = usual.measure
    inner join usual_distances
        on
            measures.dimension = usual_distances.dimension
            and measures.part = usual_distances.part
            and measures.measure = usual_distances.measure
    inner join smallest_distances
        on measures.measure = smallest_distances.measure
    inner join single_orders
        on
            measures.dimension = single_orders.dimension
            and measures.part = single_orders.part
    where measures.span_number = 0

)

select
    dimension,
    part,
    case
        when measure = 'typical_value' then exp(observed)
        when measure = 'number_of_orders' then exp(observed) - 1
        else observed
    end as observed,
    case
        when measure = 'typical_value' then exp(usual)
        when measure = 'number_of_orders' then exp(usual) - 1
        else usual
    end as usual,
    case when measure = 'typical_value' then distance end as value_distance,
    case when measure = 'spread' then distance end as spread_distance,
    case when measure = 'share_of_all' and dimension <> 'all' then distance end as share_distance,
    -- Refunds and cancellations come later: that new orders have fewer of them says nothing.
    case when measure = 'refunded' then case when observed > usual then distance else 0 end end as refunded_distance,
    case when measure = 'excluded' then case when observed > usual then distance else 0 end end as excluded_distance,
    case when measure = 'number_of_orders' and dimension = 'all' then distance end as number_distance
from compared
order by
    dimension,
    part
