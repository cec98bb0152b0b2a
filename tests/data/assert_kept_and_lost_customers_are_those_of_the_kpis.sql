-- The worth of a point rests on the customers at the start of the observed period: those retained and those churned.
select
    worth.period_grain,
    worth.observed_period_start,
    worth.kept_customers,
    worth.lost_customers,
    kpis.retained_customers,
    kpis.churned_customers
from {{ ref('retention_value') }} as worth
left join {{ ref('retention_kpis') }} as kpis
    on
        worth.period_grain = kpis.period_grain
        and worth.observed_period_start = kpis.period_start
where
    worth.kept_customers <> coalesce(kpis.retained_customers, 0)
    or worth.lost_customers <> coalesce(kpis.churned_customers, 0)
