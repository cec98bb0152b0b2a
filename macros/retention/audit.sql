{#- What the audit of retention measures: each is a share. The seed `audit_thresholds` says which score it brings. -#}
{% macro audit_measures() -%}
    {{ return(audit_measures_of_customers() + audit_measures_of_events() + ['months_published']) }}
{%- endmacro %}

{% macro audit_measures_of_customers() -%}
    {{ return([
        'returned_within_90_days', 'contacted_unasked', 'health_beyond_purchases', 'referred_new_customers',
        'community_customers', 'upsell_by_behaviour', 'contacted_inactive',
    ]) }}
{%- endmacro %}

{% macro audit_measures_of_events() -%}
    {{ return([
        'segmented_emails', 'months_with_feedback', 'answered_criticism', 'replied_within_target', 'satisfied_with_support',
    ]) }}
{%- endmacro %}


{#- The scale of the audit, from not at all to fully. -#}
{% macro audit_scores() -%}
    {{ return([1, 2, 3, 4, 5]) }}
{%- endmacro %}


{#- What a measure found, in the words of its row of the seed. -#}
{% macro audit_evidence(language) -%}
    {%- set mark = {'en': '.', 'de': ','}[language] -%}
    {%- set filled = namespace(sql='evidence_' ~ language) -%}
    {%- for name, value in [
        ('part', 'coalesce(' ~ number_in_words('measured_part', mark) ~ ", '-')"),
        ('whole', 'coalesce(' ~ number_in_words('measured_whole', mark) ~ ", '-')"),
        ('percent', 'coalesce(' ~ number_in_words('round(100 * measured_share, 1)', mark) ~ ", '-')"),
        ('from', "coalesce(" ~ date_in_words('from_date', language) ~ ", '-')"),
        ('to', "coalesce(" ~ date_in_words('to_date', language) ~ ", '-')"),
    ] -%}
        {%- set filled.sql = 'replace(' ~ filled.sql ~ ", '{" ~ name ~ "}', " ~ value ~ ')' -%}
    {%- endfor -%}
    {{ filled.sql }}
{%- endmacro %}


{#- What follows where a share is of so few that it says nothing. -#}
{% macro too_few_to_judge(language) -%}
    {{ {
        'en': "' Too few to judge: at least ' || " ~ number_in_words('least_whole', '.') ~ " || ' are needed.'",
        'de': "' Zu wenige für ein Urteil: Mindestens ' || " ~ number_in_words('least_whole', ',') ~ " || ' sind nötig.'",
    }[language] }}
{%- endmacro %}
