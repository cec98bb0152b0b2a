{{ config(materialized='view') }}

-- A spell of activity holds exactly the days at whose ends its customer is in a stage other than lost.
with months as (

    select
        customer_id,
        {{ next_period_start('month', period_start('month', add_days('active_from', -1))) }} as first_month,
        {{ next_period_start('month', period_start('month', add_days('active_until', -1))) }} as month_after
    from {{ ref('int_activity_spells') }}

)

select
    customer_id,
    {{ is_in_universal_control('customer_id') }} as is_universal_control,
    first_month,
    month_after
from months
where first_month < month_after
