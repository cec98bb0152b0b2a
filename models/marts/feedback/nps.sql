{%- set grains = ['week', 'month', 'quarter'] -%}
-- Within a period the latest answer is a customer's voice: the one after which none follows in the same period.
with answers as (

    select
        activities.customer_id,
        activities.activity_date,
        activities.value,
        as_of.as_of_date,
        lead(activities.activity_date) over (
            partition by activities.customer_id
            order by activities.occurred_at, activities.value
        ) as next_date
    from {{ ref('int_activities') }} as activities
    inner join {{ ref('int_as_of') }} as as_of
        on activities.activity_date <= as_of.as_of_date
    where
        {{ takes_part('activities') }}
        and activities.activity_type = 'nps'
        and as_of.first_order_date is not null

),

by_grain as (

    {% for grain in grains %}
        select
            '{{ grain }}' as period_grain,
            {{ period_start(grain, 'activity_date') }} as period_start,
            value,
            customer_id is null
            or next_date is null
            or {{ period_start(grain, 'next_date') }} > {{ period_start(grain, 'activity_date') }} as is_voice
        from answers
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

counted as (

    select
        period_grain,
        period_start,
        count(*) as answers,
        count(case when is_voice then 1 end) as responses,
        count(case when is_voice and {{ is_promoter('value') }} then 1 end) as promoters,
        count(case when is_voice and {{ is_detractor('value') }} then 1 end) as detractors
    from by_grain
    group by
        period_grain,
        period_start

),

span as (

    select
        min(activity_date) as first_date,
        max(as_of_date) as as_of_date
    from answers

),

periods as (

    {{ periods_of_span('span', grains) | indent(4) }}

),

figures as (

    select
        periods.period_grain,
        periods.period_start,
        periods.is_complete,
        coalesce(counted.answers, 0) as answers,
        coalesce(counted.responses, 0) as responses,
        coalesce(counted.promoters, 0) as promoters,
        coalesce(counted.detractors, 0) as detractors
    from periods
    left join counted
        on
            periods.period_grain = counted.period_grain
            and periods.period_start = counted.period_start

),

shares as (

    select
        *,
        {{ rate('promoters', 'responses') }} as promoter_share,
        {{ rate('detractors', 'responses') }} as detractor_share
    from figures

)

select
    period_grain,
    period_start,
    answers,
    responses,
    promoters,
    responses - promoters - detractors as passives,
    detractors,
    100 * {{ rate('promoters - detractors', 'responses') }} as nps,
    case
        when responses >= 2
            then 100 * {{ confidence_z() }} * sqrt(
                (
                    promoter_share + detractor_share
                    - (promoter_share - detractor_share) * (promoter_share - detractor_share)
                )
                / responses
            )
    end as nps_margin,
    is_complete
from shares
