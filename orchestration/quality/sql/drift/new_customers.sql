-- The share of new customers among the purchasers of the last three complete months of each build.
with built as (

    select
        new_customers,
        purchasing_customers
    from retention_kpis
    where
        period_grain = 'month'
        and is_complete
    order by period_start desc
    limit 3

),

earlier as (

    select
        new_customers,
        purchasing_customers
    from retention_kpis_before
    where
        period_grain = 'month'
        and is_complete
    order by period_start desc
    limit 3

),

shares as (

    select
        (select sum(new_customers) / nullif(sum(purchasing_customers), 0) from built) as share_now,
        (select sum(new_customers) / nullif(sum(purchasing_customers), 0) from earlier) as share_before

)

select
    'last three complete months' as months,
    share_now as new_customer_share,
    share_before as new_customer_share_before,
    abs(share_now - share_before) as change
from shares
