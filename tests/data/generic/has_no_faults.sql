{#- Gives a row for each fault that a model has found in its rows and names in its column `fault`. -#}
{% test has_no_faults(model) %}
    select fault from {{ model }} where fault is not null order by fault
{% endtest %}
