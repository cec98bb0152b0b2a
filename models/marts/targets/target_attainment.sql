-- The marts hold a measure per column; here each is a row with what its interval is made of.
with figures as (

    {% for measure, about in target_measures().items() %}
        select
            '{{ measure }}' as measure,
            {{ "'month'" if about.by_month else 'period_grain' }} as period_grain,
            {{ 'month_start' if about.by_month else 'period_start' }} as period_start,
            is_complete,
            {{ about.unknown or 'false' }} as is_unknown,
            cast({{ measure }} as double) as actual_value,
            {{ 'true' if about.share else 'false' }} as is_share,
            cast({{ about.share[0] if about.share else 'null' }} as double) as share_part,
            cast({{ about.share[1] if about.share else 'null' }} as double) as share_whole,
            {{ 'true' if about.margin else 'false' }} as has_margin,
            cast({{ about.margin or 'null' }} as double) as margin
        from {{ ref(about.mart) }}
        {% if about.where %}
            where {{ about.where }}
        {% endif %}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

held_against as (

    select
        figures.measure,
        figures.period_grain,
        figures.period_start,
        figures.is_complete,
        figures.is_unknown,
        figures.is_share,
        figures.share_part,
        figures.share_whole,
        figures.has_margin,
        figures.margin,
        targets.target_value,
        targets.direction,
        targets.valid_from,
        targets.owner,
        case when not figures.is_unknown then figures.actual_value end as actual_value
    from figures
    inner join {{ ref('int_targets') }} as targets
        on
            figures.measure = targets.measure
            and figures.period_grain = targets.period_grain
            and figures.period_start >= targets.valid_from
            and (targets.replaced_from is null or figures.period_start < targets.replaced_from)
    where targets.fault is null

),

with_intervals as (

    select
        *,
        case
            when actual_value is null then null
            when is_share then {{ wilson_low('share_part', 'share_whole') | indent(12) }}
            when margin is not null then greatest(actual_value - margin, -100)
        end as actual_value_low,
        case
            when actual_value is null then null
            when is_share then {{ wilson_high('share_part', 'share_whole') | indent(12) }}
            when margin is not null then least(actual_value + margin, 100)
        end as actual_value_high
    from held_against

)

select
    measure,
    period_grain,
    period_start,
    is_complete,
    actual_value,
    actual_value_low,
    actual_value_high,
    target_value,
    direction,
    valid_from,
    owner,
    actual_value - target_value as distance_to_target,
    case
        when is_complete and direction = 'at_least' then actual_value >= target_value
        when is_complete then actual_value <= target_value
    end as is_met,
    case
        when is_complete then actual_value_low > target_value or actual_value_high < target_value
    end as is_beyond_chance,
    case
        when is_unknown then 'start_unknown'
        when actual_value is null then 'no_figure'
        when not is_complete then 'still_running'
        when not is_share and not has_margin then 'no_share'
        when actual_value_low is null then 'too_few'
    end as not_judged_because
from with_intervals
