with as_of as (

    select
        as_of_date,
        {{ period_start('month', 'first_order_date') }} as first_month,
        {{ next_period_start('month', period_start('month', 'as_of_date')) }} as month_after
    from {{ ref('int_as_of') }}
    where first_order_date is not null

),

prospects as (

    select
        known.customer_id,
        greatest(
            coalesce({{ period_start('month', 'known.created_date') }}, as_of.first_month), as_of.first_month
        ) as from_month,
        coalesce({{ period_start('month', 'customers.first_order_date') }}, as_of.month_after) as to_month
    from {{ ref('int_customer_versions') }} as known
    inner join as_of
        on known.created_date is null or known.created_date <= as_of.as_of_date
    left join {{ ref('int_customers') }} as customers
        on known.customer_id = customers.customer_id
    where known.version_rank = 1

)

select
    customer_id,
    'prospect' as lifecycle_stage,
    from_month,
    to_month
from prospects
where from_month < to_month
union all
select
    customer_id,
    lifecycle_stage,
    from_month,
    to_month
from {{ ref('int_stage_spells') }}
union all
select
    customer_id,
    'advocate' as lifecycle_stage,
    from_month,
    to_month
from {{ ref('int_advocate_spells') }}
