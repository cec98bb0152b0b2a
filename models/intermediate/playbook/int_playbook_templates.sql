{#- A template with a fault takes no part: nothing is built behind it (the test has_no_faults). -#}
select
    template_id,
    language,
    variant,
    subject,
    body,
    'template ' || template_id || ', ' || language || ', ' || variant || ': '
    || coalesce(
        'subject: ' || {{ fault_of_fields('subject') | indent(8) }},
        'body: ' || {{ fault_of_fields('body') | indent(8) }}
    ) as fault
from {{ ref('playbook_templates') }}
