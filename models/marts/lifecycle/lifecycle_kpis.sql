{%- set types = [
    'nps', 'csat', 'ticket_opened', 'ticket_first_reply', 'referral_sent', 'referral_converted', 'product_use'
] -%}
-- A signal that the shop does not have at all is not known, which is not nothing.
with activities as (

    select activities.activity_type
    from {{ ref('int_activities') }} as activities
    inner join {{ ref('int_as_of') }} as as_of
        on activities.activity_date <= as_of.as_of_date
    where
        {{ takes_part('activities') }}
        and activities.customer_id is not null

),

signals as (

    select
        {% for type in types %}
            count(case when activity_type = '{{ type }}' then 1 end) > 0 as has_{{ type }},
        {% endfor %}
        count(*) > 0 as has_any
    from activities

),

messages as (

    select
        count(*) > 0 as has_messages,
        count(opened_at) > 0 as is_tracked
    from {{ ref('int_email_messages') }}
    where customer_id is not null

),

months as (

    select
        periods.period_start as month_start,
        periods.period_end as next_month,
        periods.is_complete,
        {{ next_period_start('month', 'periods.period_end') }} <= {{ add_days('as_of.as_of_date', 1) }}
            as is_next_month_complete,
        periods.period_end <= as_of.as_of_date as has_next_month,
        {{ add_days('periods.period_end', 89) }} <= as_of.as_of_date as has_second_orders
    from {{ ref('int_periods') }} as periods
    cross join {{ ref('int_as_of') }} as as_of
    where periods.period_grain = 'month'

),

-- What a customer who is not lost brought in 365 days: the average that a stage's is compared with.
everybody as (

    select
        month_start,
        {{ rate('sum(net_revenue_365d)', 'sum(customers)') }} as revenue_per_customer
    from {{ ref('int_funnel_customers') }}
    where lifecycle_stage not in ('prospect', 'lost', 'advocate')
    group by month_start

),

conversions as (

    select
        spells.to_month as converted_in,
        count(*) as customers
    from {{ ref('int_funnel_spells') }} as spells
    inner join {{ ref('int_customers') }} as customers
        on spells.customer_id = customers.customer_id
    where spells.lifecycle_stage = 'prospect'
    group by spells.to_month

),

figures as (

    select
        months.*,
        standings.lifecycle_stage,
        standings.customers,
        standings.net_revenue_365d,
        kpis.clv_by_lifespan as clv_of_everybody,
        everybody.revenue_per_customer as revenue_of_everybody,
        {% for type in types %}
            signals.has_{{ type }},
        {% endfor %}
        messages.has_messages,
        messages.is_tracked,
        funnel_signals.median_first_reply_minutes,
        funnel_signals.csat_points,
        coalesce(purchases.orders, 0) as orders,
        coalesce(purchases.net_revenue, 0) as net_revenue,
        case when months.has_next_month then coalesce(losses.customers, 0) end as lost_next_month,
        case when months.has_next_month then coalesce(losses.net_revenue_365d, 0) end as revenue_at_stake,
        case when months.has_next_month then coalesce(conversions.customers, 0) end as converted_next_month,
        {% for type in types if type != 'product_use' %}
            coalesce(funnel_signals.{{ type }}_rows, 0) as {{ type }}_rows,
        {% endfor %}
        coalesce(funnel_signals.promoters, 0) as promoters,
        coalesce(funnel_signals.detractors, 0) as detractors,
        coalesce(funnel_messages.emails_sent, 0) as emails_sent,
        coalesce(funnel_messages.emails_opened, 0) as emails_opened
    from months
    inner join {{ ref('int_funnel_customers') }} as standings
        on months.month_start = standings.month_start
    inner join {{ ref('retention_kpis') }} as kpis
        on
            months.month_start = kpis.period_start
            and kpis.period_grain = 'month'
    left join everybody
        on months.month_start = everybody.month_start
    left join {{ ref('int_funnel_purchases') }} as purchases
        on
            months.month_start = purchases.month_start
            and standings.lifecycle_stage = purchases.lifecycle_stage
    left join {{ ref('int_funnel_losses') }} as losses
        on
            months.next_month = losses.lost_in
            and standings.lifecycle_stage = losses.lifecycle_stage
    left join conversions
        on
            months.next_month = conversions.converted_in
            and standings.lifecycle_stage = 'prospect'
    left join {{ ref('int_funnel_signals') }} as funnel_signals
        on
            months.month_start = funnel_signals.month_start
            and standings.lifecycle_stage = funnel_signals.lifecycle_stage
    left join {{ ref('int_funnel_messages') }} as funnel_messages
        on
            months.month_start = funnel_messages.month_start
            and standings.lifecycle_stage = funnel_messages.lifecycle_stage
    cross join signals
    cross join messages

)

select
    figures.month_start,
    figures.lifecycle_stage,
    figures.customers,
    cast(figures.orders as bigint) as orders,
    cast(figures.net_revenue as decimal(28, 2)) as net_revenue,
    cast(figures.lost_next_month as bigint) as lost_next_month,
    {{ rate('figures.lost_next_month', 'figures.customers') }} as lost_next_month_rate,
    cast(figures.revenue_at_stake as decimal(28, 2)) as revenue_at_stake,
    case
        when figures.lifecycle_stage <> 'prospect'
            then
                figures.clv_of_everybody
                * {{ rate('figures.net_revenue_365d', 'figures.customers') }}
                / nullif(figures.revenue_of_everybody, 0)
    end as clv_by_lifespan,
    cast(case when figures.has_nps then figures.nps_rows end as bigint) as nps_responses,
    100 * {{ rate('figures.promoters - figures.detractors', 'figures.nps_rows') }} as nps,
    {{ rate('figures.csat_points', 'figures.csat_rows') }} as average_csat,
    case when figures.has_ticket_opened then {{ rate('figures.ticket_opened_rows', 'figures.customers') }} end
        as tickets_per_customer,
    figures.median_first_reply_minutes,
    cast(case when figures.has_messages then figures.emails_sent end as bigint) as emails_sent,
    case when figures.is_tracked then {{ rate('figures.emails_opened', 'figures.emails_sent') }} end as email_open_rate,
    cast(case when figures.has_referral_sent then figures.referral_sent_rows end as bigint) as referrals_sent,
    cast(case when figures.has_referral_converted then figures.referral_converted_rows end as bigint)
        as referrals_converted,
    case
        when figures.lifecycle_stage = 'prospect'
            then {{ rate('figures.converted_next_month', 'figures.customers') }}
    end as conversion_next_month_rate,
    cast(case when figures.lifecycle_stage = 'new' then coalesce(first_steps.acquired, 0) end as bigint) as acquired,
    case when figures.has_product_use then {{ rate('first_steps.activated_14d', 'first_steps.observed_14d') }} end
        as activation_rate,
    {% for days in [30, 60, 90] %}
        {{ rate('first_steps.returned_' ~ days ~ 'd', 'first_steps.observed_' ~ days ~ 'd') }}
            as second_order_rate_{{ days }}d,
    {% endfor %}
    case when figures.has_second_orders then first_steps.median_days_to_second_order end as median_days_to_second_order,
    figures.is_complete,
    figures.is_next_month_complete
from figures
left join {{ ref('int_first_steps') }} as first_steps
    on
        figures.month_start = first_steps.month_start
        and figures.lifecycle_stage = 'new'
