-- Customers at the end = at the start - churned + new - new ones lost again + reactivated.
{% for mart in ['retention_kpis', 'retention_kpis_by_segment'] %}
    {{ 'union all' if not loop.first }}
    select
        '{{ mart }}' as mart,
        period_grain,
        period_start,
        customers_at_end,
        customers_at_start - churned_customers + new_customers - new_customers_lost + reactivated_customers as expected
    from {{ ref(mart) }}
    where
        customers_at_end
        <> customers_at_start - churned_customers + new_customers - new_customers_lost + reactivated_customers
        or retained_customers + churned_customers <> customers_at_start
{% endfor %}
