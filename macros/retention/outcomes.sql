{#- Whether a rule leaves anybody alone, so that what it does is measured. What is service and withheld from nobody is not. -#}
{% macro is_experiment(rules) -%}
    ({{ rules }}.control_share > 0
    {%- if var('universal_control_share') > 0 %} or {{ rules }}.needs_consent{% endif -%})
{%- endmacro %}


{#- Days within which success must come, for actions of rules that the playbook does not hold (any more). -#}
{% macro window_of_other_rules() -%}
    30
{%- endmacro %}


{#- What became of the trials of a group: columns of `int_playbook_trials` counted by arm. `value` is what the first orders
    after them brought. -#}
{% macro outcome_counts() -%}
    {%- for side, arm in [('treated', 'treatment'), ('control', 'control')] %}
    count(case when arm = '{{ arm }}' and is_observed then 1 end) as {{ side }},
    count(case when arm = '{{ arm }}' and success_amount is not null then 1 end) as {{ side }}_successes,
    coalesce(sum(case when arm = '{{ arm }}' then success_amount end), 0) as {{ side }}_value,
    count(case when arm = '{{ arm }}' and not is_observed then 1 end) as {{ side }}_waiting{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- What the actions of a group brought beyond what would have come anyway, of its counts: the uplift for every treated
    one, at the average of the first orders. Null where an arm is empty, and without any success. -#}
{% macro value_won() -%}
    ({{ rate('treated_successes', 'treated') }} - {{ rate('control_successes', 'control') }}) * treated
    * {{ rate('treated_value + control_value', 'treated_successes + control_successes') }}
{%- endmacro %}
