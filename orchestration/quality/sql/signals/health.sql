-- The share of every health band among the customers with one, in each build. Of few customers a share says little; a
-- build of an earlier version has no bands.
with bands_before as (

    from customers_before
    union all by name
    select cast(null as varchar) as health_band
    where false

),

bands as (

    select
        health_band,
        true as is_now
    from customers
    where health_band is not null
    union all
    select
        health_band,
        false as is_now
    from bands_before
    where health_band is not null

),

counted as (

    select
        health_band,
        count(*) filter (where is_now) as customers,
        count(*) filter (where not is_now) as customers_before
    from bands
    group by health_band

),

shares as (

    select
        health_band,
        customers / sum(customers) over () as share_now,
        customers_before / sum(customers_before) over () as share_before,
        least(sum(customers) over (), sum(customers_before) over ()) as fewest
    from counted

)

select
    health_band,
    share_now as band_share,
    share_before as band_share_before,
    abs(share_now - share_before) as change
from shares
where fewest >= 30
order by health_band
