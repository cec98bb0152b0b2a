-- Who is active at the end of a period is active at the start of the next.
with retention_kpis_before as (

    select
        *,
        lag(customers_at_end, 1, cast(0 as bigint)) over (
            partition by period_grain
            order by period_start
        ) as customers_at_last_end
    from {{ ref('retention_kpis') }}

),

retention_kpis_by_segment_before as (

    select
        *,
        lag(customers_at_end, 1, cast(0 as bigint)) over (
            partition by period_grain, dimension, dimension_value
            order by period_start
        ) as customers_at_last_end
    from {{ ref('retention_kpis_by_segment') }}

)

{% for mart in ['retention_kpis', 'retention_kpis_by_segment'] %}
    {{ 'union all' if not loop.first }}
    select
        '{{ mart }}' as mart,
        period_grain,
        period_start,
        customers_at_start,
        customers_at_last_end
    from {{ mart }}_before
    where customers_at_start <> customers_at_last_end
{% endfor %}
