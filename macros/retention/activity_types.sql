{#- Kinds of activities that measures are made of. Others are kept and reported (signal_coverage), and enter no measure. -#}
{% macro known_activity_types() -%}
    {{ return([
        'session', 'product_use', 'email_sent', 'email_opened', 'email_clicked', 'sms_sent', 'churn_reason', 'complaint',
        'ticket_opened', 'ticket_first_reply', 'ticket_solved', 'csat', 'nps', 'referral_sent', 'referral_converted',
        'loyalty_earned', 'loyalty_redeemed', 'payment_failed', 'community_post',
    ]) }}
{%- endmacro %}


{#- Of these, what happens so often that single ones say little: in customer_events they are counted by day. -#}
{% macro activity_types_counted_by_day() -%}
    {{ return(['session', 'product_use', 'email_sent', 'email_opened', 'email_clicked', 'sms_sent', 'community_post']) }}
{%- endmacro %}


{#- Those that belong to support: of them alone the channel is published. -#}
{% macro activity_types_of_support() -%}
    {{ return(['ticket_opened', 'ticket_first_reply', 'ticket_solved', 'csat', 'complaint']) }}
{%- endmacro %}


{#- Those that say that somebody was written to. -#}
{% macro activity_types_of_messages() -%}
    {{ return(['email_sent', 'sms_sent']) }}
{%- endmacro %}


{#- Those whose value says something: a mark, minutes or points. -#}
{% macro activity_types_with_a_value() -%}
    {{ return(['nps', 'csat', 'ticket_first_reply', 'ticket_solved', 'loyalty_earned', 'loyalty_redeemed']) }}
{%- endmacro %}


{#- Whether an activity's value is none that its kind can have; kinds that are not named need no value. -#}
{% macro has_impossible_value() -%}
    coalesce(
        case
            when activity_type = 'nps' then value is null or value not between 0 and 10 or value <> floor(value)
            when activity_type = 'csat' then value is null or value not between 1 and 5
            when activity_type in ('ticket_first_reply', 'ticket_solved', 'loyalty_earned', 'loyalty_redeemed')
                then value is null or value < 0
        end,
        false
    )
{%- endmacro %}
