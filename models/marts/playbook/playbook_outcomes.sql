{#- Below so many in an arm chance moves its rate too far to decide anything. -#}
{%- set enough = 100 -%}
with by_rule as (

    select
        rule_id,
        {{ outcome_counts() | indent(4) }}
    from {{ ref('int_playbook_trials') }}
    group by rule_id

),

by_variant as (

    select
        rule_id,
        variant,
        {{ outcome_counts() | indent(4) }}
    from {{ ref('int_playbook_trials') }}
    where
        arm = 'treatment'
        and variant is not null
    group by
        rule_id,
        variant

),

-- A control was sent nothing, so it carries no variant that could matter: each variant is held against all of them.
counted as (

    select
        rule_id,
        'all' as variant,
        treated,
        treated_successes,
        treated_value,
        control,
        control_successes,
        control_value,
        treated_waiting + control_waiting as waiting
    from by_rule
    union all
    select
        by_variant.rule_id,
        {{ value_beside_all('by_variant.variant') }} as variant,
        by_variant.treated,
        by_variant.treated_successes,
        by_variant.treated_value,
        by_rule.control,
        by_rule.control_successes,
        by_rule.control_value,
        by_variant.treated_waiting + by_rule.control_waiting as waiting
    from by_variant
    inner join by_rule
        on by_variant.rule_id = by_rule.rule_id

),

rated as (

    select
        *,
        {{ rate('treated_successes', 'treated') }} as treated_rate,
        {{ wilson_low('treated_successes', 'treated') | indent(8) }} as treated_rate_low,
        {{ wilson_high('treated_successes', 'treated') | indent(8) }} as treated_rate_high,
        {{ rate('control_successes', 'control') }} as control_rate,
        {{ wilson_low('control_successes', 'control') | indent(8) }} as control_rate_low,
        {{ wilson_high('control_successes', 'control') | indent(8) }} as control_rate_high
    from counted

),

compared as (

    select
        *,
        treated_rate - control_rate as uplift,
        {{ difference_low('treated_rate', 'control_rate') }} as uplift_low,
        {{ difference_high('treated_rate', 'control_rate') }} as uplift_high
    from rated

)

select
    rule_id,
    variant,
    cast(treated as bigint) as treated,
    cast(control as bigint) as control,
    cast(treated_successes as bigint) as treated_successes,
    cast(control_successes as bigint) as control_successes,
    treated_rate,
    control_rate,
    uplift,
    uplift_low,
    uplift_high,
    uplift_low > 0 or uplift_high < 0 as is_conclusive,
    least(treated, control) >= {{ enough }} as has_enough,
    {{ value_won() | indent(4) }} as value_won,
    cast(waiting as bigint) as waiting
from compared
