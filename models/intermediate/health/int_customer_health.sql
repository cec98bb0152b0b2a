with today as (

    select scores.*
    from {{ ref('int_health_scores') }} as scores
    inner join {{ ref('int_as_of') }} as as_of
        on scores.as_of_date = as_of.as_of_date

),

earlier as (

    select
        scores.customer_id,
        scores.health_score
    from {{ ref('int_health_scores') }} as scores
    inner join {{ ref('int_as_of') }} as as_of
        on scores.as_of_date < as_of.as_of_date

),

pulling_down as (

    {% for component in health_component_names() %}
        select
            customer_id,
            '{{ component }}' as component,
            health_{{ component }} as score
        from today
        where health_{{ component }} < 4
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

worst_first as (

    select
        pulling_down.customer_id,
        drivers.driver_en,
        drivers.driver_de,
        row_number() over (
            partition by pulling_down.customer_id
            order by pulling_down.score asc, weights.weight desc, pulling_down.component asc
        ) as position
    from pulling_down
    inner join {{ ref('health_weights') }} as weights
        on
            pulling_down.component = weights.component
            and weights.weight > 0
    inner join {{ ref('health_drivers') }} as drivers
        on pulling_down.component = drivers.component

),

drivers as (

    select
        customer_id,
        {{ drivers_in_words('driver_en') }} as health_drivers_en,
        {{ drivers_in_words('driver_de') }} as health_drivers_de
    from worst_first
    group by customer_id

)

select
    today.customer_id,
    today.engagement_score,
    {% for component in health_component_names() %}
        today.health_{{ component }},
    {% endfor %}
    today.health_score,
    today.health_score - earlier.health_score as health_score_change_28d,
    today.health_band,
    coalesce(drivers.health_drivers_en, '') as health_drivers_en,
    coalesce(drivers.health_drivers_de, '') as health_drivers_de
from today
left join earlier
    on today.customer_id = earlier.customer_id
left join drivers
    on today.customer_id = drivers.customer_id
