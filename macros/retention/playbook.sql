{#- What rules of the playbook may compare: the columns of customers that are numbers, those that are a yes or no (1 or 0), the
    columns of int_playbook_metrics and some predictions. tests/test_playbook.py holds them against the models. -#}
{% macro playbook_metrics() -%}
    {{ return(
        numbers_of_customers() + yes_or_no_of_customers() + numbers_of_playbook_metrics() + playbook_predictions() | list
    ) }}
{%- endmacro %}

{% macro numbers_of_customers() -%}
    {{ return([
        'orders', 'net_revenue', 'average_order_value', 'recency_days', 'average_days_between_orders', 'r_score', 'f_score',
        'm_score', 'engagement_score', 'health_purchase', 'health_engagement', 'health_email', 'health_support',
        'health_survey', 'health_payment', 'health_score', 'health_score_change_28d',
    ]) }}
{%- endmacro %}

{% macro yes_or_no_of_customers() -%}
    {{ return(['marketing_consent', 'is_advocate']) }}
{%- endmacro %}

{% macro numbers_of_playbook_metrics() -%}
    {{ return([
        'days_since_last_activity', 'latest_nps', 'unopened_emails', 'payment_failed_90d', 'tickets_30d', 'net_revenue_365d',
        'value_percentile',
    ]) }}
{%- endmacro %}

{#- Columns of customer_predictions, each with the model that must be worth using (prediction_trust). -#}
{% macro playbook_predictions() -%}
    {{ return({
        'p_alive': 'bg_nbd', 'expected_orders_90d': 'bg_nbd', 'expected_orders_365d': 'bg_nbd', 'predicted_clv_365d': 'clv',
        'churn_probability': 'churn_logistic',
    }) }}
{%- endmacro %}


{#- The value of the metric that a column names, of `customers` joined to int_playbook_metrics as `metrics` and to `predictions`. -#}
{% macro value_of_metric(metric) -%}
    case {{ metric }}
        {%- for name in numbers_of_customers() %}
        when '{{ name }}' then cast(customers.{{ name }} as double)
        {%- endfor %}
        {%- for name in yes_or_no_of_customers() %}
        when '{{ name }}' then case when customers.{{ name }} then 1.0 when not customers.{{ name }} then 0.0 end
        {%- endfor %}
        {%- for name in numbers_of_playbook_metrics() %}
        when '{{ name }}' then cast(metrics.{{ name }} as double)
        {%- endfor %}
        {%- for name in playbook_predictions() %}
        when '{{ name }}' then predictions.{{ name }}
        {%- endfor %}
    end
{%- endmacro %}


{#- Whether a value meets the limit of a rule. False where there is no value. -#}
{% macro meets(value, operator, threshold) -%}
    coalesce(
        case {{ operator }}
            {%- for known in playbook_operators() %}
            when '{{ known }}' then {{ value }} {{ known }} {{ threshold }}
            {%- endfor %}
        end,
        false
    )
{%- endmacro %}

{% macro playbook_operators() -%}
    {{ return(['<', '<=', '>', '>=', '=', '<>']) }}
{%- endmacro %}


{#- Whether no rule contacts a customer by a channel that needs consent, so that the programme as a whole can be measured. -#}
{% macro is_in_universal_control(customer_id) -%}
    {{ share_of_hash("'universal:' || " ~ customer_id) }} < {{ var('universal_control_share') }}
{%- endmacro %}


{#- Why a rule fired: the name of the metric, its value and the limit. A yes or no needs no limit. -#}
{% macro reason_of(name, metric, value, operator, threshold, language) -%}
    {%- set yes, no, mark, words = {
        'en': ('yes', 'no', '.', ['below', 'at most', 'above', 'at least', 'equal to', 'other than']),
        'de': ('ja', 'nein', ',', ['unter', 'höchstens', 'über', 'mindestens', 'gleich', 'ungleich']),
    }[language] -%}
    {{ name }} || ': '
    || case
        when {{ metric }} in ({{ literals(yes_or_no_of_customers()) }})
            then case {{ value }} when 1 then '{{ yes }}' else '{{ no }}' end
        else
            {{ number_in_words(value, mark) }} || ' ('
            || case {{ operator }}
                {%- for known in playbook_operators() %}
                when '{{ known }}' then '{{ words[loop.index0] }}'
                {%- endfor %}
            end
            || ' ' || {{ number_in_words(threshold, mark) }} || ')'
    end
{%- endmacro %}


{#- The same for all that a rule compares. -#}
{% macro reasons_of_rule(language) -%}
    {{ reason_of('metric_name_' ~ language, 'metric', 'metric_value', 'operator', 'threshold', language) }}
    || case
        when and_metric is null then ''
        else
            '; '
            || {{ reason_of(
                'and_metric_name_' ~ language, 'and_metric', 'and_metric_value', 'and_operator', 'and_threshold', language
            ) }}
    end
{%- endmacro %}
