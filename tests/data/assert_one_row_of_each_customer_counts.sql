-- Of all rows about one customer that count by themselves exactly one comes first; before, exactly one of each number
-- and, without a number, of each e-mail was left. Nobody who was not known on as_of_date takes part.
with rows_by_themselves as (

    select
        customer_id,
        case when customer_id is null then email_hash end as email_without_number,
        count(*) as number_of_rows
    from {{ ref('stg_customers') }}
    where
        rejection_reason is null
        and not is_after_as_of_date
    group by
        customer_id,
        case when customer_id is null then email_hash end
    having count(case when not is_superseded then 1 end) <> 1

),

rows_of_customers as (

    select
        customer_id,
        null as email_without_number,
        count(*) as number_of_rows
    from {{ ref('int_customer_versions') }}
    group by customer_id
    having count(case when version_rank = 1 then 1 end) <> 1

)

select
    customer_id,
    email_without_number,
    number_of_rows
from rows_by_themselves
union all
select
    customer_id,
    email_without_number,
    number_of_rows
from rows_of_customers
