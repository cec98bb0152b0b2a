{%- set movements = ['new', 'reactivated', 'expansion', 'contraction', 'churned'] -%}
with movements as (

    select
        *,
        coalesce({{ lower_case('cancellation_reason') }} in ({{ involuntary_cancellation_reasons() }}), false)
            as is_involuntary
    from {{ ref('int_mrr_movements') }}

),

monthly as (

    select
        month_start,
        sum(mrr_change) as mrr_change,
        {% for movement in movements %}
            sum(case when movement = '{{ movement }}' then abs(mrr_change) else 0 end) as {{ movement }}_mrr,
            count(case when movement = '{{ movement }}' then 1 end) as {{ movement }}_subscribers,
        {% endfor %}
        sum(case when movement = 'churned' and is_involuntary then -mrr_change else 0 end) as involuntary_churned_mrr,
        count(case when movement = 'short_lived' then 1 end) as short_lived_subscribers
    from movements
    group by month_start

),

every_month as (

    select
        months.month_start,
        months.is_complete,
        {% for movement in movements %}
            coalesce(monthly.{{ movement }}_mrr, 0) as {{ movement }}_mrr,
            coalesce(monthly.{{ movement }}_subscribers, 0) as {{ movement }}_subscribers,
        {% endfor %}
        coalesce(monthly.involuntary_churned_mrr, 0) as involuntary_churned_mrr,
        coalesce(monthly.short_lived_subscribers, 0) as short_lived_subscribers,
        coalesce(monthly.mrr_change, 0) as mrr_change,
        coalesce(sum(monthly.mrr_change) over months_to_date, 0) as mrr_at_end,
        coalesce(
            sum(monthly.new_subscribers + monthly.reactivated_subscribers - monthly.churned_subscribers)
                over months_to_date,
            0
        ) as subscribers_at_end
    from {{ ref('int_subscription_months') }} as months
    left join monthly
        on months.month_start = monthly.month_start
    window months_to_date as (order by months.month_start rows between unbounded preceding and current row)

),

both_ends as (

    select
        *,
        mrr_at_end - mrr_change as mrr_at_start,
        subscribers_at_end - new_subscribers - reactivated_subscribers + churned_subscribers as subscribers_at_start
    from every_month

)

select
    month_start,
    is_complete,
    cast(mrr_at_start as decimal(28, 2)) as mrr_at_start,
    cast(new_mrr as decimal(28, 2)) as new_mrr,
    cast(reactivated_mrr as decimal(28, 2)) as reactivated_mrr,
    cast(expansion_mrr as decimal(28, 2)) as expansion_mrr,
    cast(contraction_mrr as decimal(28, 2)) as contraction_mrr,
    cast(churned_mrr as decimal(28, 2)) as churned_mrr,
    cast(involuntary_churned_mrr as decimal(28, 2)) as involuntary_churned_mrr,
    cast(mrr_at_end as decimal(28, 2)) as mrr_at_end,
    cast(subscribers_at_start as bigint) as subscribers_at_start,
    cast(new_subscribers as bigint) as new_subscribers,
    cast(reactivated_subscribers as bigint) as reactivated_subscribers,
    cast(churned_subscribers as bigint) as churned_subscribers,
    cast(subscribers_at_end as bigint) as subscribers_at_end,
    cast(short_lived_subscribers as bigint) as short_lived_subscribers,
    {{ rate('churned_subscribers', 'subscribers_at_start') }} as logo_churn_rate,
    {{ rate('mrr_at_start - churned_mrr - contraction_mrr', 'mrr_at_start') }} as gross_mrr_retention,
    {{ rate('mrr_at_start - churned_mrr - contraction_mrr + expansion_mrr', 'mrr_at_start') }} as net_mrr_retention,
    {{ rate('mrr_at_end', 'subscribers_at_end') }} as average_revenue_per_subscriber
from both_ends
