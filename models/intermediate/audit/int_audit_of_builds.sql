-- The figures of a month are in time if a refresh of the month after published them; the present one is about to.
with as_of as (

    select as_of_date
    from {{ ref('int_as_of') }}
    where first_order_date is not null

),

this_refresh as (

    select shop
    from {{ source('quality', 'builds') }}
    where build_id = '{{ build_id() }}'

),

months_of_builds as (

    select {{ period_start('month', 'as_of_date') }} as month_start
    from as_of
    union
    select {{ period_start('month', 'builds.as_of_date') }} as month_start
    from {{ source('quality', 'builds') }} as builds
    inner join this_refresh
        on builds.shop = this_refresh.shop
    inner join as_of
        on builds.as_of_date <= as_of.as_of_date
    where builds.outcome = 'published'

),

since as (

    select min(month_start) as first_month
    from months_of_builds

),

latest_months as (

    select
        months.period_start,
        months.period_end,
        row_number() over (order by months.period_start desc) as months_back
    from {{ ref('int_periods') }} as months
    inner join since
        on months.period_end >= since.first_month
    inner join as_of
        on months.period_end <= {{ period_start('month', 'as_of.as_of_date') }}
    where months.period_grain = 'month'

),

counted as (

    select
        count(months_of_builds.month_start) as months_in_time,
        count(*) as months,
        min(latest_months.period_start) as first_date,
        max(latest_months.period_end) as end_date
    from latest_months
    left join months_of_builds
        on latest_months.period_end = months_of_builds.month_start
    where latest_months.months_back <= 12

)

select
    'months_published' as measure,
    counted.months_in_time as measured_part,
    counted.months as measured_whole,
    counted.first_date as from_date,
    {{ add_days('counted.end_date', -1) }} as to_date
from as_of
cross join counted
