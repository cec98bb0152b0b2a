{%- set features = churn_features() -%}
{%- set drivers = churn_drivers() -%}
{%- set most_drivers = 3 -%}
{#- In log odds: less, about a tenth more of the odds, is no reason to name it. -#}
{%- set least_to_name = '1e-1' -%}
with model as (

    select
        max(case when parameter = 'intercept' then estimate end) as intercept,
        {% for feature in features %}
            coalesce(max(case when parameter = '{{ feature }}' then estimate end), 0e0) as {{ feature }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ source('predictions', 'parameters') }}
    where
        build_id = '{{ build_id() }}'
        and model = 'churn_logistic'

),

features as (

    select
        known.customer_id,
        {% for feature, expression in features.items() %}
            {{ expression }} as {{ feature }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_churn_features') }} as known

),

-- Without a model there is no intercept, and nobody is scored.
contributions as (

    select
        features.customer_id,
        model.intercept,
        {% for driver, of_it in drivers.items() %}
            {% for feature in of_it -%}
                {{ '+ ' if not loop.first }}model.{{ feature }} * features.{{ feature }}
            {% endfor -%}
            as {{ driver }}{{ ',' if not loop.last }}
        {% endfor %}
    from features
    cross join model
    where model.intercept is not null

),

average_customer as (

    select
        {% for driver in drivers %}
            {{ rate(sum_in_any_order(driver), 'count(*)') }} as {{ driver }}{{ ',' if not loop.last }}
        {% endfor %}
    from contributions

),

pushing_up as (

    {% for driver in drivers %}
        select
            contributions.customer_id,
            '{{ driver }}' as driver,
            round(contributions.{{ driver }} - average_customer.{{ driver }}, 9) as log_odds
        from contributions
        cross join average_customer
        where contributions.{{ driver }} - average_customer.{{ driver }} > {{ least_to_name }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

strongest_first as (

    select
        customer_id,
        driver,
        row_number() over (partition by customer_id order by log_odds desc, driver asc) as position
    from pushing_up

),

in_words as (

    select
        strongest_first.customer_id,
        strongest_first.position,
        {{ churn_driver_in_words('drivers.words_en', '.', 'not known') | indent(8) }} as words_en,
        {{ churn_driver_in_words('drivers.words_de', ',', 'nicht bekannt') | indent(8) }} as words_de
    from strongest_first
    inner join {{ ref('int_churn_features') }} as known
        on strongest_first.customer_id = known.customer_id
    inner join {{ ref('churn_drivers') }} as drivers
        on strongest_first.driver = drivers.driver
    where strongest_first.position <= {{ most_drivers }}

),

top_drivers as (

    select
        customer_id,
        {{ drivers_in_words('words_en') }} as top_drivers_en,
        {{ drivers_in_words('words_de') }} as top_drivers_de
    from in_words
    group by customer_id

)

select
    contributions.customer_id,
    1 / (
        1 + exp(
            -(
                contributions.intercept
                {% for driver in drivers %}
                    + contributions.{{ driver }}
                {% endfor %}
            )
        )
    ) as churn_probability,
    coalesce(top_drivers.top_drivers_en, '') as top_drivers_en,
    coalesce(top_drivers.top_drivers_de, '') as top_drivers_de
from contributions
left join top_drivers
    on contributions.customer_id = top_drivers.customer_id
