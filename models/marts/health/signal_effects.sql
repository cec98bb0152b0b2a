{#- What the others of a signal are compared with. -#}
{%- set best = ['promoter', 'satisfied', 'within_target', 'no_complaint'] -%}
with counted as (

    select
        signal,
        answer,
        answer in ('{{ best | join("', '") }}') as is_reference,
        count(*) as customers,
        count(case when has_repurchased then 1 end) as repurchased_customers
    from {{ ref('int_signal_answers') }}
    group by
        signal,
        answer

),

rated as (

    select
        *,
        {{ rate('repurchased_customers', 'customers') }} as repurchase_rate_90d,
        {{ wilson_low('repurchased_customers', 'customers') | indent(8) }} as repurchase_rate_90d_low,
        {{ wilson_high('repurchased_customers', 'customers') | indent(8) }} as repurchase_rate_90d_high
    from counted

),

compared as (

    select
        rated.*,
        best.customers as reference_customers,
        rated.repurchase_rate_90d - best.repurchase_rate_90d as difference,
        {{ difference_low('rated.repurchase_rate_90d', 'best.repurchase_rate_90d') }} as difference_low,
        {{ difference_high('rated.repurchase_rate_90d', 'best.repurchase_rate_90d') }} as difference_high
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
    cast(customers as bigint) as customers,
    cast(repurchased_customers as bigint) as repurchased_customers,
    repurchase_rate_90d,
    repurchase_rate_90d_low,
    repurchase_rate_90d_high,
    difference,
    difference_low,
    difference_high,
    difference_low > 0 or difference_high < 0 as is_conclusive,
    case when difference is not null then least(customers, reference_customers) >= 30 end as has_enough
from compared
