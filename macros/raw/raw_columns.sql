{#- What staging reads of a raw column. A value that is not text is in <column>_typed if it arrived typed, else in <column>
    as text; `raw_text` is the cleaned text that must still be parsed, or null. -#}
{% macro raw_text(column) -%}
    case when {{ column }}_typed is null then {{ clean_text(column) }} end
{%- endmacro %}

{% macro raw_timestamp(column) -%}
    coalesce({{ column }}_typed, {{ timestamp_from_text(column ~ '_text') }})
{%- endmacro %}

{% macro raw_decimal(column, data_type='decimal(18, 4)') -%}
    coalesce({{ column }}_typed, {{ decimal_from_text(column ~ '_text', data_type) }})
{%- endmacro %}

{% macro raw_boolean(column) -%}
    coalesce({{ column }}_typed, {{ boolean_from_text(column ~ '_text') }})
{%- endmacro %}


{#- Whether a customer number is really an e-mail, and the number and the e-mail that follow. -#}
{% macro customer_number(column) -%}
    case when {{ column }} not like '%@%' then {{ column }} end
{%- endmacro %}

{% macro customer_email(number_column, email_column='null') -%}
    coalesce({{ email_column }}, case when {{ number_column }} like '%@%' then {{ number_column }} end)
{%- endmacro %}


{#- Columns of the raw entity `orders`, in the order in which stg_orders keeps the values of a row it rejects. -#}
{% macro raw_order_columns() -%}
    {{ return([
        'order_id', 'customer_id', 'ordered_at', 'amount', 'currency', 'refunded_amount', 'discount_amount',
        'status', 'sales_channel', 'customer_email', 'is_test', 'updated_at',
    ]) }}
{%- endmacro %}
