{%- set languages = ['en', 'de'] -%}
with contacts as (

    select
        customer_id,
        rule_id,
        template_id,
        variant
    from {{ ref('retention_actions') }}
    where
        is_selected
        and arm = 'treatment'

),

-- Field by field, so that no text is worked out several times.
filled_with_nothing as (

    select
        contacts.customer_id,
        contacts.rule_id,
        templates.language,
        contacts.template_id,
        contacts.variant,
        {%- for name, kind, column in template_fields() %}
        case templates.language
            {%- for language in languages %}
            when '{{ language }}' then {{ template_value(column, kind, language) | indent(16) }}
            {%- endfor %}
        end as {{ name }},
        {%- endfor %}
        {{ with_hidden_tags('templates.subject') }} as subject,
        {{ with_hidden_tags('templates.body') }} as body
    from contacts
    inner join {{ ref('int_playbook_templates') }} as templates
        on
            contacts.template_id = templates.template_id
            and contacts.variant = templates.variant
    inner join {{ ref('customers') }} as customers
        on contacts.customer_id = customers.customer_id
    inner join {{ ref('int_playbook_metrics') }} as metrics
        on contacts.customer_id = metrics.customer_id
    left join {{ ref('int_customer_attributes') }} as attributes
        on contacts.customer_id = attributes.customer_id

),

{% for name, _, _ in template_fields() -%}
{%- set earlier = 'nothing' if loop.first else template_fields()[loop.index0 - 1][0] -%}
filled_with_{{ name }} as (

    select
        customer_id,
        rule_id,
        language,
        template_id,
        variant,
        {%- for later, _, _ in template_fields()[loop.index:] %}
        {{ later }},
        {%- endfor %}
        {{ filled('subject', name) }} as subject,
        {{ filled('body', name) }} as body
    from filled_with_{{ earlier }}

){{ ',' if not loop.last }}

{% endfor -%}

select
    customer_id,
    rule_id,
    language,
    template_id,
    variant,
    {{ with_shown_tags('subject') }} as subject,
    {{ with_shown_tags('body') }} as body
from filled_with_{{ template_fields()[-1][0] }}
