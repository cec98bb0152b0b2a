{#- Who a row belongs to: its customer number, else the customer known by the same e-mail, else a guest recognised by
    the hash of the e-mail, else nobody (null). -#}
{% macro resolved_customer_id(customer_id, email, owner_of_email) -%}
    coalesce(
        {{ customer_id }},
        {{ owner_of_email }},
        'guest:' || md5({{ text_literal(identity_salt()) }} || {{ lower_case(email) }})
    )
{%- endmacro %}


{#- The e-mail by which the owner of a row is looked up in int_email_owners: that of a row without a customer number. -#}
{% macro email_to_look_up(customer_id, email) -%}
    case when {{ customer_id }} is null then {{ lower_case(email) }} end
{%- endmacro %}


{#- The salt of guests' e-mails. It is a secret, so the environment comes before the settings. -#}
{% macro identity_salt() -%}
    {{ return(env_var('STAMMKUNDE_IDENTITY_SALT', '') or var('identity_salt')) }}
{%- endmacro %}
