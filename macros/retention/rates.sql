{#- The rates of a period, of everybody or of a segment, from its customers at start and end and its movements. -#}
{% macro customer_retention_rate() -%}
    {{ rate('customers_at_end - new_customers', 'customers_at_start') }}
{%- endmacro %}

{% macro retained_customer_rate() -%}
    {{ rate('customers_at_start - churned_customers', 'customers_at_start') }}
{%- endmacro %}

{% macro customer_churn_rate() -%}
    {{ rate('churned_customers', 'customers_at_start') }}
{%- endmacro %}
