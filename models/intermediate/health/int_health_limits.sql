{%- set levels = {
    'purchase': ['score_5', 'score_4', 'score_3', 'score_2'],
    'engagement': ['score_5', 'score_4', 'score_3'],
    'email': ['opened_3', 'opened_2', 'opened_1', 'opened_0'],
    'survey': ['score_5', 'score_4', 'score_3', 'score_2'],
    'payment': ['failed_0', 'failed_1', 'failed_more'],
    'band': ['healthy', 'watch'],
} -%}
with limits as (

    select
        {% for component, names in levels.items() -%}
            {%- set is_last_component = loop.last -%}
            {%- for level in names -%}
                max(case when component = '{{ component }}' and level = '{{ level }}' then value end)
                    as {{ component }}_{{ level }}{{ ',' if not (is_last_component and loop.last) }}
            {% endfor -%}
        {%- endfor %}
    from {{ ref('health_thresholds') }}

),

weights as (

    select
        {% for component in health_component_names() -%}
            max(case when component = '{{ component }}' then weight end) as {{ component }}_weight
            {{- ',' if not loop.last }}
        {% endfor %}
    from {{ ref('health_weights') }}

)

select
    {% for component, names in levels.items() -%}
        {%- for level in names -%}
            limits.{{ component }}_{{ level }},
        {% endfor -%}
    {%- endfor %}
    {%- for component in health_component_names() %}
        weights.{{ component }}_weight{{ ',' if not loop.last }}
    {%- endfor %}
from limits
cross join weights
