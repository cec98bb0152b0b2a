with known as (

    {{ churn_values(ref('int_backtest_subjects'), ref('int_backtest_scores')) | indent(4) }}

),

-- What followed, of the looks whose horizon has ended.
outcomes as (

    select
        subjects.customer_id,
        subjects.as_of_date,
        coalesce(orders.next_order_date > {{ churn_known_on('subjects.as_of_date') }}, true) as is_gone
    from {{ ref('int_backtest_subjects') }} as subjects
    inner join {{ ref('int_order_sequence') }} as orders
        on
            subjects.customer_id = orders.customer_id
            and subjects.as_of_date >= orders.order_date
            and (orders.next_order_date is null or subjects.as_of_date < orders.next_order_date)
    cross join {{ ref('int_as_of') }} as as_of
    where {{ churn_known_on('subjects.as_of_date') }} <= as_of.as_of_date

)

select
    known.customer_id,
    known.as_of_date,
    {{ as_columns(churn_features()) | indent(4) }},
    outcomes.is_gone
from known
inner join outcomes
    on
        known.customer_id = outcomes.customer_id
        and known.as_of_date = outcomes.as_of_date
