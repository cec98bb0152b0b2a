-- Orders from invoice lines. A name behind a dollar sign stands for what invoice_lines.py fills in: columns of the
-- source, and lists of the further columns that are mapped.
with lines as (
    select
        $invoice as invoice,
        $product as product,
        $customer_id as customer_id,
        $ordered_at as ordered_at,
        $quantity as quantity,
        cast($quantity * $price as decimal(28, 4)) as line_amount,
        $further_columns
        source_line,
        source_file,
        malformed_line
    from $source
),

judged as (
    select
        *,
        coalesce(
            starts_with(invoice, $cancelling_prefix) or quantity < 0 or line_amount < 0, false
        ) as is_cancelling
    from lines
    where malformed_line is null
),

-- What was sold: an invoice with the fields of its first line that has them.
invoices as (
    select
        invoice,
        arg_min(customer_id, source_line) as customer_id,
        arg_min(ordered_at, source_line) as ordered_at,
        sum(line_amount) as amount,
        bool_or(line_amount is null) as is_unreadable,
        $first_of_further_columns
        min(source_file) as source_file
    from judged
    where not is_cancelling or invoice is null
    group by invoice
),

sales as (
    select
        invoice,
        customer_id,
        product,
        min(ordered_at) as ordered_at,
        sum(line_amount) as sold
    from judged
    where not is_cancelling and customer_id is not null
    group by all
),

cancelling as (
    select * from judged
    where is_cancelling
),

-- A line cancels the latest earlier sale of its product to its customer.
cancelled as (
    select
        cancelling.*,
        sales.invoice as sold_by,
        sales.sold
    from cancelling
    asof left join sales
        on
            cancelling.customer_id = sales.customer_id
            and cancelling.product = sales.product
            and cancelling.ordered_at >= sales.ordered_at
),

returned as (
    select
        sold_by,
        product,
        least(sum(abs(line_amount)), any_value(sold)) as refunded,
        greatest(sum(abs(line_amount)) - any_value(sold), 0) as too_much,
        count(*) as cancelling_lines,
        max(ordered_at) as returned_at,
        min(invoice) as cancelling_invoice,
        any_value(customer_id) as customer_id,
        min(source_file) as source_file
    from cancelled
    where sold_by is not null
    group by all
),

refunds as (
    select
        sold_by,
        sum(refunded) as refunded,
        max(returned_at) as returned_at,
        -- Its lines make the refund and what is cancelled beyond: together no more rows than there are lines.
        1 + count(*) filter (too_much > 0) > sum(cancelling_lines) as is_all_there_is,
        min(source_file) as source_file
    from returned
    group by all
),

-- An invoice as it was sold and, where later lines cancel part of it, once more with the refund.
versions as (
    select
        invoices.*,
        '0' as refunded_amount,
        invoices.ordered_at as updated_at
    from invoices
    left join refunds on invoices.invoice = refunds.sold_by
    where invoices.is_unreadable or coalesce(not refunds.is_all_there_is, true)
    union all by name
    select
        invoices.* replace (refunds.source_file as source_file),
        cast(refunds.refunded as varchar) as refunded_amount,
        refunds.returned_at as updated_at
    from invoices
    inner join refunds on invoices.invoice = refunds.sold_by
    where not invoices.is_unreadable
),

-- What is cancelled without a sale, or beyond what was sold, keeps its negative amount: staging quarantines it.
unmatched as (
    select
        invoice,
        customer_id,
        min(ordered_at) as ordered_at,
        sum(line_amount) as amount,
        min(source_file) as source_file
    from cancelled
    where sold_by is null
    group by all
    union all
    select
        cancelling_invoice,
        customer_id,
        min(returned_at) as ordered_at,
        -sum(too_much) as amount,
        min(source_file) as source_file
    from returned
    where too_much > 0
    group by all
)

select
    invoice as order_id,
    case
        when is_unreadable then 'a line without a readable quantity or price' else cast(amount as varchar)
    end as amount,
    * exclude (invoice, amount, is_unreadable)
from versions
union all by name
select
    invoice as order_id,
    customer_id,
    ordered_at,
    cast(amount as varchar) as amount,
    '0' as refunded_amount,
    ordered_at as updated_at,
    source_file
from unmatched
where amount < 0
union all by name
select
    source_file,
    malformed_line
from lines
where malformed_line is not null
