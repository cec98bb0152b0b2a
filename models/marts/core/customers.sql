{%- set best_score = 5 -%}
-- Ranks come from counts per distinct value: the same scores on every engine, and no sort of all customers at once.
with customers as (

    select
        customers.*,
        as_of.as_of_date,
        cast({{ days_between('customers.last_order_date', 'as_of.as_of_date') }} as bigint) as recency_days,
        case when latest_spells.spell_number > 1 then latest_spells.spell_start_date end as reactivated_on
    from {{ ref('int_customers') }} as customers
    inner join {{ ref('int_activity_spells') }} as latest_spells
        on
            customers.customer_id = latest_spells.customer_id
            and latest_spells.is_latest_spell
    cross join {{ ref('int_as_of') }} as as_of

),

{% for measure in ['recency_days', 'orders', 'net_revenue'] %}
    {{ measure }}_ranks as (

        select
            {{ measure }},
            {{ rate('sum(count(*)) over (order by ' ~ measure ~ ') - count(*)', 'sum(count(*)) over ()') }}
                as share_below
        from customers
        group by {{ measure }}

    ),

{% endfor %}

scored as (

    select
        customers.*,
        cast({{ best_score }} - floor({{ best_score }} * recency_days_ranks.share_below) as int) as r_score,
        cast(1 + floor({{ best_score }} * orders_ranks.share_below) as int) as f_score,
        cast(1 + floor({{ best_score }} * net_revenue_ranks.share_below) as int) as m_score
    from customers
    inner join recency_days_ranks
        on customers.recency_days = recency_days_ranks.recency_days
    inner join orders_ranks
        on customers.orders = orders_ranks.orders
    inner join net_revenue_ranks
        on customers.net_revenue = net_revenue_ranks.net_revenue

)

select
    scored.customer_id,
    scored.first_order_date,
    scored.last_order_date,
    scored.orders,
    scored.net_revenue,
    {{ rate('scored.net_revenue', 'scored.orders') }} as average_order_value,
    scored.recency_days,
    {{ rate(days_between('scored.first_order_date', 'scored.last_order_date'), 'scored.orders - 1') }}
        as average_days_between_orders,
    scored.acquisition_channel,
    scored.country,
    scored.first_sales_channel,
    scored.first_category,
    scored.marketing_consent,
    scored.r_score,
    scored.f_score,
    scored.m_score,
    segments.rfm_segment,
    {{ lifecycle_stage(
        'scored.as_of_date', 'scored.first_order_date', 'scored.last_order_date', 'scored.reactivated_on', 'scored.orders'
    ) }} as lifecycle_stage,
    advocates.customer_id is not null as is_advocate,
    health.engagement_score,
    {% for component in health_component_names() %}
        health.health_{{ component }},
    {% endfor %}
    health.health_score,
    health.health_score_change_28d,
    health.health_band,
    health.health_drivers_en,
    health.health_drivers_de
from scored
left join {{ ref('rfm_segments') }} as segments
    on
        scored.r_score = segments.r_score
        and scored.f_score = segments.f_score
left join {{ ref('int_customer_health') }} as health
    on scored.customer_id = health.customer_id
-- A spell that lasts beyond as_of_date holds on it.
left join {{ ref('int_advocate_spells') }} as advocates
    on
        scored.customer_id = advocates.customer_id
        and scored.as_of_date < advocates.to_month
