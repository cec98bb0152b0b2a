{#- What staging reads of a raw column. A value that is not text is in <column>_typed if it arrived typed, else in <column>
    as text, which is parsed. -#}
{% macro raw_timestamp(column) -%}
    coalesce({{ column }}_typed, {{ timestamp_from_text(clean_text(column)) }})
{%- endmacro %}

{#- A number; `if_empty` is what an empty value means, where it is not null. -#}
{% macro raw_decimal(column, data_type='decimal(18, 4)', if_empty=none) -%}
    coalesce(
        {{ column }}_typed,
        {{ decimal_from_text(clean_text(column), data_type) }}
        {%- if if_empty is not none %},
        case when {{ clean_text(column) }} is null then {{ if_empty }} end
        {%- endif %}
    )
{%- endmacro %}

{% macro raw_boolean(column) -%}
    coalesce({{ column }}_typed, {{ boolean_from_text(clean_text(column)) }})
{%- endmacro %}


{#- A column for customer numbers may hold e-mails: the number of a row, and its e-mail, which may have a column of its
    own. -#}
{% macro customer_number(column) -%}
    case when {{ column }} not like '%@%' then {{ clean_text(column) }} end
{%- endmacro %}

{% macro customer_email(number_column, email_column=none) -%}
    {%- set from_number = 'case when ' ~ number_column ~ " like '%@%' then " ~ clean_text(number_column) ~ ' end' -%}
    {{ 'coalesce(' ~ clean_text(email_column) ~ ', ' ~ from_number ~ ')' if email_column else from_number }}
{%- endmacro %}


{#- The values of a raw order row as they came, to be carried along: each text as raw_<column>, beside it <column>_typed. -#}
{% macro raw_order_values() -%}
    {%- for column in text_columns_of_orders() + other_columns_of_orders() %}
        {{- column ~ ' as raw_' ~ column }}
        {{- ',\n        ' ~ column ~ '_typed' if column in other_columns_of_orders() }}
        {{- ',\n        ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The same as text by the column's name, of rejected rows alone: nobody looks at them in any other row. One column, as
    twelve that are almost always null cost a tenth of the model. -#}
{% macro raw_order_values_if_rejected() -%}
    {%- set texts = {} -%}
    {%- for column in text_columns_of_orders() -%}
        {%- do texts.update({column: 'raw_' ~ column}) -%}
    {%- endfor -%}
    {%- for column in other_columns_of_orders() -%}
        {%- do texts.update({column: 'coalesce(raw_' ~ column ~ ', ' ~ as_text(column ~ '_typed') ~ ')'}) -%}
    {%- endfor -%}
    case when rejection_reason is not null then {{ map_of_texts(texts) }} end
{%- endmacro %}

{#- Here and not from models/raw/raw.yml: unit tests know nothing of sources but their own rows. -#}
{% macro text_columns_of_orders() %}
    {{ return(['order_id', 'customer_id', 'currency', 'status', 'sales_channel', 'customer_email']) }}
{% endmacro %}

{% macro other_columns_of_orders() %}
    {{ return(['ordered_at', 'amount', 'refunded_amount', 'discount_amount', 'is_test', 'updated_at']) }}
{% endmacro %}
