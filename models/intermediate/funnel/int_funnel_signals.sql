{%- set types = ['nps', 'csat', 'ticket_opened', 'ticket_first_reply', 'referral_sent', 'referral_converted'] -%}
-- Signals of a month belong to the stage in which their customer stands at its end.
with activities as (

    select
        activities.customer_id,
        activities.activity_type,
        activities.value,
        {{ period_start('month', 'activities.activity_date') }} as month_start,
        row_number() over (
            partition by
                activities.customer_id,
                activities.activity_type,
                {{ period_start('month', 'activities.activity_date') }}
            order by activities.occurred_at desc, activities.value desc
        ) as rank_from_latest
    from {{ ref('int_activities') }} as activities
    inner join {{ ref('int_as_of') }} as as_of
        on activities.activity_date <= as_of.as_of_date
    where
        {{ takes_part('activities') }}
        and activities.customer_id is not null
        and activities.activity_type in (
            {% for type in types %}
                '{{ type }}'{{ ',' if not loop.last }}
            {% endfor %}
        )

),

by_stage as (

    select
        activities.month_start,
        spells.lifecycle_stage,
        activities.activity_type,
        activities.value
    from activities
    inner join {{ ref('int_funnel_spells') }} as spells
        on
            activities.customer_id = spells.customer_id
            and activities.month_start >= spells.from_month
            and activities.month_start < spells.to_month
    where activities.activity_type <> 'nps' or activities.rank_from_latest = 1

),

ranked as (

    select
        *,
        row_number() over (partition by month_start, lifecycle_stage, activity_type order by value) as value_rank,
        count(*) over (partition by month_start, lifecycle_stage, activity_type) as type_rows
    from by_stage

)

select
    month_start,
    lifecycle_stage,
    {% for type in types %}
        cast(count(case when activity_type = '{{ type }}' then 1 end) as bigint) as {{ type }}_rows,
    {% endfor %}
    cast(count(case when activity_type = 'nps' and {{ is_promoter('value') }} then 1 end) as bigint) as promoters,
    cast(count(case when activity_type = 'nps' and {{ is_detractor('value') }} then 1 end) as bigint) as detractors,
    sum(case when activity_type = 'csat' then value end) as csat_points,
    avg(
        case
            when activity_type = 'ticket_first_reply' and {{ is_in_the_middle('value_rank', 'type_rows') }}
                then cast(value as double)
        end
    ) as median_first_reply_minutes
from ranked
group by
    month_start,
    lifecycle_stage
