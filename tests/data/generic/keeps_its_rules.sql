{#- One test per model judges all rules that stand beside its columns (docs/rules.md). Gives a row for each broken rule:
    what is wrong in words, and in how many rows. Null breaks no rule but not_null. -#}
{% test keeps_its_rules(model) %}
{% if execute %}
    {{ broken_rules(model) }}
{% else %}
    select 1
{% endif %}
{% endtest %}
