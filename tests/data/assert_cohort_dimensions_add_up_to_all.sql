-- A dimension divides a cohort without rest: its values add up to the whole cohort in every period.
{%- set measures = [
    'cohort_customers', 'active_customers', 'active_or_later_customers', 'returned_by_customers', 'orders',
    'net_revenue', 'cumulative_orders', 'cumulative_net_revenue',
] %}
with divided as (

    select
        {% for measure in measures %}
            sum({{ measure }}) as {{ measure }},
        {% endfor %}
        cohort_grain,
        cohort_start,
        period_number,
        dimension
    from {{ ref('cohort_retention') }}
    where dimension <> 'all'
    group by
        cohort_grain,
        cohort_start,
        period_number,
        dimension

),

whole as (

    select *
    from {{ ref('cohort_retention') }}
    where dimension = 'all'

),

dimensions as (

    select distinct dimension
    from divided

)

select
    whole.cohort_grain,
    whole.cohort_start,
    whole.period_number,
    dimensions.dimension
from whole
cross join dimensions
left join divided
    on
        whole.cohort_grain = divided.cohort_grain
        and whole.cohort_start = divided.cohort_start
        and whole.period_number = divided.period_number
        and dimensions.dimension = divided.dimension
where
    whole.cohort_grain <> 'week'
    and (
        divided.dimension is null
        {% for measure in measures %}
            or whole.{{ measure }} <> divided.{{ measure }}
        {% endfor %}
    )
