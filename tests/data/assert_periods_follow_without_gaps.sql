-- Every grain runs without gaps from the period of the first counted order to the one that holds as_of_date.
with periods as (

    select
        kpis.period_grain,
        kpis.period_start,
        kpis.period_end,
        kpis.is_complete,
        as_of.as_of_date,
        as_of.first_order_date,
        lag(kpis.period_end) over grain_periods as end_before,
        lead(kpis.period_start) over grain_periods as next_start
    from {{ ref('retention_kpis') }} as kpis
    cross join {{ ref('int_as_of') }} as as_of
    window grain_periods as (partition by kpis.period_grain order by kpis.period_start)

)

select *
from periods
where
    period_start >= period_end
    or end_before <> period_start
    or (end_before is null and (first_order_date < period_start or first_order_date >= period_end))
    or (next_start is null and (as_of_date < period_start or as_of_date >= period_end))
    or is_complete <> ({{ add_days('period_end', -1) }} <= as_of_date)
