{%- set features = churn_features() -%}
{%- set coefficients, contributions, averages, numbers = {}, {}, {}, {} -%}
{%- for feature in features -%}
    {%- set its_row = "max(case when parameter = '" ~ feature ~ "' then estimate end)" -%}
    {%- do coefficients.update({feature: 'coalesce(' ~ its_row ~ ', 0e0)'}) -%}
{%- endfor -%}
{%- set drivers = churn_drivers() -%}
{%- for driver, of_it in drivers.items() -%}
    {%- do contributions.update({driver: churn_contribution(of_it)}) -%}
    {%- do averages.update({driver: rate(sum_in_any_order(driver), 'count(*)')}) -%}
{%- endfor -%}
{%- for value, decimals in values_of_churn_drivers().items() -%}
    {%- do numbers.update({
        value ~ '_en': churn_value_in_words(value, decimals, 'en'),
        value ~ '_de': churn_value_in_words(value, decimals, 'de'),
    }) -%}
{%- endfor -%}
{%- set most_drivers = 3 -%}
{#- In log odds: less, about a tenth more of the odds, is no reason to name it. -#}
{%- set least_to_name = '1e-1' -%}
with model as (

    select
        max(case when parameter = 'intercept' then estimate end) as intercept,
        {{ as_columns(coefficients) }}
    from {{ source('predictions', 'parameters') }}
    where
        build_id = '{{ build_id() }}'
        and model = 'churn_logistic'

),

features as (

    select
        known.customer_id,
        {{ as_columns(features) }}
    from {{ ref('int_churn_features') }} as known

),

-- Without a model there is no intercept, and nobody is scored.
contributions as (

    select
        features.customer_id,
        model.intercept,
        {{ as_columns(contributions) }}
    from features
    cross join model
    where model.intercept is not null

),

average_customer as (

    select
        {{ as_columns(averages) }}
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

numbers as (

    select
        known.customer_id,
        {{ as_columns(numbers) }}
    from {{ ref('int_churn_features') }} as known

),

in_words as (

    select
        strongest_first.customer_id,
        strongest_first.position,
        {{ churn_driver_in_words('drivers.words_en', 'en') }} as words_en,
        {{ churn_driver_in_words('drivers.words_de', 'de') }} as words_de
    from strongest_first
    inner join numbers
        on strongest_first.customer_id = numbers.customer_id
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
