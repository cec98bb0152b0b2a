"""What pages and report say of signals: economics, contracts, feedback and products, on a file made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from reports import (
    cohorts,
    economics,
    effects,
    emails,
    feedback,
    funnel,
    health,
    ladder,
    products,
    programmes,
    reasons,
    signals,
    subscriptions,
)
from reports import questions as ask
from reports.glossary import Glossary
from reports.language import Language
from reports.questions import Question, answer

DE, EN = Language("de"), Language("en")
UNITS = {
    "cac": "currency", "spend": "currency", "retention_spend": "currency", "new_customers": "customers",
    "value_per_customer_12m": "currency", "ltv_to_cac": "number", "payback_months": "number", "mrr": "currency",
    "subscriber_retention_rate": "rate", "mrr_retention_rate": "rate", "logo_churn_rate": "rate",
    "churned_mrr": "currency", "involuntary_churned_mrr": "currency", "nps": "number", "promoters": "events",
    "passives": "events", "detractors": "events", "median_first_reply_minutes": "minutes", "csat_score": "rate",
    "second_order_rate_90d": "rate", "same_again_rate": "rate", "later_revenue_per_customer_365d": "currency",
    "mrr_at_start": "currency", "mrr_at_end": "currency", "clv_by_lifespan": "currency", "acquired": "customers",
    "conversion_next_month_rate": "rate", "second_order_rate_30d": "rate", "second_order_rate_60d": "rate",
    "median_days_to_second_order": "days", "open_rate": "rate", "click_rate": "rate", "share": "rate",
    "revenue_at_stake": "currency", **dict.fromkeys((*effects.KPIS, *effects.DIFFERENCES), "rate"),
}  # fmt: skip
TERMS = Glossary(
    [
        {
            "kpi": kpi, "mart": "m", "unit": unit, "name_en": kpi, "name_de": kpi, "abbreviation": "-", "formula": "",
            "definition_en": "", "definition_de": "", "good_direction": "neither",
        }
        for kpi, unit in UNITS.items()
    ],
    EN,
)  # fmt: skip
MINUS = "\N{MINUS SIGN}"

MARTS: Mapping[str, str] = {
    "signal_coverage": """
        select * from (values
            ('activities', 'nps', 'survey', 5, 4, date '2025-01-03', date '2025-12-30', true),
            ('activities', 'nps', 'webshop', 1, 1, date '2025-02-03', date '2025-02-03', true),
            ('activities', 'ticket_opened', 'helpdesk', 9, 7, date '2025-01-01', date '2025-03-01', true),
            ('activities', 'csat', 'survey', 0, 0, null, null, true),
            ('marketing_spend', 'marketing_spend', null, 3, 0, date '2025-01-01', date '2025-03-01', true)
        ) as rows (entity, signal, source_system, rows, customers, first_date, last_date, is_known_type)
    """,
    "acquisition_economics": """
        select *, null::double as value_per_customer_24m from (values
            (date '2025-01-01', 'all', true, 300.00, 50.00, 10, 30.0, 40.0, 60.0, 90.0, 3.0, 2.0),
            (date '2025-01-01', 'ads', true, 300.00, 0.00, 4, 75.0, 30.0, 40.0, 60.0, 0.8, null),
            (date '2025-01-01', 'unknown', true, 0.00, 50.00, 6, 0.0, 46.0, 70.0, 110.0, null, null),
            (date '2025-02-01', 'all', true, 200.00, 60.00, 0, null, null, null, null, null, null),
            (date '2025-03-01', 'all', false, 80.00, 0.00, 2, 40.0, null, null, null, null, null)
        ) as rows (
            cohort_month, acquisition_channel, is_complete, spend, retention_spend, new_customers, cac,
            value_per_customer_3m, value_per_customer_6m, value_per_customer_12m, ltv_to_cac, payback_months
        )
    """,
    "subscription_kpis": """
        select
            *, subscribers_at_start + 1 as subscribers_at_end, 1 as new_subscribers, 0 as reactivated_subscribers,
            0 as short_lived_subscribers, 0.1 as logo_churn_rate, 0.8 as gross_mrr_retention, 0.9 as net_mrr_retention,
            20.0 as average_revenue_per_subscriber
        from (values
            (date '2025-01-01', true, 100.00, 40.00, 0.00, 5.00, 0.00, 20.00, 15.00, 125.00, 5, 1),
            (date '2025-02-01', true, 125.00, 0.00, 10.00, 0.00, 5.00, 30.00, 0.00, 100.00, 6, 2),
            (date '2025-03-01', false, 100.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 100.00, 5, 0)
        ) as rows (
            month_start, is_complete, mrr_at_start, new_mrr, reactivated_mrr, expansion_mrr, contraction_mrr,
            churned_mrr, involuntary_churned_mrr, mrr_at_end, subscribers_at_start, churned_subscribers
        )
    """,
    "subscription_cohorts": """
        select * from (values
            (date '2025-01-01', 0, true, 4, 3, 0.75, 60.00, 60.00, 1.0),
            (date '2025-01-01', 1, true, 4, 2, 0.5, 75.00, 60.00, 1.25),
            (date '2025-01-01', 2, false, 4, 4, 1.0, 90.00, 60.00, 1.5),
            (date '2025-03-01', 0, false, 2, 0, 0.0, 0.00, 0.00, null)
        ) as rows (
            cohort_month, period_number, is_complete, cohort_subscribers, active_subscribers, subscriber_retention_rate,
            mrr, mrr_at_first_end, mrr_retention_rate
        )
    """,
    "nps": """
        select * from (values
            ('quarter', date '2024-10-01', true, 200, 200, 120, 60, 20, 50.0, 9.0),
            ('quarter', date '2025-01-01', true, 220, 210, 70, 70, 70, -0.4, 11.3),
            ('quarter', date '2025-04-01', true, 0, 0, 0, 0, 0, null, null),
            ('quarter', date '2025-07-01', true, 1, 1, 1, 0, 0, 100.0, null),
            ('quarter', date '2025-10-01', true, 9, 9, 8, 0, 1, 77.8, 41.1),
            ('quarter', date '2026-01-01', false, 4, 4, 1, 1, 2, -25.0, 80.0)
        ) as rows (
            period_grain, period_start, is_complete, answers, responses, promoters, passives, detractors, nps,
            nps_margin
        )
    """,
    "support_kpis": """
        select *, 4 as average_csat, null::bigint as tickets_solved, null::double as median_solved_minutes,
            null::double as solved_within_target_rate
        from (values
            ('month', date '2025-01-01', 'all', true, 9, 7, 2, 1, 8, 90.5, 0.75, 4, 0.5, 4.5, 3),
            ('month', date '2025-01-01', 'chat', true, 3, 3, 0, 0, 3, 10.0, 1.0, 4, 0.5, null, null),
            ('month', date '2025-01-01', 'phone', true, 6, 4, 2, 1, 5, 600.0, 0.4, 0, null, null, null),
            ('month', date '2025-02-01', 'all', false, 0, 0, 0, 0, 0, null, null, 0, null, 0.0, 0),
            ('month', date '2025-02-01', 'chat', false, 0, 0, 0, 0, 0, null, null, 0, null, null, null),
            ('month', date '2025-02-01', 'phone', false, 0, 0, 0, 0, 0, null, null, 0, null, null, null)
        ) as rows (
            period_grain, period_start, channel, is_complete, tickets_opened, customers_with_tickets,
            tickets_without_reply, complaints, first_replies, median_first_reply_minutes, replied_within_target_rate,
            csat_responses, csat_score, tickets_per_100_active_customers, frequent_contacts
        )
    """,
    "customers": """
        select *, 10.0 as net_revenue, null::int as health_payment from (values
            ('a', 'at_risk', 1.5, 'critical', -1.0, 1, 2, null, 1, 1),
            ('b', 'active', 2.0, 'critical', null, 2, null, null, null, 2),
            ('c', 'loyal', 3.0, 'watch', 0.5, 3, 3, null, 3, null),
            ('d', 'new', 4.5, 'healthy', 0.0, 5, 4, null, null, null),
            ('e', 'lost', 1.0, 'critical', 0.0, 1, 1, null, null, null),
            ('f', 'new', null, null, null, null, null, null, null, null)
        ) as rows (
            customer_id, lifecycle_stage, health_score, health_band, health_score_change_28d, health_purchase,
            health_engagement, health_email, health_support, health_survey
        )
    """,
    "retention_kpis": """
        select 'month' as period_grain, month as period_start, month < date '2025-12-01' as is_complete
        from generate_series(date '2025-06-01', date '2025-12-01', interval 1 month) as months (month)
    """,
    "lifecycle_kpis": """
        select
            months.month_start::date as month_start, lifecycle_stage,
            customers + month(months.month_start) as customers, 1 as orders, 10.00 as net_revenue,
            case when months.month_start < date '2025-12-01' then lost end as lost_next_month,
            case when months.month_start < date '2025-12-01' then lost / 100 end as lost_next_month_rate,
            case when months.month_start < date '2025-12-01' then stake end as revenue_at_stake,
            case when lifecycle_stage <> 'prospect' then 100.0 + lost end as clv_by_lifespan,
            2 as nps_responses, 50.0 as nps, null::double as average_csat, 0.5 as tickets_per_customer,
            null::double as median_first_reply_minutes, null::bigint as emails_sent, null::double as email_open_rate,
            3 as referrals_sent, 1 as referrals_converted,
            case
                when lifecycle_stage = 'prospect' and months.month_start < date '2025-12-01' then 0.05
            end as conversion_next_month_rate,
            case when lifecycle_stage = 'new' then 10 + month(months.month_start) end as acquired,
            null::double as activation_rate,
            case when lifecycle_stage = 'new' then 0.1 end as second_order_rate_30d,
            case when lifecycle_stage = 'new' then 0.2 end as second_order_rate_60d,
            case when lifecycle_stage = 'new' then 0.3 end as second_order_rate_90d,
            case when lifecycle_stage = 'new' then 40.0 end as median_days_to_second_order,
            months.month_start < date '2025-12-01' as is_complete,
            months.month_start < date '2025-11-01' as is_next_month_complete
        from generate_series(date '2025-06-01', date '2025-12-01', interval 1 month) as months (month_start)
        cross join (values
            ('prospect', 40, 0, 0.00), ('new', 30, 2, 700.00), ('active', 20, 0, 0.00), ('loyal', 10, 1, 900.00),
            ('reactivated', 5, 0, 0.00), ('at_risk', 60, 20, 300.00), ('lost', 99, 0, 0.00),
            ('advocate', 9, 3, 950.00)
        ) as stages (lifecycle_stage, customers, lost, stake)
    """,
    "value_ladder": """
        select *, replace(from_step, 'none', 'None') as from_step_en, from_step || ' (de)' as from_step_de,
            to_step as to_step_en, to_step || ' (de)' as to_step_de
        from (values
            (date '2025-10-01', 'none', 'low', 'up', 9, 0.5), (date '2025-10-01', 'none', 'mid', 'up', 1, 0.25),
            (date '2025-11-01', 'low', 'mid', 'up', 3, 0.5), (date '2025-11-01', 'mid', 'top', 'up', 1, 1.0),
            (date '2025-11-01', 'low', 'none', 'down', 2, null), (date '2025-11-01', 'low', 'low', 'same', 4, 0.75),
            (date '2025-11-01', 'none', 'low', 'up', 5, 0.75), (date '2025-12-01', 'top', 'low', 'down', 1, 0.1)
        ) as rows (month_start, from_step, to_step, direction, customers, cross_category_rate)
    """,
    "referral_kpis": """
        select *, 3 as referrers from (values
            (date '2025-06-01', 0, 0, 0, null, 0.25), (date '2025-07-01', 4, 1, 2, 0.5, 0.3),
            (date '2025-11-01', 6, 2, 3, 1.0, 0.2), (date '2025-12-01', 9, 9, 9, null, null)
        ) as rows (
            month_start, referrals_sent, referrals_converted, referred_customers, referred_second_order_rate_90d,
            other_second_order_rate_90d
        )
    """,
    "loyalty_kpis": """
        select *, 5 as purchasing_customers, 100.00 as net_revenue, 20.0 as revenue_per_customer from (values
            (date '2025-10-01', 'all', 50, 0.0, 0.0, null), (date '2025-11-01', 'all', 60, 1000.0, 250.0, 0.25),
            (date '2025-11-01', 'gold', 10, 900.0, 250.0, 0.28), (date '2025-11-01', 'none', 50, 100.0, 0.0, 0.0),
            (date '2025-12-01', 'all', 61, 5.0, 0.0, 0.0)
        ) as rows (month_start, loyalty_tier, members, points_earned, points_redeemed, redemption_rate)
    """,
    "email_kpis": """
        select *, case when emails_sent > 0 then emails_opened / emails_sent end as open_rate,
            case when emails_sent > 0 then emails_clicked / emails_sent end as click_rate, 0 as unmatched_events
        from (values
            ('month', date '2025-10-01', true, 100, 60, 25, 5, 9), ('month', date '2025-11-01', true, 0, 0, 0, 0, 0),
            ('month', date '2025-12-01', false, 80, 50, 2, 1, 12)
        ) as rows (
            period_grain, period_start, is_complete, emails_sent, recipients, emails_opened, emails_clicked,
            customers_with_unopened_streak
        )
    """,
    "churn_reasons": """
        select * from (values
            (date '2025-10-01', 'survey', 'price', 6, 0.75), (date '2025-10-01', 'survey', '<b>late', 2, 0.25),
            (date '2025-11-01', 'survey', 'price', 1, 0.5), (date '2025-11-01', 'survey', 'a', 1, 0.5),
            (date '2025-11-01', 'survey', 'b', 2, 1.0), (date '2025-11-01', 'survey', 'c', 3, 1.0),
            (date '2025-11-01', 'survey', 'd', 4, 1.0), (date '2025-12-01', 'survey', 'price', 9, 1.0),
            (date '2025-12-01', 'subscription', 'unknown', 1, 1.0)
        ) as rows (month_start, source, reason, customers, share)
    """,
    "first_product_retention": """
        select
            'category' as level, *, 0.5 as share_of_customers, mature_customers >= 30 as has_enough,
            returned_with_lines as returned_customers, 1 as same_again_customers,
            2 * later_revenue_per_customer_365d as revenue_per_customer_365d
        from (values
            ('all', 900, 800, 0.30, 0.27, 0.33, 240, 0.6, 700, 80.0),
            ('tea', 400, 380, 0.45, 0.40, 0.50, 150, 0.7, 300, 90.0),
            ('mugs', 300, 290, 0.20, 0.16, 0.25, 29, 0.9, 250, 50.0),
            ('cake', 150, 130, 0.31, 0.24, 0.40, 40, 0.2, 29, 70.0),
            ('<b>pen', 20, 12, 0.50, 0.25, 0.75, 6, 0.1, 5, 300.0),
            ('new', 5, 0, null, null, null, 0, null, 0, null)
        ) as rows (
            value, first_customers, mature_customers, second_order_rate_90d, second_order_rate_90d_low,
            second_order_rate_90d_high, returned_with_lines, same_again_rate, mature_customers_365d,
            later_revenue_per_customer_365d
        )
    """,
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published file whose rows are worked out by hand."""
    file = tmp_path_factory.mktemp("by_hand") / "retention.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema marts")
        for mart, rows in MARTS.items():
            connection.execute(f"create table marts.{mart} as {rows}")
        # As in the marts: amounts are decimals, and all that is divided is a double.
        for mart, column in connection.execute(
            "select table_name, column_name from duckdb_columns() where data_type like 'DECIMAL%' "
            "and not regexp_matches(column_name, '(^|_)(spend|mrr|mrr_at_.*)$')"
        ).fetchall():
            connection.execute(f"alter table marts.{mart} alter {column} type double")
    return file


def drawn(figure: Any) -> dict[str, Any]:
    """The bars or dots of a figure by their names."""
    data = figure.data[0]
    return {name.replace("<br>", " "): value for name, value in zip(data.y, data.x, strict=True)}


# Signals


def test_a_signal_without_a_row_up_to_today_is_absent(published: Path) -> None:
    rows = answer(published, ask.signals())
    assert signals.absent(rows, ["nps", "csat", "marketing_spend", "subscriptions"]) == ["csat", "subscriptions"]


def test_what_is_missing_is_one_sentence_with_its_entity_and_type() -> None:
    assert signals.no_activities(["CSAT score"], ["csat"], EN) == (
        "CSAT score: up to the as-of date this shop has no activities of type “csat” for it (entity “activities”)."
    )
    assert signals.no_rows(["CAC", "LTV:CAC"], "marketing_spend", DE) == (
        "CAC, LTV:CAC: Dieser Shop hat dafür bis zum Stichtag keine Zeilen der Entität „marketing_spend“ "
        "(Werbeausgaben)."
    )


def test_the_basis_names_signals_by_system(published: Path) -> None:
    table = signals.coverage_table(answer(published, ask.signals()), ["nps", "marketing_spend"], EN)
    assert [(row["signal"], row["source_system"], row["rows"]) for row in table.rows] == [
        ("Answers on recommending (NPS)", "survey", 5), ("Answers on recommending (NPS)", "webshop", 1),
        ("Marketing spend", None, 3),
    ]  # fmt: skip


# What customers cost and bring


def acquired(published: Path) -> list[dict[str, Any]]:
    return answer(published, ask.acquisition())


def test_the_month_to_begin_with_is_the_latest_observed_for_a_year(published: Path) -> None:
    rows = acquired(published)
    assert economics.usual_month(rows) == date(2025, 1, 1)
    unobserved = [{**row, "value_per_customer_12m": None} for row in rows]
    assert economics.usual_month(unobserved) == date(2025, 2, 1), "the latest that is over"
    assert economics.usual_month([{**row, "is_complete": False} for row in unobserved]) == date(2025, 3, 1)


def said_of(published: Path, month: date, channel: str = "all") -> list[str]:
    (row,) = economics.of_channel(economics.of_month(acquired(published), month), channel)
    return list(economics.sentences(row, EN, "EUR"))


def test_cost_value_and_payback_are_said_in_sentences(published: Path) -> None:
    assert said_of(published, date(2025, 1, 1)) == [
        "January 2025: 10 new customers cost €30.00 on average, €300.00 in all.",
        "In their first 12 months they brought €90.00 each.",
        "That is 3.0 times what they had cost.",
        "After 2 months, the first included, they had brought what they cost.",
    ]
    assert said_of(published, date(2025, 1, 1), "ads")[-1] == EN.say("economics.not_paid_back")
    free = said_of(published, date(2025, 1, 1), "unknown")
    assert EN.say("economics.not_paid_back") not in free, "what cost nothing need not be paid back"
    assert len(free) == 2
    assert said_of(published, date(2025, 2, 1)) == ["February 2025: no new customer; €200.00 was spent."]
    assert said_of(published, date(2025, 3, 1))[1:] == [
        EN.say("economics.not_observed"), EN.say("economics.not_paid_back"), EN.say("economics.running"),
    ]  # fmt: skip


def test_without_spend_cost_is_not_free_but_unknown(published: Path) -> None:
    (row,) = economics.of_channel(economics.of_month(acquired(published), date(2025, 1, 1)), "all")
    unknown = {**row, "spend": None, "cac": None, "ltv_to_cac": None, "payback_months": None}
    assert list(economics.sentences(unknown, EN, "EUR")) == [
        "January 2025: 10 new customers.", "In their first 12 months they brought €90.00 each.",
    ]  # fmt: skip
    assert not set(economics.measures(has_spend=False)) & set(economics.ON_SPEND)


@pytest.mark.parametrize(
    ("settings", "words"), [({"margin_rate": 1.0}, "is net revenue here"), ({"margin_rate": 0.4}, "40%"), ({}, "")]
)
def test_what_value_is_depends_on_the_margin(settings: Mapping[str, object], words: str) -> None:
    said = economics.what_value_is(settings, EN)
    assert words in said and bool(said) == bool(words)


def test_channels_stand_beside_all_with_their_customers(published: Path) -> None:
    rows = acquired(published)
    chart = economics.by_channel(rows, date(2025, 1, 1), "value_per_customer_12m", TERMS, EN, "EUR")
    assert drawn(chart.figure) == {"All channels (10)": 90.0, "unknown (6)": 110.0, "ads (4)": 60.0}
    assert chart.alt == (
        "value_per_customer_12m in January 2025 by channel: "
        "All channels (10) €90.00, unknown (6) €110.00, ads (4) €60.00."
    )
    ratio = economics.by_channel(rows, date(2025, 1, 1), "ltv_to_cac", TERMS, EN, "EUR")
    assert drawn(ratio.figure) == {"All channels (10)": 3.0, "ads (4)": 0.8}, "what is not known is no bar"
    assert economics.channels(rows) == ["all", "unknown", "ads"]


def test_a_course_ends_with_the_last_month_that_is_over(published: Path) -> None:
    chart = economics.course(acquired(published), "cac", "ads", TERMS, EN, "EUR")
    assert [(one.name, list(one.x), list(one.y)) for one in chart.figure.data] == [
        ("ads", ["Jan 25", "Feb 25"], [75.0, None]), ("All channels", ["Jan 25", "Feb 25"], [30.0, None]),
    ]  # fmt: skip
    assert len(chart.table.rows) == 5, "its table has all months and channels"


def test_spend_on_winning_stands_under_spend_on_keeping(published: Path) -> None:
    rows = acquired(published)
    chart = economics.spend(rows, TERMS, EN, "EUR")
    assert [(one.name, list(one.y)) for one in chart.figure.data] == [
        ("spend", [300.0, 200.0]), ("retention_spend", [50.0, 60.0]),
    ]  # fmt: skip
    assert list(economics.spend_sentence(rows, EN, "EUR")) == [
        "February 2025: €200.00 on winning customers, €60.00 on keeping them."
    ]


# Contracts


def contracts(published: Path) -> list[dict[str, Any]]:
    return answer(published, ask.subscriptions())


def test_the_bridge_of_a_span_leads_from_its_start_to_its_end(published: Path) -> None:
    rows = contracts(published)
    both = subscriptions.span(rows, date(2025, 2, 1), 3)
    assert [row["period_start"].month for row in both] == [1, 2], "as many months as there are, none that runs"
    chart = subscriptions.mrr_bridge(both, TERMS, EN, "EUR")
    amounts = [row["amount"] for row in chart.table.rows]
    assert amounts == [Decimal(one) for one in ("100.00", "40.00", "10.00", "5.00", "-5.00", "-50.00", "100.00")]
    assert sum(amounts[:-1]) == amounts[-1]
    waterfall = chart.figure.data[0]
    assert list(waterfall.measure) == ["absolute", *["relative"] * 5, "total"]
    assert list(waterfall.text[:2]) == ["€100.00", "+€40.00"] and waterfall.text[4] == f"{MINUS}€5.00"
    assert chart.alt.startswith("January 2025 to February 2025: mrr_at_start €100.00, ")


def test_what_churn_costs_is_one_sentence(published: Path) -> None:
    rows = contracts(published)
    went, cost = subscriptions.sentences(subscriptions.span(rows, date(2025, 2, 1), 12), EN, "EUR")
    assert went == (
        "January 2025 to February 2025: monthly recurring revenue (MRR) went from €100.00 to €100.00 (€0.00); "
        "at the end 7 subscribers paid."
    )
    assert cost == (
        "What churn costs: 3 subscribers left and with them €50.00 in every further month; of it €35.00 of their own "
        "accord, €15.00 involuntarily (such as after a failed payment)."
    )
    assert list(subscriptions.sentences(rows[2:], EN, "EUR"))[1] == "No subscriber left."


def test_voluntary_and_involuntary_are_all_that_left(published: Path) -> None:
    chart = subscriptions.churn(contracts(published), TERMS, EN, "EUR")
    assert [list(one.y) for one in chart.figure.data] == [[5.0, 30.0], [15.0, 0.0]]
    assert [(row["churned_mrr"], row["voluntary"]) for row in chart.table.rows] == [
        (Decimal("30.00"), Decimal("30.00")), (Decimal("20.00"), Decimal("5.00")),
    ]  # fmt: skip


def test_rates_leave_out_the_running_month(published: Path) -> None:
    chart = subscriptions.rates(contracts(published), ["logo_churn_rate"], TERMS, EN, from_zero=True)
    assert list(chart.figure.data[0].x) == ["Jan 25", "Feb 25"]
    assert chart.alt == "Per month from Jan 25 to Feb 25; at last logo_churn_rate 10.0%."


def test_cohorts_of_subscribers_share_one_scale(published: Path) -> None:
    rows = answer(published, ask.subscriber_cohorts())
    january, march = subscriptions.triangle(rows, "mrr_retention_rate", TERMS, EN, "EUR").lines
    assert january.size == 4 and [january.cells[number].shown for number in range(3)] == ["100%", "125%", "150%"]
    assert january.cells[0].place is None, "it is the measure of itself"
    assert january.cells[1].place == 1.0, "the most of all complete cells"
    assert not january.cells[2].is_complete and march.cells[0].shown == EN.value(None, "rate")
    assert january.cells[1].says.split("\n") == [
        "Cohort of January 2025, 1 months later", "mrr_retention_rate: 125.0%", "2 of 4 pay, €75.00 in all",
    ]  # fmt: skip
    amounts = subscriptions.triangle(rows, "mrr", TERMS, EN, "EUR")
    assert amounts.scale == ("€0", "€75")
    assert len(subscriptions.cell_table(rows, TERMS, EN).rows) == 4
    assert len(subscriptions.triangle(cohorts.latest(rows, 1), "mrr", TERMS, EN, "EUR").lines) == 1


# Net promoter score


def scores(published: Path) -> list[dict[str, Any]]:
    return answer(published, ask.nps("quarter"))


def test_a_score_is_said_with_its_margin_and_its_voices(published: Path) -> None:
    rows = scores(published)
    assert list(feedback.nps_sentences(rows, date(2025, 1, 1), EN)) == [
        "Q1 2025: NPS 0, by chance alone up to 11 points more or less, from 210 voices.",
        "Promoters 70, passives 70, detractors 70.",
        "In the period before (Q4 2024) it was 50: the likely ranges do not overlap.",
    ]
    assert list(feedback.nps_sentences(rows, date(2025, 4, 1), EN)) == ["Q2 2025: no answer."]
    assert list(feedback.nps_sentences(rows, date(2025, 7, 1), EN)) == [
        "Q3 2025: NPS 100, from a single voice.", "Promoters 1, passives 0, detractors 0.",
    ]  # fmt: skip
    assert len(list(feedback.nps_sentences(rows, date(2025, 10, 1), EN))) == 2, "nothing to compare with a single voice"
    without = [row for row in rows if row["responses"] != 1]
    assert list(feedback.nps_sentences(without, date(2025, 10, 1), EN))[2].startswith(
        "In the period before (Q1 2025) it was 0: the likely ranges do not overlap"
    ), "77.8 - 41.1 lies above -0.4 + 11.3, and a quarter without answers is no period before"
    closer = [{**row, "nps_margin": 70.0} if row["nps_margin"] else row for row in without]
    assert "can be chance" in list(feedback.nps_sentences(closer, date(2025, 10, 1), EN))[2]


def test_no_score_lies_beyond_its_scale_and_none_is_drawn_without_voices(published: Path) -> None:
    ribbon, line = feedback.nps_course(scores(published), "quarter", TERMS, EN).figure.data
    assert list(line.x) == ["Q4 2024", "Q1 2025", "Q3 2025", "Q4 2025"] and list(line.y) == [50.0, -0.4, 100.0, 77.8]
    assert max(ribbon.y) == 100.0 and list(ribbon.x).count("Q3 2025") == 0, "a single voice has no margin"
    assert f"Q1 2025: 0<br>likely between {MINUS}12 and 11<br>" in line.customdata[1]


def test_the_parts_of_a_score_are_its_voices(published: Path) -> None:
    chart = feedback.nps_parts(scores(published), "quarter", TERMS, EN)
    assert [(one.name, list(one.y)) for one in chart.figure.data] == [
        ("promoters", [120, 70, 0, 1, 8]), ("passives", [60, 70, 0, 0, 0]), ("detractors", [20, 70, 0, 0, 1]),
    ]  # fmt: skip


# Support

SETTINGS = {"first_reply_target_minutes": 240, "frequent_contact_tickets": 3}


def january(published: Path, channel: str = "all") -> dict[str, Any]:
    rows = feedback.of_channel(answer(published, ask.support("month")), channel)
    return next(row for row in rows if row["period_start"] == date(2025, 1, 1))


def said_of_support(
    row: Mapping[str, Any], missing: Sequence[str] = (), settings: Mapping[str, object] = SETTINGS
) -> list[str]:
    return list(feedback.support_sentences(row, feedback.measures(missing, row["channel"]), settings, EN))


def test_support_is_said_in_sentences(published: Path) -> None:
    assert said_of_support(january(published)) == [
        "All channels, January 2025: half of the first replies came within 90\xa0min; "
        "75.0% came within the target (240\xa0min).",
        "Tickets opened: 9.",
        "Per 100 active customers that is 4.5.",
        "Without a reply up to the as-of date: 2. Young tickets may simply be waiting.",
        "3 customers opened at least 3 tickets within 30 days.",
        "Satisfied (4 or 5 of 5) were 50.0% of 4 answers.",
    ]
    phone = said_of_support(january(published, "phone"))
    assert phone[0].startswith("phone, January 2025: half of the first replies came within 600\xa0min")
    assert phone[1:] == ["Tickets opened: 6.", EN.say("feedback.without_reply", tickets="2")]
    assert "the target." in said_of_support(january(published), settings={})[0], "nobody noted the target"


def test_what_a_shop_does_not_record_is_no_zero(published: Path) -> None:
    """The mart counts 0 tickets where there are none; where nobody records tickets the page does not say 0."""
    said = said_of_support({**january(published), "tickets_opened": 0}, ["ticket_opened", "ticket_first_reply"])
    assert said == ["All channels, January 2025.", "Satisfied (4 or 5 of 5) were 50.0% of 4 answers."]
    known = feedback.measures(["ticket_first_reply"])
    assert "tickets_opened" in known and "tickets_without_reply" not in known
    assert not set(feedback.measures([], "chat")) & set(feedback.OF_ALL_CHANNELS)
    named = dict(feedback.not_known(["ticket_first_reply"], TERMS))
    assert [name.lower() for name in named["ticket_first_reply"]] == [
        "median_first_reply_minutes", "replied within target rate", "tickets without reply",
    ]  # fmt: skip
    assert set(feedback.TYPES) == {one for needs in feedback.NEEDS.values() for one in needs}


def test_channels_stand_beside_all_with_what_they_rest_on(published: Path) -> None:
    rows = answer(published, ask.support("month"))
    known = feedback.measures([])
    chart = feedback.by_channel(rows, date(2025, 1, 1), "median_first_reply_minutes", known, TERMS, EN)
    assert drawn(chart.figure) == {"All channels (8)": 90.5, "phone (5)": 600.0, "chat (3)": 10.0}
    assert list(chart.figure.data[0].text)[1] == "600\xa0min"
    satisfied = feedback.by_channel(rows, date(2025, 1, 1), "csat_score", known, TERMS, EN)
    assert drawn(satisfied.figure) == {"All channels (4)": 0.5, "chat (4)": 0.5}
    assert feedback.channels(rows) == ["all", "phone", "chat"]


def test_a_course_shows_a_channel_beside_all_and_none_without_values(published: Path) -> None:
    rows = answer(published, ask.support("month"))
    known = feedback.measures([])
    both = feedback.support_course(rows, "month", "median_first_reply_minutes", "chat", known, TERMS, EN)
    assert [(one.name, list(one.x), list(one.y)) for one in both.figure.data] == [
        ("chat", ["Jan 25"], [10.0]), ("All channels", ["Jan 25"], [90.5]),
    ]  # fmt: skip
    only_all = feedback.support_course(rows, "month", "csat_score", "phone", known, TERMS, EN)
    assert [one.name for one in only_all.figure.data] == ["All channels"]
    nothing = feedback.support_course(rows, "month", "median_solved_minutes", "phone", known, TERMS, EN)
    assert not nothing.table.rows, "a chart without a line is not drawn"


# Reasons for leaving


def test_what_is_named_most_is_said_of_a_month_that_is_over(published: Path) -> None:
    rows = reasons.of_source(answer(published, ask.reasons()), "survey")
    october, november = date(2025, 10, 1), date(2025, 11, 1)
    assert reasons.months(rows) == [november, october]
    assert list(reasons.sentences(rows, october, EN)) == [
        "October 2025, named most: price (6; 75.0%), <b>late (2; 25.0%)."
    ]
    chart = reasons.of_one_month(rows, november, TERMS, EN)
    assert list(drawn(chart.figure).items()) == [("d", 4), ("c", 3), ("b", 2), ("a", 1), ("price", 1)]
    ended = reasons.of_source(answer(published, ask.reasons()), "subscription")
    assert reasons.months(ended) == [date(2025, 12, 1)], "where no month is over, the one that runs"
    assert list(reasons.sentences(ended, date(2025, 12, 1), DE)) == [
        "Dezember 2025, am häufigsten genannt: nicht bekannt (1; 100,0\xa0%).", "Der Monat läuft noch.",
    ]  # fmt: skip


def test_reasons_over_months_are_all_there_are(published: Path) -> None:
    rows = reasons.of_source(answer(published, ask.reasons()), "survey")
    chart = reasons.over_months(rows, TERMS, EN)
    assert [(one.name, list(one.y)) for one in chart.figure.data] == [
        ("price", [6, 1]), ("d", [0, 4]), ("c", [0, 3]), ("<b>late", [2, 0]), ("b", [0, 2]),
        ("Other reasons", [0, 1]),
    ]  # fmt: skip
    assert sum(sum(one.y) for one in chart.figure.data) == sum(row["customers"] for row in chart.table.rows) == 19
    few = reasons.over_months([row for row in rows if row["reason"] == "price"], TERMS, EN)
    assert len(few.figure.data) == 1, "no others where there are none"


# E-mails


def test_emails_are_said_with_who_no_longer_opens(published: Path) -> None:
    rows = answer(published, ask.emails("month"))
    assert list(emails.sentences(rows, date(2025, 10, 1), EN)) == [
        "October 2025: 100 e-mails to 60 customers.",
        "25.0% were opened within seven days, in 5.0% something was clicked.",
        "Recipients who left their last three e-mails unopened: 9.",
    ]
    assert list(emails.sentences(rows, date(2025, 11, 1), EN)) == ["November 2025: 0 e-mails to 0 customers."]
    rates = emails.rates(rows, "month", TERMS, EN)
    assert [list(line.y) for line in rates.figure.data] == [[0.25, None], [0.05, None]], "no month that still changes"
    assert list(emails.streak(rows, "month", TERMS, EN).figure.data[0].y) == [9, 0]
    assert list(emails.sent(rows, "month", TERMS, EN).figure.data[0].y) == [100, 0]


def test_opens_that_nobody_tracks_are_no_zero(published: Path) -> None:
    rows = [{**row, **dict.fromkeys(emails.OF_OPENS)} for row in answer(published, ask.emails("month"))]
    assert list(emails.sentences(rows, date(2025, 10, 1), EN))[1:] == [EN.say("emails.not_tracked")]
    assert emails.known(rows, emails.CARDS) == ["emails_sent", "recipients", "unmatched_events"]
    columns = [column.key for column in emails.sent(rows, "month", TERMS, EN).table.columns]
    assert not set(columns) & set(emails.OF_OPENS)


# Health


def test_bands_are_shares_of_those_who_have_a_score(published: Path) -> None:
    rows = answer(published, ask.health_bands("not_lost"))
    assert list(health.sentences(rows, TERMS, EN)) == [
        "50.0% (2 of 4 customers) are “Critical”.",
        "On average 2.8 of 5.",
        f"Against 28 days before {MINUS}0.17 on average.",
        "Health email, Health payment: none of these customers has anything to judge for it (entity “activities”).",
    ]
    chart = health.bands(rows, TERMS, EN)
    assert drawn(chart.figure) == {"Critical (50.0%)": 2, "Watch (25.0%)": 1, "Healthy (25.0%)": 1}
    assert health.many(answer(published, ask.health_bands("all")), "critical") == 3, "with the one who is lost"
    only_lost = answer(published, ask.health_bands("lost"))
    assert [row["health_band"] for row in only_lost] == ["critical", "all"]
    assert list(drawn(health.bands(only_lost, TERMS, EN).figure).values()) == [1, 0, 0]
    assert list(health.sentences([], TERMS, EN)) == [EN.say("health.nobody")]


def test_means_of_components_are_of_those_who_have_them(published: Path) -> None:
    table = health.component_table(answer(published, ask.health_bands("not_lost")), TERMS, EN)
    assert [(row["component"], row.get("critical"), row.get("all"), row["customers"]) for row in table.rows] == [
        ("Health purchase", 1.5, 2.75, 4), ("Health engagement", 2.0, 3.0, 3), ("Health support", 1.0, 2.0, 2),
        ("Health survey", 1.5, 1.5, 2),
    ]  # fmt: skip
    assert [column.key for column in table.columns][1:5] == ["critical", "watch", "healthy", "all"]


def test_customers_are_listed_by_stage_and_band(published: Path) -> None:
    for stage, band, many in (
        ("not_lost", "critical", 2),
        ("all", "critical", 3),
        ("lost", "all", 1),
        ("new", "all", 2),
    ):
        assert answer(published, ask.number_by_health(stage, band)) == [{"customers": many}], (stage, band)


def test_how_a_customer_is_stands_in_words() -> None:
    row = {
        "health_score": 1.46, "health_band": "critical", "health_score_change_28d": -0.54,
        "health_drivers_en": "payments failed", "health_drivers_de": "Zahlungen fehlgeschlagen",
        **dict.fromkeys((f"health_{name}" for name in ask.HEALTH_COMPONENTS), None), "health_payment": 1,
        "health_purchase": 4,
    }  # fmt: skip
    assert list(health.story(row, EN)) == [
        f"Health 1.5 of 5 (“Critical”), {MINUS}0.5 against 28 days before.",
        "What pulls the score down: payments failed.",
    ]
    young = {**row, "health_score_change_28d": None, "health_drivers_de": ""}
    assert list(health.story(young, DE)) == [
        "Gesundheit 1,5 von 5 („Kritisch“); vor 28 Tagen gab es noch keinen Wert.",
        "Nichts zieht den Wert nach unten.",
    ]
    assert list(health.story({**row, "health_score": None}, EN)) == ["Nothing is known of the health."]
    says = {line["component"]: line["says"] for line in health.components_of(row, TERMS, EN).rows}
    assert says["Health purchase"] == "well" and says["Health payment"] == "pulls the score down"
    assert says["Health survey"] == EN.say("health.says_nothing")
    assert [health.moved(change, EN) for change in (0.04, -0.04, 0.06)] == ["0.0", "0.0", "+0.1"]


# The funnel

TODAY = date(2025, 12, 20)


def stages(published: Path) -> list[dict[str, Any]]:
    return answer(published, ask.funnel())


def test_each_step_of_the_funnel_is_that_of_the_latest_settled_month(published: Path) -> None:
    rows = stages(published)
    table = funnel.step_table(rows, TODAY, TERMS, EN)
    shown = [(row["step"].partition(":")[0], row["now"], row["month"], row["before"]) for row in table.rows]
    assert shown == [
        ("Awareness", "51", "November 2025", "50"), ("First purchase", "5.0%", "October 2025", "5.0%"),
        ("Acquisition", "21", "November 2025", "20"),
        ("Second purchase", "10.0%", "October 2025", "10.0%"), ("Second purchase", "20.0%", "September 2025", "20.0%"),
        ("Second purchase", "30.0%", "August 2025", "30.0%"), ("Second purchase", "40", "August 2025", "40"),
        ("Loyalty", "21", "November 2025", "20"), ("Advocacy", "20", "November 2025", "19"),
    ]  # fmt: skip
    assert {row["year"] for row in table.rows} == {EN.value(None, "rate")}, "no year before is known"
    assert "activation" not in funnel.courses(rows), "nobody records the use of the product"


def test_the_funnel_is_said_in_sentences(published: Path) -> None:
    said = list(funnel.sentences(stages(published), TODAY, TERMS, EN))
    assert said == [
        "November 2025: 21 customers won; at the month's end 21 customers were loyal.",
        "Advocates were 20 customers, at whatever stage.",
        "Of 50 prospects at the end of October 2025 5.0% placed their first order in the month after.",
        signals.no_activities(["Activation rate"], ["product_use"], EN),
        "Of the customers won in August 2025 10.0% ordered a second time within 30 days, 20.0% within 60 and 30.0% "
        "within 90.",
        "Half of those who did so within 90 days took at most 40 days.",
    ]
    nobody = [{**row, "customers": 0} if row["lifecycle_stage"] == "prospect" else row for row in stages(published)]
    assert EN.say("funnel.no_prospects") in list(funnel.sentences(nobody, TODAY, TERMS, EN))
    assert not {"prospects", "conversion_of_prospects"} & set(funnel.courses(nobody))
    assert list(funnel.sentences(nobody, date(2025, 6, 20), TERMS, EN)) == [EN.say("funnel.no_month")]
    unasked = [{**row, "nps_responses": None, "referrals_converted": None} for row in stages(published)]
    without = signals.no_activities(["Advocate"], ["nps", "referral_converted"], EN)
    assert without in list(funnel.sentences(unasked, TODAY, TERMS, EN)), "nobody is asked: that is no 0"
    assert len(funnel.course(unasked, "bonds", TODAY, TERMS, EN).figure.data) == 1
    assert len(funnel.step_table(unasked, TODAY, TERMS, EN).rows) == 8


def test_a_course_shows_no_month_that_still_changes(published: Path) -> None:
    chart = funnel.course(stages(published), "second_orders", TODAY, TERMS, EN)
    days_30, days_60, days_90 = ([value for value in line.y if value is not None] for line in chart.figure.data)
    assert [len(days_30), len(days_60), len(days_90)] == [5, 4, 3]
    assert list(chart.figure.data[0].x)[-1] == "Oct 25" and len(chart.table.rows) == 5
    bonds = funnel.course(stages(published), "bonds", TODAY, TERMS, EN)
    assert [line.name for line in bonds.figure.data] == ["Customers at stage “Loyal”", "Customers at stage “Advocate”"]


def test_break_points_are_ranked_by_revenue_and_advocates_are_said_beside_them(published: Path) -> None:
    rows = stages(published)
    month = funnel.usual_month(rows)
    assert month == date(2025, 10, 1), "the latest whose next month is over"
    chart = funnel.break_points(rows, month, TERMS, EN, "EUR")
    assert drawn(chart.figure) == {"Loyal (1 of 20)": 900.0, "New (2 of 40)": 700.0, "At risk (20 of 70)": 300.0}
    assert [row["stage"] for row in chart.table.rows] == [EN.stage(stage) for stage in funnel.STAGES]
    assert list(funnel.break_sentences(rows, month, EN, "EUR")) == [
        "The largest break in November 2025: “Loyal”. 1 of 20 customers (1.0%) were lost, and with them €900 of net "
        "revenue a year.",
        "Among all who were lost 3 were advocates with €950 a year.",
    ]
    runs = list(funnel.break_sentences(rows, date(2025, 11, 1), EN, "EUR"))
    assert runs[-1] == "December 2025 is still running: the losses can still grow."
    calm = [{**row, "lost_next_month": 0} for row in rows]
    assert list(funnel.break_sentences(calm, month, EN, "EUR")) == ["Nobody was lost in November 2025."]
    assert not funnel.break_points(calm, month, TERMS, EN, "EUR").table.rows, "a chart without a bar is not drawn"
    assert funnel.months(rows)[0] == date(2025, 11, 1), "of the running month nothing is known"


def test_each_stage_has_its_value_and_its_signals(published: Path) -> None:
    rows, month = stages(published), date(2025, 10, 1)
    worth = drawn(funnel.values_of(rows, month, TERMS, EN, "EUR").figure)
    assert list(worth) == [EN.stage(stage) for stage in funnel.STAGES[1:]] and worth["At risk"] == 120.0
    known = funnel.signals_known(rows)
    assert known == ["nps", "nps_responses", "tickets_per_customer", "referrals_sent", "referrals_converted"]
    missing = funnel.signals_missing(rows, TERMS, EN)
    assert "“csat”, “ticket_first_reply”, “email_sent”, “email_opened”" in missing and "“nps”" not in missing
    everything = [{**row, **dict.fromkeys(funnel.NEEDS, 1)} for row in rows]
    assert funnel.signals_missing(everything, TERMS, EN) == ""


# The value ladder


def test_steps_lie_as_customers_climb_them(published: Path) -> None:
    moves = answer(published, ask.ladder())
    assert ladder.steps(moves) == ["top", "mid", "low", "none"]
    november = date(2025, 11, 1)
    assert {move: ladder.moved(moves, november, move) for move in ladder.MOVES} == {
        "climbed": 4, "arrived": 5, "stepped_down": 0, "left": 2,
    }  # fmt: skip
    assert list(ladder.sentences(moves, november, EN)) == [
        "November 2025: 4 customers climbed, 5 arrived on a step, 0 stepped down, 2 left the ladder.",
        "In the month before (October 2025): 0 climbed, 10 arrived, 0 stepped down, 0 left.",
    ]
    assert list(ladder.sentences(moves, date(2025, 12, 1), EN))[1:] == [EN.say("lifecycle.running")]


def test_a_flow_between_steps_draws_who_moved(published: Path) -> None:
    moves, november = answer(published, ask.ladder()), date(2025, 11, 1)
    chart = ladder.flow(moves, november, "moved", DE)
    sankey = chart.figure.data[0]
    assert list(sankey.node.label) == [
        *("mid (de) 1", "low (de) 5", "Auf keiner Stufe 5"),
        *("top (de) 1", "mid (de) 3", "low (de) 5", "Auf keiner Stufe 2"),
    ]  # fmt: skip
    assert sum(sankey.link.value) == 11 and len(chart.table.rows) == 5, "who stayed is in the table"
    assert sum(ladder.flow(moves, november, "all", DE).figure.data[0].link.value) == 15
    assert not ladder.drawn_of([row for row in moves if row["direction"] == "same"], november, "moved")
    over_time = ladder.moves_over_time(moves, EN).figure.data
    assert [list(line.y) for line in over_time] == [[0, 4], [10, 5], [0, 0], [0, 2]], "no running month"


def test_a_step_has_its_customers_and_how_many_buy_across_categories(published: Path) -> None:
    moves, november = answer(published, ask.ladder()), date(2025, 11, 1)
    table = ladder.step_table(moves, november, TERMS, EN)
    assert [tuple(row.values()) for row in table.rows] == [("top", 1, 1.0), ("mid", 3, 0.5), ("low", 9, 0.75)]
    without = ladder.step_table([{**row, "cross_category_rate": None} for row in moves], november, TERMS, EN)
    assert [column.key for column in without.columns] == ["step", "customers"]


# Programmes


def test_whether_the_referred_come_back_is_said_of_a_month_that_is_observed(published: Path) -> None:
    rows = answer(published, ask.referrals())
    assert list(programmes.referral_sentences(rows, TODAY, EN)) == [
        "November 2025: 6 referrals sent, 2 led to a new customer; 3 customers referred, and 3 new customers had been "
        "referred.",
        "Of the 2 referred customers of July 2025 50.0% ordered again within 90 days, of the other new customers "
        "30.0%: with so few the difference can be chance.",
    ]
    chart = programmes.over_months(rows, programmes.REFERRALS, TERMS, EN)
    assert [list(line.x) for line in chart.figure.data] == [["Jul 25", "Nov 25"]] * 3, "from the first referral on"
    young = programmes.over_months(programmes.observed(rows, date(2025, 7, 1)), programmes.SECOND_ORDERS, TERMS, EN)
    assert not young.table.rows


def test_points_are_those_of_the_latest_month_that_is_over(published: Path) -> None:
    rows = answer(published, ask.loyalty())
    assert list(programmes.loyalty_sentences(rows, EN)) == [
        "November 2025: 1,000 points earned, 250 redeemed; that is 25.0%."
    ]
    early = [row for row in rows if row["period_start"] == date(2025, 10, 1)]
    assert list(programmes.loyalty_sentences(early, EN)) == ["October 2025: 0 points earned, 0 redeemed."]
    table = programmes.tier_table(rows, TERMS, EN)
    assert [(row["tier"], row["members"]) for row in table.rows] == [("All", 60), ("gold", 10), ("None", 50)]
    points = programmes.over_months(programmes.of_tier(rows, "all"), programmes.POINTS, TERMS, EN)
    assert [list(line.y) for line in points.figure.data] == [[1000.0], [250.0]]


# Products


def first_purchases(published: Path) -> list[dict[str, Any]]:
    return answer(published, ask.first_purchases("category"))


def test_who_stands_out_lies_wholly_beside_the_rate_of_all(published: Path) -> None:
    rows = first_purchases(published)
    assert list(products.sentences(rows, "category", EN)) == [
        "Of 800 customers whose first purchase is known, 30.0% ordered a second time within 90 days "
        "(likely between 27.0% and 33.0%).",
        "The first purchase is known of 50.0% of all customers. "
        "Counted is who has been a customer for at least 90 days.",
        "Clearly more come back after: tea (45.0% of 380).",
        "Clearly fewer come back after: mugs (20.0% of 290).",
    ]
    alike = [{**row, "second_order_rate_90d_low": 0.1, "second_order_rate_90d_high": 0.9} for row in rows]
    assert list(products.sentences(alike, "category", EN))[2:] == [EN.say("products.none_stands_out_category")]
    few = [{**row, "has_enough": row["value"] == "all"} for row in rows]
    assert list(products.sentences(few, "category", EN))[2:] == [EN.say("products.none_enough")]
    young = [{**row, "second_order_rate_90d": None} for row in rows]
    assert len(list(products.sentences(young, "category", EN))) == 1


def test_values_with_enough_customers_come_first_and_the_others_are_marked(published: Path) -> None:
    chart = products.who_comes_back(first_purchases(published), "category", TERMS, EN)
    assert list(drawn(chart.figure)) == ["All", "tea", "cake", "mugs", "&lt;b&gt;pen (few)"]
    dots = chart.figure.data[0]
    assert len(set(dots.marker.color)) == 3 and dots.error_x.array[0] == pytest.approx(0.03)
    assert chart.figure.layout.shapes[0].x0 == 0.30, "the rate of all"
    assert "new" in [row["name"] for row in chart.table.rows], "nobody is mature yet: in the table alone"
    assert chart.alt.endswith("all 30.0%; highest tea 45.0%, cake 31.0%, mugs 20.0%.")


def test_what_rests_on_few_comes_last_and_is_grey(published: Path) -> None:
    rows = first_purchases(published)
    again = products.bought_again(rows, "category", TERMS, EN)
    names = ["All (240)", "tea (150)", "cake (40)", "mugs (29)", "&lt;b&gt;pen (6)"]
    assert list(drawn(again.figure)) == names, "mugs have 0.9, but of 29 customers"
    colours = list(again.figure.data[0].marker.color)
    assert colours[1] == colours[2] != colours[3] == colours[4]
    later = products.revenue(rows, products.REVENUES[0], "category", TERMS, EN, "EUR")
    assert list(drawn(later.figure)) == ["All (700)", "tea (300)", "mugs (250)", "&lt;b&gt;pen (5)", "cake (29)"]


def test_only_the_values_with_most_customers_are_drawn(published: Path) -> None:
    rows = first_purchases(published)
    tea = next(row for row in rows if row["value"] == "tea")
    many = [*rows, *({**tea, "value": f"v{number}", "first_customers": 1000 + number} for number in range(30))]
    assert len(products.drawn(many)) == products.MOST + 1
    assert len(products.who_comes_back(many, "category", TERMS, EN).table.rows) == len(many)


def test_a_question_reads_no_more_values_than_asked_for(published: Path) -> None:
    assert [row["value"] for row in answer(published, ask.first_purchases("category", 2))] == ["all", "tea"]


def test_each_question_names_columns_of_its_mart(published: Path) -> None:
    for question in (ask.nps("week"), ask.support("week"), ask.first_purchases("product")):
        assert isinstance(question, Question) and answer(published, question) == []


# What follows an answer


def effect(signal: str, said: str, rate: float, **given: Any) -> dict[str, Any]:
    known = {
        "signal": signal, "answer": said, "is_reference": False, "answered_customers": 100,
        "repurchased_customers": round(100 * rate), "repurchase_rate_90d": rate, "repurchase_rate_90d_low": rate - 0.05,
        "repurchase_rate_90d_high": rate + 0.05, "repurchase_difference": None, "repurchase_difference_low": None,
        "repurchase_difference_high": None, "is_conclusive": None, "has_enough": None,
    }  # fmt: skip
    return {**known, **given}


EFFECTS = [
    effect("csat", "satisfied", 0.4, is_reference=True),
    effect("csat", "dissatisfied", 0.1, is_conclusive=True, has_enough=False),
    effect("nps", "promoter", 0.5, is_reference=True),
    effect("nps", "passive", 0.45, is_conclusive=False, has_enough=True),
    effect("nps", "detractor", 0.2, is_conclusive=True, has_enough=True),
]


def test_only_differences_beyond_chance_with_enough_customers_are_said() -> None:
    assert list(effects.sentences(EFFECTS, EN)) == [
        "Recommendation: detractors (0-6) 20.0%, promoters (9-10) 50.0%. That is more than chance."
    ]
    assert list(effects.sentences(EFFECTS[:4], DE)) == [
        "Bei keiner Antwort unterscheidet sich der Wiederkauf um mehr als den Zufall."
    ]


def test_what_follows_an_answer_is_drawn_with_its_interval_and_few_are_marked() -> None:
    chart = effects.who_orders_again(EFFECTS, TERMS, EN)
    (dots,) = chart.figure.data
    assert list(dots.x) == [0.4, 0.1, 0.5, 0.45, 0.2]
    assert dots.error_x.array == pytest.approx([0.05] * 5) and dots.error_x.arrayminus == pytest.approx([0.05] * 5)
    assert [row["answer"] for row in chart.table.rows] == [
        "satisfied", "dissatisfied (few)", "promoters (9-10)", "passives (7-8)", "detractors (0-6)",
    ]  # fmt: skip
    assert "Recommendation: detractors (0-6) 20.0%" in chart.alt
