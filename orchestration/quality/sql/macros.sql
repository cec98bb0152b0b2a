-- What several aggregates share.

-- A raw row, not a line of a file that intake folded or left out before.
create or replace macro is_raw_row(outcome) as
outcome not in ('folded', 'left_out');

-- A share that only counts if enough rows are behind it: of a few, each is chance.
create or replace macro share_from(part, whole, fewest) as
case when part >= fewest then part / nullif(whole, 0) else 0 end;

-- Who ordered, as far as orders tell.
create or replace macro kind_of_customer(customer_id) as
case
    when customer_id is null then 'orders without a customer'
    when customer_id like 'guest:%' then 'guests'
    else 'customers with a number'
end;

-- What an order belongs to beside all orders: its channel, its currency, its kind of customer.
create or replace macro parts_of(sales_channel, currency, customer_id) as
[
    { 'dimension': 'channel', 'part': 'channel ' || coalesce(sales_channel, 'none') },
    { 'dimension': 'currency', 'part': 'currency ' || currency },
    { 'dimension': 'customers', 'part': kind_of_customer(customer_id) }
];

-- The same, and all orders.
create or replace macro all_and_parts_of(sales_channel, currency, customer_id) as
list_prepend({ 'dimension': 'all', 'part': 'all' }, parts_of(sales_channel, currency, customer_id));

-- What macros are given is no column, for which the linter takes it.
-- noqa: disable=RF02,RF03
-- Orders of the customers and days of some chosen orders: who orders how often on a day.
create or replace macro orders_of_days(chosen, all_orders) as table
    select
        compared.customer_id,
        compared.order_date,
        count(*) as orders
    from query_table(all_orders) as compared
    where
        compared.customer_id in (select listed.customer_id from query_table(chosen) as listed)
        and compared.order_date in (select listed.order_date from query_table(chosen) as listed)
    group by
        compared.customer_id,
        compared.order_date;

-- Customers who ordered at the instants of some chosen orders: where there are several, orders have a date alone.
create or replace macro customers_of_instants(chosen, all_orders) as table
    select
        compared.ordered_at,
        count(distinct compared.customer_id) as customers
    from query_table(all_orders) as compared
    where compared.ordered_at in (select listed.ordered_at from query_table(chosen) as listed)
    group by compared.ordered_at;

-- noqa: enable=RF02,RF03
-- Every figure of the complete months of a mart of KPIs, a row each.
create or replace macro figures_of_months(kpis) as table
    unpivot (
        select
            period_start,
            cast(
                columns(
                    * exclude (
                        period_grain, period_start, period_end, is_complete, is_left_censored, is_clv_left_censored
                    )
                ) as double
            )
        from query_table(kpis)
        where
            period_grain = 'month'
            and is_complete
    )
    on columns(* exclude (period_start))
    into
    name figure
    value value;
