{%- set values = {} -%}
{%- for name, kind, column in template_fields() -%}
    {%- do values.update({name: template_value_in_its_language(column, kind)}) -%}
{%- endfor -%}
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
        {{ as_columns(values) }},
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

{{ fields_filled_in('filled_with_nothing', 'filled') }}

select
    customer_id,
    rule_id,
    language,
    template_id,
    variant,
    {{ with_shown_tags('subject') }} as subject,
    {{ with_shown_tags('body') }} as body
from filled
