-- Of all usable rows about one customer (or, without a number, one e-mail) exactly one is not superseded.
select
    customer_id,
    case when customer_id is null then lower(email) end as email_without_number,
    count(*) as number_of_rows
from {{ ref('stg_customers') }}
where rejection_reason is null
group by
    customer_id,
    case when customer_id is null then lower(email) end
having count(case when not is_superseded then 1 end) <> 1
