-- What several aggregates share. The population stability index is the sum of (p - q) x ln(p / q) over the classes of a
-- distribution, where an empty class counts as half an element (Siddiqi, Credit Risk Scorecards, 2006).
create or replace macro share_of_all(elements) as
greatest(coalesce(elements, 0), 0.5) / sum(greatest(coalesce(elements, 0), 0.5)) over ();

-- A raw row, not a line of a file that intake folded or left out before.
create or replace macro is_raw_row(outcome) as
outcome not in ('folded', 'left_out');

create or replace macro stability_index(p, q) as
sum((p - q) * ln(p / q));
