{#- The year before the last 90 days: what followed must be known, and what lies longer ago was another shop. -#}
{%- set most_month_ends = 12 -%}
with months as (

    select
        {{ add_days('periods.period_end', -1) }} as month_end,
        row_number() over (order by periods.period_end desc) as months_from_latest
    from {{ ref('int_periods') }} as periods
    cross join {{ ref('int_as_of') }} as as_of
    where
        periods.period_grain = 'month'
        and {{ followed_until(add_days('periods.period_end', -1)) }} <= as_of.as_of_date

)

select month_end
from months
where months_from_latest <= {{ most_month_ends }}
