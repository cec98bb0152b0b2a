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
