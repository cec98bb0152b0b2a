-- Customers won, won back and lost per period. Only what shows at period ends counts: a spell that begins and lapses
-- within one period shows at neither end, and a customer who lapses and comes back within one was active at both.
with spells as (
    {% for grain in ['week', 'month', 'quarter', 'year'] %}
        select
            '{{ grain }}' as period_grain,
            customer_id,
            segment_id,
            spell_number,
            spell_number = 1 and is_latest_spell as is_only_spell,
            {{ period_start(grain, 'spell_start_date') }} as gained_in,
            {{ period_start(grain, 'lapsed_on') }} as lost_in,
            {{ period_start(grain, 'first_order_date') }} as acquired_in
        from {{ ref('int_activity_spells') }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- Most customers have one spell: they need no look at the spells around it.
visible_spells as (

    select
        period_grain,
        segment_id,
        gained_in,
        lost_in,
        acquired_in,
        cast(null as date) as previous_lost_in,
        cast(null as date) as next_gained_in
    from spells
    where
        is_only_spell
        and (lost_in is null or lost_in > gained_in)
    union all
    select
        period_grain,
        segment_id,
        gained_in,
        lost_in,
        acquired_in,
        lag(lost_in) over customer_spells as previous_lost_in,
        lead(gained_in) over customer_spells as next_gained_in
    from spells
    where
        not is_only_spell
        and (lost_in is null or lost_in > gained_in)
    window customer_spells as (partition by period_grain, customer_id order by gained_in)

),

acquired as (

    select
        period_grain,
        acquired_in as period_start,
        segment_id,
        count(*) as customers
    from spells
    where spell_number = 1
    group by
        period_grain,
        acquired_in,
        segment_id

),

gained as (

    select
        period_grain,
        gained_in as period_start,
        segment_id,
        count(case when gained_in = acquired_in then 1 end) as new_customers,
        count(case when gained_in > acquired_in then 1 end) as reactivated_customers
    from visible_spells
    where previous_lost_in is null or previous_lost_in < gained_in
    group by
        period_grain,
        gained_in,
        segment_id

),

churned as (

    select
        period_grain,
        lost_in as period_start,
        segment_id,
        count(*) as customers
    from visible_spells
    where
        lost_in is not null
        and (next_gained_in is null or next_gained_in > lost_in)
    group by
        period_grain,
        lost_in,
        segment_id

),

movements as (

    select
        period_grain,
        period_start,
        segment_id,
        customers as new_customers,
        0 as new_customers_kept,
        0 as reactivated_customers,
        0 as churned_customers
    from acquired
    union all
    select
        period_grain,
        period_start,
        segment_id,
        0 as new_customers,
        new_customers as new_customers_kept,
        reactivated_customers,
        0 as churned_customers
    from gained
    union all
    select
        period_grain,
        period_start,
        segment_id,
        0 as new_customers,
        0 as new_customers_kept,
        0 as reactivated_customers,
        customers as churned_customers
    from churned

)

select
    period_grain,
    period_start,
    segment_id,
    cast(sum(new_customers) as bigint) as new_customers,
    cast(sum(new_customers_kept) as bigint) as new_customers_kept,
    cast(sum(reactivated_customers) as bigint) as reactivated_customers,
    cast(sum(churned_customers) as bigint) as churned_customers
from movements
group by
    period_grain,
    period_start,
    segment_id
