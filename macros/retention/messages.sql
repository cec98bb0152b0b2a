{#- Up to when an open or a click of a message counts in figures by period: seven days, so that old and young periods compare. -#}
{% macro answered_in_time_until(sent_at) -%}
    {{ add_hours(sent_at, 7 * 24) }}
{%- endmacro %}


{#- The day by which every message sent before a day has had that time. -#}
{% macro answered_in_full_on(day) -%}
    {{ add_days(day, 7) }}
{%- endmacro %}


{#- The last day of sending that is looked at on a day: a message needs three days to be opened. -#}
{% macro messages_settled_by(day) -%}
    {{ add_days(day, -3) }}
{%- endmacro %}


{#- Whether a row of int_email_messages is the customer's latest message that was sent by a day minus 3; a customer has one such
    row at most. Its `opened_of_last_three` is then how many of the last three were opened, null below three. -#}
{% macro is_latest_settled_message(messages, day) -%}
    coalesce(
        {{ messages }}.sent_date <= {{ messages_settled_by(day) }}
        and {{ messages }}.message_number is not null
        and ({{ messages }}.next_sent_date is null or {{ messages }}.next_sent_date > {{ messages_settled_by(day) }}),
        false
    )
{%- endmacro %}


{#- Body of a CTE of one row: whether the shop tracks opens. Without any open or click that belongs to a message it does not, and
    all that is said of opens and clicks is null. -#}
{% macro tracking_of_opens() -%}
    select count(messages.opened_at) > 0 as is_tracked
    from {{ ref('int_email_messages') }} as messages
{%- endmacro %}
