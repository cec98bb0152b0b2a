{#- What a target may be set for: measures of the marts that have a value by period. Of each: the mart, the grains that it has
    rows of; `most`, above which a target is surely a slip, such as 80 for 80 %; `share`, the counts that a share is made of, from
    which it is known how far chance moves it, or `margin`, the column that says so; `unknown`, the flag of periods whose start
    the data do not reach back to. -#}
{% macro target_measures() -%}
    {%- set whole = ['month', 'quarter', 'year'] -%}
    {%- set found = {} -%}
    {%- for measure, more in {
        'customer_retention_rate': {'most': 5, 'unknown': 'is_left_censored'},
        'retained_customer_rate':
            {'most': 1, 'unknown': 'is_left_censored', 'share': ['retained_customers', 'customers_at_start']},
        'customer_churn_rate':
            {'most': 1, 'unknown': 'is_left_censored', 'share': ['churned_customers', 'customers_at_start']},
        'repeat_customer_rate': {'most': 1, 'share': ['repeat_customers', 'purchasing_customers']},
        'returning_customer_rate': {'most': 1, 'share': ['returning_customers', 'purchasing_customers']},
        'returning_revenue_share': {'most': 1},
        'purchase_frequency': {},
        'average_order_value': {},
        'revenue_per_customer': {},
        'net_revenue': {},
        'orders': {},
        'new_customers': {},
        'customers_at_end': {},
        'historic_clv': {},
        'clv_by_retention': {'unknown': 'is_clv_left_censored'},
        'clv_by_lifespan': {'unknown': 'is_clv_left_censored'},
        'net_revenue_retention': {'most': 5, 'grains': ['year']},
        'gross_revenue_retention': {'most': 1, 'grains': ['year']},
        'revenue_churn_rate': {'most': 1, 'grains': ['year']},
    }.items() -%}
        {%- do found.update({measure: dict({'mart': 'retention_kpis', 'grains': whole}, **more)}) -%}
    {%- endfor -%}
    {%- do found.update({'nps': {'mart': 'nps', 'grains': ['month', 'quarter'], 'most': 100, 'margin': 'nps_margin'}}) -%}
    {%- for measure, more in {
        'replied_within_target_rate': {'most': 1, 'share_of': 'first_replies'},
        'solved_within_target_rate': {'most': 1, 'share_of': 'tickets_solved'},
        'csat_score': {'most': 1, 'share_of': 'csat_responses'},
        'average_csat': {'most': 5},
        'median_first_reply_minutes': {},
        'tickets_per_100_active_customers': {},
    }.items() -%}
        {#- The mart holds the share and what it is of: their product is the count. -#}
        {%- if more.share_of -%}
            {%- do more.update({'share': ['round(' ~ measure ~ ' * ' ~ more.share_of ~ ')', more.share_of]}) -%}
        {%- endif -%}
        {%- do found.update({
            measure: dict({'mart': 'support_kpis', 'grains': ['month'], 'where': "channel = 'all'"}, **more)
        }) -%}
    {%- endfor -%}
    {%- for measure, more in {
        'open_rate': {'most': 1, 'share': ['emails_opened', 'emails_sent']},
        'click_rate': {'most': 1, 'share': ['emails_clicked', 'emails_sent']},
    }.items() -%}
        {%- do found.update({measure: dict({'mart': 'email_kpis', 'grains': ['month']}, **more)}) -%}
    {%- endfor -%}
    {%- for measure, more in {
        'logo_churn_rate': {'most': 1, 'share': ['churned_subscribers', 'subscribers_at_start']},
        'gross_mrr_retention': {'most': 1},
        'net_mrr_retention': {'most': 5},
        'mrr_at_end': {},
    }.items() -%}
        {%- do found.update({measure: dict({'mart': 'subscription_kpis', 'grains': ['month'], 'by_month': true}, **more)}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
