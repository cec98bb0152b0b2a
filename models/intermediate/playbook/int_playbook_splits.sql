-- Of rules in the playbook, customers whom chance alone sends to an arm: whoever is in the universal control was never
-- drawn.
with drawn as (

    select
        trials.rule_id,
        trials.customer_id,
        trials.arm,
        rules.control_share
    from {{ ref('int_playbook_trials') }} as trials
    inner join {{ ref('int_playbook_rules') }} as rules
        on trials.rule_id = rules.rule_id
    where
        not rules.needs_consent
        or not {{ is_in_universal_control('trials.customer_id') }}

)

select
    rule_id,
    control_share as asked_control_share,
    cast(count(distinct case when arm = 'treatment' then customer_id end) as bigint) as treated_customers,
    cast(count(distinct case when arm = 'control' then customer_id end) as bigint) as left_alone_customers
from drawn
group by
    rule_id,
    control_share
