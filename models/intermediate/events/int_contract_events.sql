{{ config(materialized='view') }}

-- Where a term ends and another starts on that day, as int_subscription_terms reads ends, the contract goes on.
with starts as (

    select distinct
        customer_id,
        start_date
    from {{ ref('int_subscription_terms') }}

),

ends as (

    select distinct
        customer_id,
        end_date
    from {{ ref('int_subscription_terms') }}
    where start_date < end_date

)

select
    terms.customer_id,
    terms.start_date as event_date,
    case when ends.end_date is not null then 'contract_continued' else 'contract_started' end as event_type,
    cast(null as {{ dbt.type_string() }}) as outcome,
    terms.monthly_amount as amount
from {{ ref('int_subscription_terms') }} as terms
left join ends
    on
        terms.customer_id = ends.customer_id
        and terms.start_date = ends.end_date
union all
select
    terms.customer_id,
    terms.end_date as event_date,
    'contract_ended' as event_type,
    case
        when {{ lower_case('terms.cancellation_reason') }} in ({{ involuntary_cancellation_reasons() }})
            then 'involuntary'
        else 'voluntary'
    end as outcome,
    terms.monthly_amount as amount
from {{ ref('int_subscription_terms') }} as terms
left join starts
    on
        terms.customer_id = starts.customer_id
        and terms.end_date = starts.start_date
        and terms.start_date < terms.end_date
where
    terms.end_date is not null
    and starts.start_date is null
