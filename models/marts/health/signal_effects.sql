{#- What the others of a signal are compared with. -#}
{%- set best = ['promoter', 'satisfied', 'within_target', 'no_complaint'] -%}
with counted as (

    select
        signal,
        answer,
        answer in ('{{ best | join("', '") }}') as is_reference,
        count(*) as answered_customers,
        count(case when has_repurchased then 1 end) as repurchased_customers
    from {{ ref('int_signal_answers') }}
    group by
        signal,
        answer

),

rated as (

    select
        *,
        {{ rate('repurchased_customers', 'answered_customers') }} as repurchase_rate_90d,
        {{ wilson_low('repurchased_customers', 'answered_customers') | indent(8) }} as repurchase_rate_90d_low,
        {{ wilson_high('repurchased_customers', 'answered_customers') | indent(8) }} as repurchase_rate_90d_high
    from counted

),

compared as (

    select
        rated.*,
        best.answered_customers as reference_customers,
        rated.repurchase_rate_90d - best.repurchase_rate_90d as repurchase_difference,
        {{ difference_low('rated.repurchase_rate_90d', 'best.repurchase_rate_90d') }} as repurchase_difference_low,
        {{ difference_high('rated.repurchase_rate_90d', 'best.repurchase_rate_90d') }} as repurchase_difference_high
    from rated
    left join rated as best
        on
            rated.signal = best.signal
            and best.is_reference
            and not rated.is_reference

)

select
    signal,
    answer,
    is_reference,
    cast(answered_customers as bigint) as answered_customers,
    cast(repurchased_customers as bigint) as repurchased_customers,
    repurchase_rate_90d,
    repurchase_rate_90d_low,
    repurchase_rate_90d_high,
    repurchase_difference,
    repurchase_difference_low,
    repurchase_difference_high,
    repurchase_difference_low > 0 or repurchase_difference_high < 0 as is_conclusive,
    case when repurchase_difference is not null then least(answered_customers, reference_customers) >= 30 end as has_enough
from compared
