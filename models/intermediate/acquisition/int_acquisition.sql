with as_of as (

    select as_of_date
    from {{ ref('int_as_of') }}
    where as_of_date is not null

),

spent_and_won as (

    select
        {{ period_start('month', 'spend.spend_date') }} as cohort_month,
        {{ value_beside_all('spend.acquisition_channel') }} as acquisition_channel,
        case when spend.purpose = 'acquisition' then spend.converted_amount else 0 end as spend,
        case when spend.purpose = 'retention' then spend.converted_amount else 0 end as retention_spend,
        0 as new_customers,
        1 as spend_rows
    from {{ ref('stg_marketing_spend') }} as spend
    inner join as_of
        on spend.spend_date <= as_of.as_of_date
    where
        spend.rejection_reason is null
        and not spend.is_after_as_of_date
    union all
    select
        {{ period_start('month', 'first_order_date') }} as cohort_month,
        {{ value_beside_all('acquisition_channel') }} as acquisition_channel,
        0 as spend,
        0 as retention_spend,
        1 as new_customers,
        0 as spend_rows
    from {{ ref('int_customers') }}

),

totals as (

    select
        {{ period_start('month', 'min(spent_and_won.cohort_month)') }} as first_month,
        max(as_of.as_of_date) as as_of_date,
        sum(spent_and_won.spend_rows) > 0 as has_spend
    from spent_and_won
    cross join as_of

),

span as (

    select
        *,
        {{ days_between('first_month', 'as_of_date') }} as days
    from totals

),

months as (

    {{ months_of('span') }}

),

every_month as (

    select
        cohort_month,
        acquisition_channel,
        spend,
        retention_spend,
        new_customers
    from spent_and_won
    union all
    select
        cohort_month,
        'all' as acquisition_channel,
        spend,
        retention_spend,
        new_customers
    from spent_and_won
    union all
    select
        month_start as cohort_month,
        'all' as acquisition_channel,
        0 as spend,
        0 as retention_spend,
        0 as new_customers
    from months

),

added_up as (

    select
        cohort_month,
        acquisition_channel,
        sum(spend) as spend,
        sum(retention_spend) as retention_spend,
        sum(new_customers) as new_customers,
        {{ next_period_start('month', 'cohort_month') }} as month_end
    from every_month
    group by
        cohort_month,
        acquisition_channel

)

select
    added_up.cohort_month,
    added_up.acquisition_channel,
    -- Without any row of spend it is not known what was spent: that is not nothing.
    cast(case when span.has_spend then added_up.spend end as decimal(28, 2)) as spend,
    cast(case when span.has_spend then added_up.retention_spend end as decimal(28, 2)) as retention_spend,
    cast(added_up.new_customers as bigint) as new_customers,
    added_up.month_end <= {{ add_days('span.as_of_date', 1) }} as is_complete
from added_up
cross join span
