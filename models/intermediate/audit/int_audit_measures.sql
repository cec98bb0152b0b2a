{%- set parts = ['int_audit_of_customers', 'int_audit_of_messages', 'int_audit_of_answers', 'int_audit_of_builds'] -%}
{#- Which signals a measure rests on; of the others it is always known. -#}
{%- set signals = {
    'segmented_emails': 'signals.has_named_emails',
    'contacted_unasked': 'signals.has_messages or signals.has_actions',
    'months_with_feedback': 'signals.has_surveys',
    'answered_criticism': 'signals.has_replies or signals.has_actions',
    'referred_new_customers': 'signals.has_referrals',
    'community_customers': 'signals.has_posts',
    'upsell_by_behaviour': 'signals.has_actions',
    'replied_within_target': 'signals.has_replies',
    'satisfied_with_support': 'signals.has_csat',
    'contacted_inactive': 'signals.has_messages or signals.has_actions',
} -%}
with activity_types as (

    select
        max(case when signal in ('email_sent', 'sms_sent') then 1 else 0 end) as messages,
        max(case when signal in ('nps', 'csat') then 1 else 0 end) as surveys,
        max(case when signal = 'csat' then 1 else 0 end) as csat,
        max(case when signal = 'ticket_first_reply' then 1 else 0 end) as replies,
        max(case when signal = 'community_post' then 1 else 0 end) as posts,
        max(case when signal in ('referral_sent', 'referral_converted') then 1 else 0 end) as referrals
    from {{ ref('int_signal_days') }}

),

named_emails as (

    select count(message_name) as rows_found
    from {{ ref('int_email_messages') }}

),

actions as (

    select count(*) as rows_found
    from {{ ref('int_playbook_history') }}
    where arm = 'treatment'

),

referred as (

    select count(case when is_referred then 1 end) as rows_found
    from {{ ref('int_audit_customers') }}

),

signals as (

    select
        coalesce(activity_types.messages, 0) = 1 as has_messages,
        coalesce(activity_types.surveys, 0) = 1 as has_surveys,
        coalesce(activity_types.csat, 0) = 1 as has_csat,
        coalesce(activity_types.replies, 0) = 1 as has_replies,
        coalesce(activity_types.posts, 0) = 1 as has_posts,
        coalesce(activity_types.referrals, 0) = 1 or referred.rows_found > 0 as has_referrals,
        named_emails.rows_found > 0 as has_named_emails,
        actions.rows_found > 0 as has_actions
    from activity_types
    cross join named_emails
    cross join actions
    cross join referred

),

measured as (

    {% for part in parts %}
        select
            measure,
            measured_part,
            measured_whole,
            from_date,
            to_date
        from {{ ref(part) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

known as (

    select
        measured.*,
        {{ rate('measured.measured_part', 'measured.measured_whole') }} as measured_share,
        case measured.measure
            {% for measure, has_signal in signals.items() %}
                when '{{ measure }}' then {{ has_signal }}
            {% endfor %}
            else true
        end as has_signal
    from measured
    cross join signals

),

judged as (

    select
        known.*,
        thresholds.least_whole,
        thresholds.evidence_en,
        thresholds.evidence_de,
        thresholds.missing_en,
        thresholds.missing_de,
        case
            when not known.has_signal and thresholds.without_signal = 'lowest' then {{ audit_scores()[0] }}
            when not known.has_signal then null
            when known.measured_whole < thresholds.least_whole then null
            {% for score in audit_scores()[1:] | reverse %}
                when known.measured_share >= thresholds.from_{{ score }} then {{ score }}
            {% endfor %}
            else {{ audit_scores()[0] }}
        end as score
    from known
    inner join {{ ref('int_audit_thresholds') }} as thresholds
        on known.measure = thresholds.measure

)

select
    measure,
    measured_part,
    measured_whole,
    measured_share,
    from_date,
    to_date,
    has_signal,
    cast(score as int) as score,
    case
        when not has_signal then missing_en
        else
            {{ audit_evidence('en') }}
            || case when measured_whole < least_whole then {{ too_few_to_judge('en') }} else '' end
    end as evidence_en,
    case
        when not has_signal then missing_de
        else
            {{ audit_evidence('de') }}
            || case when measured_whole < least_whole then {{ too_few_to_judge('de') }} else '' end
    end as evidence_de
from judged
