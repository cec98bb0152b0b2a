-- A dimension divides the customers without rest: in every period its values add up to all.
{%- set measures = [
    'customers_at_start', 'customers_at_end', 'new_customers', 'new_customers_lost', 'retained_customers',
    'churned_customers', 'reactivated_customers',
] %}
with dimensions as (

    select
        {% for measure in measures %}
            sum({{ measure }}) as {{ measure }},
        {% endfor %}
        period_grain,
        period_start,
        dimension
    from {{ ref('retention_kpis_by_segment') }}
    group by
        period_grain,
        period_start,
        dimension

)

select
    dimensions.period_grain,
    dimensions.period_start,
    dimensions.dimension
from dimensions
left join dimensions as whole
    on
        dimensions.period_grain = whole.period_grain
        and dimensions.period_start = whole.period_start
        and whole.dimension = 'all'
where
    whole.dimension is null
    {% for measure in measures %}
        or dimensions.{{ measure }} <> whole.{{ measure }}
    {% endfor %}
