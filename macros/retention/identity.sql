{#- Who the row of a relation belongs to, in a query that joins identity_of(relation). By the setting identity_by:
    - customer_id: its customer number, else the customer known by the same e-mail, else a guest recognised by the hash of
      the e-mail, else nobody (null).
    - email: the customer known by its e-mail, else the guest; of a row with a number alone the e-mail is that of the number,
      and where there is none, it stays the number. -#}
{% macro resolved_customer_id(relation) -%}
    {%- set own_number = relation ~ '.customer_id' -%}
    {%- if var('identity_by') == 'email' -%}
    coalesce(
        email_owners.customer_id,
        {{ guest('coalesce(' ~ relation ~ '.email_hash, number_emails.email_hash)') }},
        {{ own_number }}
    )
    {%- else -%}
    coalesce({{ own_number }}, email_owners.customer_id, {{ guest(relation ~ '.email_hash') }})
    {%- endif -%}
{%- endmacro %}


{#- The joins that resolved_customer_id needs: the e-mail of the row's number (only where identity_by is email), and the owner
    of the row's e-mail. -#}
{% macro identity_of(relation) -%}
    left join {{ ref('int_number_emails') }} as number_emails
        on {{ relation }}.customer_id = number_emails.customer_id
    left join {{ ref('int_email_owners') }} as email_owners
        {% if var('identity_by') == 'email' -%}
        on coalesce({{ relation }}.email_hash, number_emails.email_hash) = email_owners.email_hash
        {%- else -%}
        on case when {{ relation }}.customer_id is null then {{ relation }}.email_hash end = email_owners.email_hash
        {%- endif %}
{%- endmacro %}


{#- A customer without a number, known by the hash of an e-mail; null without one. -#}
{% macro guest(email_hash) -%}
    'guest:' || {{ email_hash }}
{%- endmacro %}


{#- A customer number as staging hands it on: as it is, or its hash where numbers are names, telephone numbers or the like
    (setting customer_id_is_personal). A damaged one is no number, and stays to be seen. -#}
{% macro known_customer_id(number) -%}
    {%- if var('customer_id_is_personal') -%}
    case
        when {{ is_damaged_id(number) }} then {{ number }}
        else 'customer:' || md5({{ identity_salt() }} || {{ number }})
    end
    {%- else -%}
    {{ number }}
    {%- endif -%}
{%- endmacro %}


{#- An e-mail as staging hands it on: the hash of the salt and the address in lower case. Nobody needs the address to tell
    whether two rows have the same one. -#}
{% macro email_hash(email) -%}
    md5({{ identity_salt() }} || {{ lower_case(email) }})
{%- endmacro %}


{#- The salt of e-mails, in SQL. A refresh hands it over as a secret, of which dbt writes nothing down. The setting comes
    first: with it unit tests and a plain dbt build choose a salt that is no secret. -#}
{% macro identity_salt() -%}
    {%- if var('identity_salt') -%}
    {{ text_literal(var('identity_salt')) }}
    {%- else -%}
    {{ secret('identity_salt') }}
    {%- endif -%}
{%- endmacro %}


{#- Which of several rows about one customer counts: the first in this order. -#}
{% macro customer_version_order() -%}
    {%- for column in [
        'updated_at', 'customer_id', 'email', 'created_at', 'acquisition_channel', 'country', 'marketing_consent',
        'referred_by_customer_id', 'loyalty_tier',
    ] + further_columns_of_customers() + ['source_file'] %}
    {{ column }} desc nulls last{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
