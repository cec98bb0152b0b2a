"""The marts of the metric contract (sections 1-8, 11-20, 22, 23) and those beside it, slowly from raw rows.

Nothing here is shared with the SQL models: the two agree only if both follow the contract. Plain loops are used
where SQL uses windows and joins, and every figure is counted anew for each of its rows, so that a reader can hold
each function against the sentence of the contract that it spells out.

Readings chosen
---------------
Where the contract leaves room, these are the readings taken here.

* The words of missing_values and the states of excluded_statuses and refunded_statuses are trimmed as values are.
* E-mails are read in Unicode's composed form (NFC). So it is what is compared, for ties between versions too, and what
  is hashed for a guest, in lower case. missing_values are looked up before.
* Ties between versions compare values as section 2 reads them: amounts as numbers, timestamps as instants, a discount
  that does not parse as null. "The row's e-mail" is the one that counts for it.
* marketing_consent is null where the customer's row leaves it empty and where the customer has no row.
* Only the e-mail is trimmed and lower-cased before hashing, not the salt.
* Hours and minutes of an offset have the ranges of the clock (+24:00 does not parse).
* Amounts are compared (negative, refund above amount) after they were read to four decimals: -0.00004 is 0.
* rate_date is read like any timestamp; its local date counts. A rate for the reporting currency itself is counted as
  a row and changes nothing. Of equal rates of one day all but one are superseded.
* A discount_amount below zero is no discount: first_order_discounted is `false`. One that does not parse is missing.
* line_number is compared as a number, read to four decimals as an amount is.
* "Null for all customers" refers to the customers with counted orders, as does the list of dimension values, both in
  cohort_retention and in retention_kpis_by_segment. There a value has zero rows from the very first period on,
  also before its first customer ordered. The dimension `all` is there even if no order is attributed.
* "First order_date of counted orders" and the first period include unattributed orders.
* With as_of_date later than every order, periods run on to the one that holds as_of_date.
* With as_of_date not set and no counted order there is no as_of_date, and every mart is empty but row_accounting and
  source_accounting; the same holds for an as_of_date before the first order.
* lifecycle_transitions, row_accounting, source_accounting: combinations that do not occur have no row.
* clv_by_retention is null without orders in the trailing 365 days as well as without a base.
* E-mails and telephone numbers in reasons for leaving are masked.
* A shop has referred customers if one with a counted order is, and tiers if a row of customers that counts has one.
  Without referral activities, or without one of the two kinds of points, the figures of these are 0.
* referred_by_customer_id with an @ that is no e-mail names nobody.
* A revenue share of nothing (net revenue 0) is null.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from .acquisition import acquisition_economics
from .audit import retention_audit
from .backtest import health_backtest
from .calendar_periods import period_starts, start_of_period
from .cohorts import Row, cohort_deviations, cohort_retention, cohort_windows, repurchase_curve, retention_curve
from .effects import signal_effects
from .events import customer_events
from .evidence import playbook_evidence
from .feedback import nps, signal_coverage, support_kpis
from .funnel import lifecycle_kpis
from .intake import Customer, Intake, Order, take_in
from .kpis import customer_concentration, retention_kpis, retention_kpis_by_segment, retention_value, running_period
from .ladder import value_ladder
from .lifecycle import customer_state_history, customers_mart, lifecycle_transitions
from .messages import email_kpis
from .outcomes import playbook_outcomes, playbook_programme, playbook_trials
from .playbook import retention_actions
from .predictions import customer_predictions
from .products import first_product_retention
from .programmes import churn_reasons, loyalty_kpis, referral_kpis
from .rows import Raw
from .seeds import Seeds, read_seeds
from .settings import read_settings
from .subscriptions import subscription_cohorts, subscription_kpis
from .targets import target_attainment
from .templates import action_messages
from .what_if import what_if

Marts = dict[str, list[Row]]
ACCOUNTED_ENTITIES = (
    *("orders", "refunds", "customers", "exchange_rates"),
    *("activities", "subscriptions", "marketing_spend", "actions_taken"),
)
"""Of these the calculation says what became of their rows."""
MARTS = (
    "row_accounting",
    "source_accounting",
    "calendar",
    "orders",
    "customers",
    "cohort_retention",
    "retention_curve",
    "cohort_deviations",
    "repurchase_curve",
    "cohort_windows",
    "first_product_retention",
    "retention_kpis",
    "retention_kpis_by_segment",
    "running_period",
    "retention_value",
    "what_if",
    "customer_concentration",
    "lifecycle_transitions",
    "customer_state_history",
    "customer_events",
    "value_ladder",
    "lifecycle_kpis",
    "acquisition_economics",
    "subscription_kpis",
    "subscription_cohorts",
    "signal_coverage",
    "nps",
    "support_kpis",
    "email_kpis",
    "churn_reasons",
    "referral_kpis",
    "loyalty_kpis",
    "health_backtest",
    "signal_effects",
    "retention_actions",
    "action_messages",
    "playbook_outcomes",
    "playbook_programme",
    "playbook_evidence",
    "retention_audit",
    "target_attainment",
    "customer_predictions",
)


def calculate(raw: Raw, settings: Mapping[str, object], seeds: Seeds | None = None) -> Marts:
    """All marts as lists of rows. `raw`: entity -> rows of text or typed values; `settings`: the dbt vars, run_at among
    them; `seeds`: the tables that users edit, by default the project's.

    Dates are `date`, money is `Decimal`, rates and averages are `float`, ordered_at is a `datetime` in UTC.
    """
    chosen = read_settings(settings)
    seeds = seeds or read_seeds()
    intake = take_in(raw, chosen)
    marts: Marts = {name: [] for name in MARTS}
    marts["source_accounting"] = source_accounting(intake, raw)
    marts["row_accounting"] = row_accounting(marts["source_accounting"])
    if not intake.orders:
        return marts
    orders, customers = intake.orders, intake.customers
    as_of = chosen.as_of_date or max(order.order_date for order in orders)
    window = chosen.active_window_days
    marts["calendar"] = calendar(min(order.order_date for order in orders), as_of)
    marts["orders"] = orders_mart(orders, customers)
    marts["customers"] = customers_mart(intake, as_of, chosen, seeds)
    marts["cohort_retention"] = cohort_retention(customers, as_of, chosen.segment_dimensions)
    marts["retention_curve"] = retention_curve(customers, as_of, chosen.segment_dimensions)
    marts["cohort_deviations"] = cohort_deviations(marts["cohort_retention"])
    marts["repurchase_curve"] = repurchase_curve(customers, as_of)
    marts["cohort_windows"] = cohort_windows(customers, as_of, chosen.segment_dimensions)
    marts["first_product_retention"] = first_product_retention(customers, intake.lines, as_of)
    marts["retention_kpis"] = retention_kpis(orders, customers, as_of, window)
    marts["retention_kpis_by_segment"] = retention_kpis_by_segment(
        orders, customers, as_of, window, chosen.segment_dimensions
    )
    marts["running_period"] = running_period(orders, customers, as_of)
    marts["retention_value"] = retention_value(orders, customers, as_of, window)
    marts["what_if"] = what_if(orders, customers, as_of, window)
    marts["customer_concentration"] = customer_concentration(customers)
    marts["lifecycle_transitions"] = lifecycle_transitions(customers, as_of, chosen)
    marts["customer_state_history"] = customer_state_history(marts["customers"], as_of)
    marts["customer_events"] = customer_events(intake, as_of, chosen)
    marts["value_ladder"] = value_ladder(orders, customers, intake.lines, seeds["value_ladder_steps"], as_of, chosen)
    marts["lifecycle_kpis"] = lifecycle_kpis(intake, marts["retention_kpis"], as_of, chosen)
    marts["acquisition_economics"] = acquisition_economics(
        intake.spend, customers, marts["cohort_retention"], as_of, chosen
    )
    marts["subscription_kpis"] = subscription_kpis(intake.subscriptions, as_of, chosen)
    marts["subscription_cohorts"] = subscription_cohorts(intake.subscriptions, as_of)
    marts["signal_coverage"] = signal_coverage(intake, as_of)
    marts["nps"] = nps(intake.signals.activities, as_of)
    marts["support_kpis"] = support_kpis(intake.signals.activities, customers, as_of, chosen)
    marts["email_kpis"] = email_kpis(intake.signals.activities, as_of)
    marts["churn_reasons"] = churn_reasons(intake.signals.activities, intake.subscriptions, as_of)
    months = period_starts("month", min(order.order_date for order in orders), as_of)
    marts["referral_kpis"] = referral_kpis(intake.signals.activities, customers, intake.referrers, months, as_of)
    marts["loyalty_kpis"] = loyalty_kpis(intake.signals.activities, customers, intake.tiers, months, as_of)
    marts["health_backtest"] = health_backtest(intake, as_of, chosen, seeds)
    marts["signal_effects"] = signal_effects(intake.signals.activities, customers, as_of, chosen)
    marts["retention_actions"] = retention_actions(intake, marts["customers"], as_of, chosen, seeds)
    marts["action_messages"] = action_messages(
        intake, marts["retention_actions"], marts["customers"], as_of, chosen, seeds
    )
    trials = playbook_trials(intake.signals.actions, customers, seeds["playbook_rules"], as_of)
    marts["playbook_outcomes"] = playbook_outcomes(trials)
    marts["playbook_programme"] = playbook_programme(trials, customers, as_of, chosen)
    marts["playbook_evidence"] = playbook_evidence(
        marts["playbook_outcomes"], trials, intake.signals, customers, as_of, seeds, chosen
    )
    marts["retention_audit"] = retention_audit(intake, as_of, chosen, seeds)
    marts["target_attainment"] = target_attainment(marts, seeds)
    marts["customer_predictions"] = customer_predictions(customers, as_of)
    return marts


def source_accounting(intake: Intake, raw: Raw) -> list[Row]:
    """Every row by the source that its file is read for, and the lines that were no rows of their own."""
    sources = {(row["entity"], row["source_file"]): row["source"] for row in raw.get("intake_files", ())}
    found: Counter[tuple[str, str, str, str]] = Counter()
    for (entity, outcome, reason, file), rows in intake.by_file.items():
        found[str(sources.get((entity, file), "raw_folder")), entity, outcome, reason] += rows
    for line in raw.get("intake_outcomes", ()):
        names = [str(line[name]) for name in ("source", "entity", "outcome", "reason")]
        found[names[0], names[1], names[2], names[3]] += int(str(line["rows"]))
    return [
        {"source": source, "entity": entity, "outcome": outcome, "reason": reason, "rows": rows}
        for (source, entity, outcome, reason), rows in sorted(found.items())
        if rows
    ]


def row_accounting(of_sources: Sequence[Row]) -> list[Row]:
    found: Counter[tuple[str, str, str]] = Counter()
    for row in of_sources:
        found[str(row["entity"]), str(row["outcome"]), str(row["reason"])] += int(str(row["rows"]))
    return [
        {"entity": entity, "outcome": outcome, "reason": reason, "rows": rows}
        for (entity, outcome, reason), rows in sorted(found.items())
    ]


def calendar(first_order: date, as_of: date) -> list[Row]:
    """Every day from the start of the first order's year, or of its week where that is earlier."""
    day = min(start_of_period("year", first_order), start_of_period("week", first_order))
    rows: list[Row] = []
    while day <= as_of:
        starts = {f"{grain}_start": start_of_period(grain, day) for grain in ("week", "month", "quarter", "year")}
        rows.append({"calendar_date": day, **starts})
        day += timedelta(days=1)
    return rows


def orders_mart(orders: list[Order], customers: list[Customer]) -> list[Row]:
    own_orders = {customer.customer_id: customer.orders for customer in customers}
    rows: list[Row] = []
    for order in orders:
        number = previous = None
        if order.customer_id is not None:
            number = own_orders[order.customer_id].index(order) + 1
            previous = own_orders[order.customer_id][number - 2].order_date if number > 1 else None
        rows.append(
            {
                "order_id": order.order_id,
                "customer_id": order.customer_id,
                "ordered_at": order.ordered_at,
                "order_date": order.order_date,
                "sales_channel": order.sales_channel,
                "currency": order.currency,
                "amount": order.amount,
                "refunded_amount": order.refunded_amount,
                "discount_amount": order.discount_amount,
                "net_amount": order.net_amount,
                "updated_at": order.updated_at,
                "order_number": number,
                "previous_order_date": previous,
                "days_since_previous_order": (order.order_date - previous).days if previous else None,
            }
        )
    return rows
