with orders as (

    select
        customer_id,
        min(first_order_date) as first_order_date,
        max(order_date) as last_order_date,
        count(*) as orders,
        sum(net_amount) as net_revenue,
        max(case when order_number = 1 then sales_channel end) as first_sales_channel,
        max(case when order_number = 1 then discount_amount end) as first_discount_amount
    from {{ ref('int_order_sequence') }}
    where customer_id is not null
    group by customer_id

),

described_customers as (

    select
        orders.customer_id,
        orders.first_order_date,
        orders.last_order_date,
        orders.orders,
        orders.net_revenue,
        attributes.acquisition_channel,
        attributes.country,
        attributes.marketing_consent,
        {% for dimension in dimensions_of_customers() %}
            attributes.{{ dimension }},
        {% endfor %}
        orders.first_sales_channel,
        first_categories.first_category,
        case
            when orders.first_discount_amount > 0 then 'true'
            when orders.first_discount_amount is not null then 'false'
        end as first_order_discounted
    from orders
    left join {{ ref('int_customer_attributes') }} as attributes
        on orders.customer_id = attributes.customer_id
    left join {{ ref('int_first_categories') }} as first_categories
        on orders.customer_id = first_categories.customer_id

),

combinations as (

    select
        {% for dimension in segment_dimensions() %}
            coalesce({{ dimension }}, 'unknown') as {{ dimension }},
        {% endfor %}
        count(*) as customers
    from described_customers
    group by {{ range(1, segment_dimensions() | length + 1) | join(', ') }}

),

segments as (

    select
        *,
        row_number() over (order by {{ segment_dimensions() | join(', ') }}) as segment_id
    from combinations

)

select
    customers.customer_id,
    customers.first_order_date,
    customers.last_order_date,
    customers.orders,
    cast(customers.net_revenue as decimal(28, 2)) as net_revenue,
    customers.acquisition_channel,
    customers.country,
    customers.marketing_consent,
    customers.first_sales_channel,
    customers.first_category,
    customers.first_order_discounted,
    {% for dimension in dimensions_of_customers() %}
        customers.{{ dimension }},
    {% endfor %}
    cast(segments.segment_id as int) as segment_id
from described_customers as customers
inner join segments
    on
        customers.customer_id is not null
        {% for dimension in segment_dimensions() %}
            and coalesce(customers.{{ dimension }}, 'unknown') = segments.{{ dimension }}
        {% endfor %}
