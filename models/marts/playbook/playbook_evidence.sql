{#- Of the rules that are said to have an effect, at most this share may do so by chance. -#}
{%- set false_discovery_rate = 0.05 -%}
{#- A split that chance makes once in so many times is not chance. -#}
{%- set broken_below = 0.001 -%}
with outcomes as (

    select
        rule_id,
        treated,
        control,
        uplift,
        {{ variance_of_share('treated_successes', 'treated') }}
        + {{ variance_of_share('control_successes', 'control') }} as uplift_variance
    from {{ ref('playbook_outcomes') }}
    where variant = 'all'

),

tested as (

    select
        *,
        {{ always_valid_margin('uplift_variance') | indent(8) }} as margin,
        case
            when uplift is not null
                then {{ always_valid_p_value('uplift', 'uplift_variance') | indent(12) }}
        end as p_value
    from outcomes

),

ranked as (

    select
        *,
        {{ p_value_for_rank('partition by 1') | indent(4) }} as p_value_for_rank
    from tested

),

corrected as (

    select
        *,
        case when uplift is not null then greatest(uplift - margin, -1) end as always_valid_low,
        case when uplift is not null then least(uplift + margin, 1) end as always_valid_high,
        {{ q_value('partition by 1') | indent(8) }} as q_value
    from ranked

),

adjustments as (

    select
        *,
        adjusted_revenue_uplift - {{ confidence_z() }} * adjusted_error as adjusted_revenue_uplift_low,
        adjusted_revenue_uplift + {{ confidence_z() }} * adjusted_error as adjusted_revenue_uplift_high
    from {{ ref('int_playbook_adjustments') }}

),

splits as (

    select
        *,
        {{ split_p_value('treated_customers', 'left_alone_customers', 'asked_control_share') | indent(8) }} as p_value
    from {{ ref('int_playbook_splits') }}

),

contacts as (

    select
        *,
        {{ rate('treated_contacted', 'treated') }} as contacted_elsewhere_treated,
        {{ rate('control_contacted', 'control') }} as contacted_elsewhere_control,
        {{ variance_of_share('treated_contacted', 'treated') }}
        + {{ variance_of_share('control_contacted', 'control') }} as contacts_variance,
        {{ rate('treated_overlapping', 'treated') }} as overlapping_treated,
        {{ rate('control_overlapping', 'control') }} as overlapping_control
    from {{ ref('int_playbook_contacts') }}

)

select
    corrected.rule_id,
    corrected.treated,
    corrected.control,
    corrected.uplift,
    corrected.always_valid_low,
    corrected.always_valid_high,
    cast(corrected.p_value as double) as always_valid_p_value,
    cast(corrected.q_value as double) as uplift_q_value,
    corrected.q_value <= {{ false_discovery_rate }} as is_discovery,
    adjustments.revenue_uplift,
    adjustments.adjusted_revenue_uplift,
    adjustments.adjusted_revenue_uplift_low,
    adjustments.adjusted_revenue_uplift_high,
    adjustments.variance_saved,
    splits.treated_customers,
    splits.left_alone_customers,
    splits.asked_control_share,
    cast(splits.p_value as double) as split_p_value,
    splits.p_value < {{ broken_below }} as split_is_broken,
    contacts.contacted_elsewhere_treated,
    contacts.contacted_elsewhere_control,
    case
        when contacts.contacted_elsewhere_treated is not null and contacts.contacted_elsewhere_control is not null
            then
                abs(contacts.contacted_elsewhere_treated - contacts.contacted_elsewhere_control)
                > {{ always_valid_margin('contacts.contacts_variance') | indent(16) }}
    end as contacts_differ,
    contacts.overlapping_treated,
    contacts.overlapping_control
from corrected
left join adjustments
    on corrected.rule_id = adjustments.rule_id
left join splits
    on corrected.rule_id = splits.rule_id
left join contacts
    on corrected.rule_id = contacts.rule_id
