{#- The customers that were there on a day, each with the state that held, and `since`, the day from which it did. `day`
    is an expression of a date: select * from {{ customer_states_on("cast('2025-12-31' as date)") }} as states -#}
{% macro customer_states_on(day) %}
    (
        select
            customer_id,
            as_of_date as since,
            lifecycle_stage,
            rfm_segment,
            health_band,
            health_score
        from {{ ref('customer_state_history') }}
        where
            as_of_date <= {{ day }}
            and (valid_to is null or valid_to > {{ day }})
            and lifecycle_stage is not null
    )
{% endmacro %}
