-- What several aggregates share. The population stability index is the sum of (p - q) x ln(p / q) over the classes of a
-- distribution, where an empty class counts as half an element (Siddiqi, Credit Risk Scorecards, 2006).
create or replace macro share_of_all(elements) as
greatest(coalesce(elements, 0), 0.5) / sum(greatest(coalesce(elements, 0), 0.5)) over ();

-- A raw row, not a line of a file that intake folded or left out before.
create or replace macro is_raw_row(outcome) as
outcome not in ('folded', 'left_out');

create or replace macro stability_index(p, q) as
sum((p - q) * ln(p / q));

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
