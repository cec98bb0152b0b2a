{#- Who the row of a relation belongs to, in a query that joins identity_of(relation). By the setting identity_by:
    - customer_id: its customer number, else the customer known by the same e-mail, else a guest recognised by the hash of
      the e-mail, else nobody (null).
    - email: the customer known by its e-mail, else the guest; of a row with a number alone the e-mail is that of the number,
      and where there is none, it stays the number. -#}
{% macro resolved_customer_id(relation, email='customer_email') -%}
    {%- set own_number = relation ~ '.customer_id' -%}
    {%- if var('identity_by') == 'email' -%}
    coalesce(
        email_owners.customer_id,
        {{ guest('coalesce(' ~ relation ~ '.' ~ email ~ ', number_emails.email)') }},
        {{ own_number }}
    )
    {%- else -%}
    coalesce({{ own_number }}, email_owners.customer_id, {{ guest(relation ~ '.' ~ email) }})
    {%- endif -%}
{%- endmacro %}


{#- The joins that resolved_customer_id needs: the e-mail of the row's number (only where identity_by is email), and the owner
    of the row's e-mail. -#}
{% macro identity_of(relation, email='customer_email') -%}
    left join {{ ref('int_number_emails') }} as number_emails
        on {{ relation }}.customer_id = number_emails.customer_id
    left join {{ ref('int_email_owners') }} as email_owners
        {% if var('identity_by') == 'email' -%}
        on coalesce({{ lower_case(relation ~ '.' ~ email) }}, number_emails.email) = email_owners.email
        {%- else -%}
        on case when {{ relation }}.customer_id is null then {{ lower_case(relation ~ '.' ~ email) }} end = email_owners.email
        {%- endif %}
{%- endmacro %}


{#- A customer without a number, known by an e-mail; null without one. -#}
{% macro guest(email) -%}
    'guest:' || md5({{ text_literal(identity_salt()) }} || {{ lower_case(email) }})
{%- endmacro %}


{#- The salt of guests' e-mails. It is a secret, so the environment comes before the settings. -#}
{% macro identity_salt() -%}
    {{ return(env_var('STAMMKUNDE_IDENTITY_SALT', '') or var('identity_salt')) }}
{%- endmacro %}


{#- Which of several rows about one customer counts: the first in this order. -#}
{% macro customer_version_order() -%}
    {%- for column in [
        'updated_at', 'customer_id', 'email', 'created_at', 'acquisition_channel', 'country', 'marketing_consent',
        'referred_by_customer_id', 'loyalty_tier',
    ] + further_columns_of_customers() %}
    {{ column }} desc nulls last{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
