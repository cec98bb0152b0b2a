{#- Values of rejected rows without what could name a person. What is wrong with them stays to be seen: a mask stands for the
    e-mail or the number alone. -#}

{% macro masked_value(column, expression) -%}
    {%- if column == 'customer_email' -%}
    case
        when {{ expression }} like '%@%' then {{ masked_emails(expression) }}
        when {{ clean_text(expression) }} is null then {{ expression }}
        else '***'
    end
    {%- elif column == 'customer_id' and var('customer_id_is_personal') -%}
    case
        when {{ clean_text(expression) }} is null or {{ is_damaged_id(clean_text(expression)) }} then {{ expression }}
        else '***'
    end
    {%- elif column in ['currency', 'status', 'sales_channel', 'is_test'] -%}
    {{ masked_text(expression) }}
    {%- else -%}
    {#- Ids, days and amounts may begin with a zero. -#}
    {{ masked_phones(masked_emails(expression), '[+][1-9]') }}
    {%- endif -%}
{%- endmacro %}

{#- E-mails and telephone numbers anywhere in a text. -#}
{% macro masked_text(expression) -%}
    {{ masked_phones(masked_emails(expression), '([+][1-9]|00?[1-9])') }}
{%- endmacro %}

{% macro masked_emails(expression) -%}
    {%- set sign = '[^@,;|<>"\'\\s]' -%}
    {{ replaced_form(expression, '[,;|<>"\'\\s]', sign ~ '*@' ~ sign ~ '*', '***@***') }}
{%- endmacro %}

{#- A beginning such as that of a country or a town, then at least seven digits, with signs between them as people write them. -#}
{% macro masked_phones(expression, beginning) -%}
    {{ replaced_form(expression, '[^0-9A-Za-z.,+-]', beginning ~ '([ /()-]*[0-9]){6,}', '***') }}
{%- endmacro %}


{#- By what a row is known again that cannot be used; the salt keeps anybody from trying out what stood there. -#}
{% macro row_hash(texts, others) -%}
    md5(
        {{ identity_salt() }}
        {%- for column in texts %}
        || '|' || coalesce(raw_{{ column }}, '')
        {%- endfor %}
        {%- for column in others %}
        || '|' || coalesce(raw_{{ column }}, {{ as_text(column ~ '_typed') }}, '')
        {%- endfor %}
        || '|' || coalesce(malformed_line, '')
    )
{%- endmacro %}

{#- Whether values of a row that was first seen on a day are no longer kept (setting quarantined_values_days). -#}
{% macro is_past_its_days(first_seen_on) -%}
    {{ first_seen_on }} < {{ add_days(reporting_date(run_at()), -var('quarantined_values_days')) }}
{%- endmacro %}
