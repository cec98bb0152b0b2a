"""What assistants are answered: figures equal to the marts, refusals with their reason, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anyio
import duckdb
import pytest
import yaml

from assistants.reading import reading
from assistants.start import configuration, start
from reports import questions
from reports.language import Language
from stammkunde.errors import StammkundeError
from stammkunde.places import Places
from tests.conftest import PROJECT, Build
from tests.published import predict, published_copy
from tests.refreshes import environment_of_refresh

pytest.importorskip("mcp", reason="the package mcp is not installed: make assistants")

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters

from assistants.server import server


@dataclass(frozen=True)
class Answered:
    text: str
    data: Any
    is_error: bool


@pytest.fixture(scope="module")
def published(sample: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published_copy(sample.warehouse, tmp_path_factory.mktemp("assistants") / "retention.duckdb")


def ask(served: Any, tool: str, **arguments: object) -> Answered:
    """One call by the package's own client, which checks what it gets against the tool's schema."""
    return ask_all(served, [(tool, arguments)])[0]


def ask_all(served: Any, calls: Sequence[tuple[str, Mapping[str, object]]]) -> list[Answered]:
    async def session() -> list[Answered]:
        async with Client(served) as client:
            return [answered(await client.call_tool(tool, dict(arguments))) for tool, arguments in calls]

    return anyio.run(session)


def answered(result: Any) -> Answered:
    return Answered(result.content[0].text, result.structured_content, bool(result.is_error))


def marts(published: Path, query: str) -> list[dict[str, Any]]:
    """The marts as anybody reads them: SQL of this file, none of the server's."""
    with duckdb.connect(str(published), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        found = connection.execute(query)
        names = [column[0] for column in found.description]
        return [dict(zip(names, map(as_json, row), strict=True)) for row in found.fetchall()]


def as_json(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, (date, datetime)) else value


# Scripted calls: each answer equals the marts, in each column that its query names.

Call = tuple[str, Mapping[str, object], str]
FLAGS = "is_complete, not is_complete as is_running, period_end"
START, CLV = "is_left_censored", "is_clv_left_censored as is_left_censored"
NOT_ON_THE_START = "false as is_left_censored"


def of_period(measure: str, grain: str, first: str, parts: str = "", censored: str = NOT_ON_THE_START) -> Call:
    return (
        "get_measure",
        {"measure": measure, "grain": grain, "period": first},
        f"select {measure} as value, {fraction(parts)}, {FLAGS}, {censored} from marts.retention_kpis "
        f"where period_grain = '{grain}' and period_start = '{first}'",
    )


def of_segment(measure: str, grain: str, first: str, segment: str, parts: str = "") -> Call:
    dimension, value = segment.split("=")
    return (
        "get_measure",
        {"measure": measure, "grain": grain, "period": first, "dimension": dimension, "segment": value},
        f"select {measure} as value, {fraction(parts)}, {FLAGS} from marts.retention_kpis_by_segment "
        f"where period_grain = '{grain}' and period_start = '{first}' "
        f"and dimension = '{dimension}' and dimension_value = '{value}'",
    )


def of_cell(measure: str, grain: str, first: str, number: int, segment: str = "all=all", parts: str = "") -> Call:
    dimension, value = segment.split("=")
    return (
        "get_cohort_cell",
        {
            "measure": measure, "cohort_grain": grain, "cohort_start": first, "period_number": number,
            "dimension": dimension, "segment": value,
        },
        f"select {measure} as value, {fraction(parts)}, is_complete, period_start, cohort_customers as customers "
        f"from marts.cohort_retention where cohort_grain = '{grain}' and cohort_start = '{first}' "
        f"and period_number = {number} and dimension = '{dimension}' and dimension_value = '{value}'",
    )  # fmt: skip


def of_curve(measure: str, grain: str, number: int, segment: str = "all=all", parts: str = "") -> Call:
    dimension, value = segment.split("=")
    return (
        "get_cohort_cell",
        {
            "measure": measure, "cohort_grain": grain, "cohort_start": "pooled", "period_number": number,
            "dimension": dimension, "segment": value,
        },
        f"select {measure} as value, {fraction(parts)}, eligible_customers as customers from marts.retention_curve "
        f"where cohort_grain = '{grain}' and period_number = {number} "
        f"and dimension = '{dimension}' and dimension_value = '{value}'",
    )  # fmt: skip


def of_window(measure: str, month: str, days: int, segment: str = "all=all", parts: str = "") -> Call:
    dimension, value = segment.split("=")
    return (
        "get_cohort_window",
        {"measure": measure, "cohort_month": month, "window_days": days, "dimension": dimension, "segment": value},
        f"select {measure} as value, {fraction(parts)}, is_mature as is_complete, cohort_customers, mature_customers "
        f"from marts.cohort_windows where cohort_month = '{month}' and window_days = {days} "
        f"and dimension = '{dimension}' and dimension_value = '{value}'",
    )


def of_acquisition(measure: str, month: str, channel: str = "all", parts: str = "") -> Call:
    return (
        "get_acquisition",
        {"measure": measure, "month": month, "channel": channel},
        f"select {measure} as value, {fraction(parts)}, is_complete, new_customers as customers "
        f"from marts.acquisition_economics where cohort_month = '{month}' and acquisition_channel = '{channel}'",
    )


def of_subscriptions(measure: str, month: str, parts: str = "") -> Call:
    return (
        "get_subscriptions",
        {"measure": measure, "month": month},
        f"select {measure} as value, {fraction(parts)}, is_complete, month_start from marts.subscription_kpis "
        f"where month_start = '{month}'",
    )


def of_funnel(measure: str, stage: str, month: str = "2025-11-01", parts: str = "") -> Call:
    return (
        "get_funnel_stage",
        {"measure": measure, "stage": stage, "month": month},
        f"select {measure} as value, {fraction(parts)}, is_complete, is_next_month_complete, month_start, customers, "
        f"lifecycle_stage as stage from marts.lifecycle_kpis "
        f"where month_start = '{month}' and lifecycle_stage = '{stage}'",
    )


def of_feedback(measure: str, grain: str, period: str, channel: str = "") -> Call:
    mart, where = ("support_kpis", f"and channel = '{channel}'") if channel else ("nps", "")
    return (
        "get_feedback",
        {"measure": measure, "grain": grain, "period": period, "channel": channel or "all"},
        f"select {measure} as value, {fraction('')}, is_complete, period_start from marts.{mart} "
        f"where period_grain = '{grain}' and period_start = '{period}' {where}",
    )


def of_emails(measure: str, grain: str, period: str, parts: str = "") -> Call:
    return (
        "get_feedback",
        {"measure": measure, "grain": grain, "period": period},
        f"select {measure} as value, {fraction(parts)}, is_complete, period_start from marts.email_kpis "
        f"where period_grain = '{grain}' and period_start = '{period}'",
    )


def of_programme(measure: str, month: str, tier: str = "", parts: str = "") -> Call:
    mart, where = ("loyalty_kpis", f"and loyalty_tier = '{tier}'") if tier else ("referral_kpis", "")
    over = "month_start + interval 1 month <= (select as_of_date + 1 from marts.build) as is_complete"
    return (
        "get_programme",
        {"measure": measure, "month": month, "tier": tier or "all"},
        f"select {measure} as value, {fraction(parts)}, {over}, month_start, '{tier or 'all'}' as tier "
        f"from marts.{mart} where month_start = '{month}' {where}",
    )


def of_playbook(measure: str, month: str, *, interval: bool = False) -> Call:
    low, high = (f"{measure}_low", f"{measure}_high") if interval else ("null", "null")
    return (
        "get_playbook_programme",
        {"measure": measure, "month": month},
        f"select {measure} as value, {low} as low, {high} as high, is_complete, month_start, programme_customers, "
        f"control_customers from marts.playbook_programme where month_start = '{month}'",
    )


def of_subscribers(measure: str, month: str, number: int, parts: str = "") -> Call:
    return (
        "get_subscriber_cohort",
        {"measure": measure, "cohort_month": month, "period_number": number},
        f"select {measure} as value, {fraction(parts)}, is_complete, cohort_subscribers as customers "
        f"from marts.subscription_cohorts where cohort_month = '{month}' and period_number = {number}",
    )


def fraction(parts: str) -> str:
    """The parts of a measure, such as `a / b` or, where the mart has an interval of the rate r, `a / b ~ r`."""
    division, _, rate = parts.partition(" ~ ")
    above, below = division.split(" / ") if division else ("null", "null")
    low, high = (f"{rate}_low", f"{rate}_high") if rate else ("null", "null")
    return f"{above} as numerator, {below} as denominator, {low} as low, {high} as high"


KEPT = "retained_customers / customers_at_start ~ retained_customer_rate"
CRR = "customers_at_end - new_customers / customers_at_start"
LOST = "churned_customers / customers_at_start"
ACTIVE = "active_customers / cohort_customers ~ retention_rate"
RETURNED = "returned_customers / mature_customers ~ returned_rate"
CALLS: list[Call] = [
    of_period("customers_at_start", "year", "2025-01-01", censored=START),
    of_period("customers_at_end", "month", "2024-02-01"),
    of_period("new_customers", "week", "2024-12-30"),
    of_period("new_customers_lost", "year", "2024-01-01"),
    of_period("retained_customers", "quarter", "2025-07-01", censored=START),
    of_period("churned_customers", "month", "2025-06-01", censored=START),
    of_period("reactivated_customers", "year", "2025-01-01", censored=START),
    of_period("customer_retention_rate", "month", "2025-12-01", CRR, START),
    of_period("customer_retention_rate", "quarter", "2025-10-01", CRR, START),
    of_period("customer_retention_rate", "year", "2025-01-01", CRR, START),
    of_period("customer_retention_rate", "week", "2025-12-29", CRR, START),
    of_period("customer_retention_rate", "month", "2026-01-01", CRR, START),  # the running one
    of_period("retained_customer_rate", "year", "2024-01-01", KEPT, START),  # left-censored
    of_period("retained_customer_rate", "quarter", "2025-04-01", KEPT, START),
    of_period("customer_churn_rate", "month", "2025-11-01", LOST, START),
    of_period("purchasing_customers", "quarter", "2024-10-01"),
    of_period("orders", "week", "2025-11-24"),
    of_period("net_revenue", "year", "2024-01-01"),
    of_period("unattributed_orders", "quarter", "2025-10-01"),
    of_period("unattributed_revenue", "year", "2025-01-01"),
    of_period("average_order_value", "month", "2025-12-01", "net_revenue / orders"),
    of_period("purchase_frequency", "year", "2025-01-01", "orders / purchasing_customers"),
    of_period("revenue_per_customer", "quarter", "2025-01-01", "net_revenue / purchasing_customers"),
    of_period("repeat_customers", "month", "2025-03-01"),
    of_period("repeat_customer_rate", "year", "2025-01-01", "repeat_customers / purchasing_customers"),
    of_period("returning_customers", "week", "2025-09-01"),
    of_period("returning_customer_rate", "quarter", "2024-07-01", "returning_customers / purchasing_customers"),
    of_period("returning_revenue", "month", "2024-12-01"),
    of_period("returning_revenue_share", "year", "2025-01-01", "returning_revenue / net_revenue"),
    of_period("new_average_order_value", "month", "2025-08-01"),
    of_period("returning_average_order_value", "quarter", "2025-07-01"),
    of_period("net_revenue_retention", "year", "2025-01-01"),
    of_period("net_revenue_retention", "month", "2025-12-01"),  # null: for years only
    of_period("gross_revenue_retention", "year", "2024-01-01"),
    of_period("revenue_churn_rate", "year", "2025-01-01"),
    of_period("historic_clv", "quarter", "2025-10-01"),
    of_period("clv_by_retention", "month", "2025-12-01", censored=CLV),
    of_period("clv_by_lifespan", "year", "2025-01-01", censored=CLV),
    of_period("clv_by_lifespan", "month", "2023-06-01", censored=CLV),  # null: nobody a year before
    of_segment("customer_retention_rate", "month", "2025-12-01", "acquisition_channel=email", CRR),
    of_segment("retained_customer_rate", "quarter", "2025-10-01", "country=DE", KEPT),
    of_segment("customer_churn_rate", "year", "2025-01-01", "first_category=Tee", LOST),
    of_segment("new_customers", "month", "2025-05-01", "first_sales_channel=app"),
    of_segment("customers_at_end", "quarter", "2026-01-01", "first_order_discounted=true"),
    of_segment("retained_customer_rate", "year", "2025-01-01", "acquisition_channel=unknown", KEPT),
    of_cell("retention_rate", "month", "2025-03-01", 3, parts=ACTIVE),
    of_cell("retention_rate", "week", "2025-01-06", 10, parts=ACTIVE),
    of_cell("retention_rate", "quarter", "2024-04-01", 4, "country=AT", ACTIVE),
    of_cell("retention_rate", "month", "2025-11-01", 2, "first_category=Kaffee", ACTIVE),  # the running month
    of_cell("unbounded_retention_rate", "month", "2024-06-01", 6, parts="active_or_later_customers / cohort_customers"),
    of_cell("returned_by_rate", "quarter", "2024-01-01", 3, parts="returned_by_customers / cohort_customers"),
    of_cell("returned_by_customers", "month", "2024-09-01", 12),
    of_cell("active_customers", "week", "2024-11-25", 1),
    of_cell("active_or_later_customers", "month", "2023-05-01", 20, "first_sales_channel=store"),
    of_cell("cohort_customers", "month", "2025-12-01", 0),
    of_cell("cumulative_orders", "quarter", "2023-04-01", 8),
    of_cell("cumulative_net_revenue", "month", "2024-02-01", 12, "acquisition_channel=organic_search"),
    of_cell("cumulative_revenue_per_customer", "quarter", "2024-10-01", 4,
            parts="cumulative_net_revenue / cohort_customers"),
    of_cell("net_revenue", "month", "2024-12-01", 12),
    of_cell("orders", "month", "2024-12-01", 1),
    of_curve("retention_rate", "month", 3, parts="active_customers / eligible_customers ~ retention_rate"),
    of_curve("retention_rate", "quarter", 2, "country=CH", "active_customers / eligible_customers ~ retention_rate"),
    of_curve("returned_by_rate", "week", 12),
    of_curve("cumulative_revenue_per_customer", "month", 12, "acquisition_channel=email"),
    of_curve("eligible_customers", "month", 24),
    of_window("returned_rate", "2025-03-01", 90, parts=RETURNED),
    of_window("returned_rate", "2025-12-01", 30, parts=RETURNED),  # not all are observed that long
    of_window("returned_rate", "2025-12-01", 365, parts=RETURNED),  # null: nobody is
    of_window("returned_rate", "2024-05-01", 180, "acquisition_channel=paid_social", RETURNED),
    of_window("returned_customers", "2024-05-01", 60),
    of_window("mature_customers", "2025-10-01", 90),
    of_window("revenue_per_customer", "2024-08-01", 365, parts="net_revenue / mature_customers"),
    of_acquisition("spend", "2025-12-01"),
    of_acquisition("retention_spend", "2025-12-01", "email"),
    of_acquisition("cac", "2025-12-01", "paid_social", "spend / new_customers"),
    of_acquisition("cac", "2026-01-01", parts="spend / new_customers"),  # the running month
    of_acquisition("value_per_customer_3m", "2025-06-01"),
    of_acquisition("value_per_customer_6m", "2025-01-01", "paid_social"),
    of_acquisition("value_per_customer_12m", "2024-06-01"),
    of_acquisition("value_per_customer_24m", "2025-12-01"),  # null: not over
    of_acquisition("ltv_to_cac", "2024-06-01"),
    of_acquisition("payback_months", "2024-06-01"),
    of_subscriptions("mrr_at_start", "2025-12-01"),
    of_subscriptions("new_mrr", "2025-12-01"),
    of_subscriptions("reactivated_mrr", "2025-12-01"),
    of_subscriptions("expansion_mrr", "2025-11-01"),
    of_subscriptions("contraction_mrr", "2025-12-01"),
    of_subscriptions("churned_mrr", "2025-12-01"),
    of_subscriptions("involuntary_churned_mrr", "2025-12-01"),
    of_subscriptions("mrr_at_end", "2026-01-01"),  # the running one
    of_subscriptions("subscribers_at_start", "2025-12-01"),
    of_subscriptions("new_subscribers", "2025-12-01"),
    of_subscriptions("reactivated_subscribers", "2025-12-01"),
    of_subscriptions("churned_subscribers", "2025-12-01"),
    of_subscriptions("subscribers_at_end", "2025-12-01"),
    of_subscriptions("short_lived_subscribers", "2025-12-01"),
    of_subscriptions("logo_churn_rate", "2025-12-01", "churned_subscribers / subscribers_at_start"),
    of_subscriptions("gross_mrr_retention", "2025-12-01",
                     "mrr_at_start - churned_mrr - contraction_mrr / mrr_at_start"),
    of_subscriptions("net_mrr_retention", "2025-11-01",
                     "mrr_at_start - churned_mrr - contraction_mrr + expansion_mrr / mrr_at_start"),
    of_subscriptions("average_revenue_per_subscriber", "2025-10-01", "mrr_at_end / subscribers_at_end"),
    of_subscribers("cohort_subscribers", "2025-06-01", 0),
    of_subscribers("active_subscribers", "2025-06-01", 1),
    of_subscribers("subscriber_retention_rate", "2025-06-01", 3, "active_subscribers / cohort_subscribers"),
    of_subscribers("mrr", "2025-06-01", 7),  # the running month
    of_subscribers("mrr_at_first_end", "2025-06-01", 2),
    of_subscribers("mrr_retention_rate", "2025-06-01", 6, "mrr / mrr_at_first_end"),
    of_feedback("answers", "month", "2025-12-01"),
    of_feedback("responses", "quarter", "2025-10-01"),
    of_feedback("promoters", "month", "2026-01-01"),  # the running one
    of_feedback("passives", "month", "2025-12-01"),
    of_feedback("detractors", "quarter", "2025-10-01"),
    of_feedback("nps", "month", "2025-12-01"),
    of_feedback("nps_margin", "quarter", "2025-10-01"),
    of_feedback("tickets_opened", "month", "2025-12-01", "all"),
    of_feedback("customers_with_tickets", "month", "2025-12-01", "chat"),
    of_feedback("tickets_without_reply", "month", "2025-12-01", "all"),
    of_feedback("complaints", "month", "2025-12-01", "all"),
    of_feedback("first_replies", "month", "2025-12-01", "all"),
    of_feedback("median_first_reply_minutes", "month", "2025-12-01", "all"),
    of_feedback("replied_within_target_rate", "month", "2025-12-01", "all"),
    of_feedback("tickets_solved", "month", "2025-12-01", "all"),
    of_feedback("median_solved_minutes", "month", "2025-12-01", "all"),
    of_feedback("solved_within_target_rate", "month", "2025-12-01", "all"),
    of_feedback("csat_responses", "month", "2025-12-01", "all"),
    of_feedback("average_csat", "month", "2025-12-01", "all"),
    of_feedback("csat_score", "month", "2025-12-01", "all"),
    of_feedback("tickets_per_100_active_customers", "week", "2025-12-15", "all"),
    of_feedback("frequent_contacts", "month", "2025-12-01", "all"),
    of_funnel("orders", "prospect"),
    of_funnel("net_revenue", "loyal"),
    of_funnel("lost_next_month", "at_risk"),
    of_funnel("lost_next_month", "at_risk", "2026-01-01"),  # the running month: not known
    of_funnel("lost_next_month_rate", "at_risk", "2025-11-01", "lost_next_month / customers"),
    of_funnel("revenue_at_stake", "at_risk", "2025-12-01"),  # its next month is running
    of_funnel("clv_by_lifespan", "loyal"),
    of_funnel("nps_responses", "new", "2026-01-01"),
    of_funnel("tickets_per_customer", "new"),
    of_funnel("email_open_rate", "active"),
    of_funnel("conversion_next_month_rate", "prospect"),
    of_funnel("acquired", "new"),
    of_funnel("activation_rate", "new"),
    of_funnel("second_order_rate_30d", "new"),
    of_funnel("second_order_rate_60d", "new", "2025-06-01"),
    of_funnel("second_order_rate_90d", "new", "2025-06-01"),
    of_funnel("median_days_to_second_order", "new", "2025-06-01"),
    of_emails("emails_sent", "month", "2025-12-01"),
    of_emails("recipients", "week", "2025-12-01"),
    of_emails("emails_opened", "month", "2025-11-01"),
    of_emails("emails_clicked", "month", "2026-01-01"),  # the running one
    of_emails("open_rate", "month", "2025-12-01", "emails_opened / emails_sent"),
    of_emails("click_rate", "month", "2025-12-01", "emails_clicked / emails_sent"),
    of_emails("customers_with_unopened_streak", "month", "2025-12-01"),
    of_emails("unmatched_events", "month", "2025-12-01"),
    of_programme("referrals_sent", "2025-12-01"),
    of_programme("referrals_converted", "2026-01-01"),  # the running one
    of_programme("referred_customers", "2025-09-01"),
    of_programme("referred_second_order_rate_90d", "2025-09-01"),
    of_programme("other_second_order_rate_90d", "2025-09-01"),
    of_programme("referrers", "2025-12-01"),
    of_programme("members", "2025-12-01", "gold"),
    of_programme("points_earned", "2025-12-01", "all"),
    of_programme("points_redeemed", "2025-11-01", "silver"),
    of_programme("redemption_rate", "2025-12-01", "all", "points_redeemed / points_earned"),
    of_programme("revenue_per_customer", "2025-12-01", "gold", "net_revenue / purchasing_customers"),
    of_playbook("programme_customers", "2025-12-01"),
    of_playbook("control_customers", "2025-12-01"),
    of_playbook("programme_orders_per_customer", "2025-11-01"),
    of_playbook("control_orders_per_customer", "2025-11-01"),
    of_playbook("orders_difference", "2025-12-01", interval=True),
    of_playbook("programme_revenue_per_customer", "2025-12-01"),
    of_playbook("control_revenue_per_customer", "2025-12-01"),
    of_playbook("revenue_difference", "2026-01-01", interval=True),  # the running one
    of_playbook("programme_value", "2025-12-01"),
    of_playbook("value_won_by_rules", "2025-10-01"),
]  # fmt: skip


@pytest.fixture(scope="module")
def given(published: Path) -> list[Answered]:
    """What all scripted calls are answered, in one session."""
    return ask_all(server(published), [(tool, arguments) for tool, arguments, _ in CALLS])


@pytest.mark.parametrize(
    "number", range(len(CALLS)), ids=[" ".join(map(str, arguments.values())) for _, arguments, _ in CALLS]
)
def test_a_figure_is_that_of_the_mart(number: int, given: list[Answered], published: Path) -> None:
    _, _, query = CALLS[number]
    found = given[number]
    assert not found.is_error, found.text
    (expected,) = marts(published, query)
    figure = found.data["figure"]
    assert {name: figure[name] for name in expected} == expected
    assert (figure["value"] is None) == (figure["null_because"] is not None)
    assert found.data["build"] == build_of(published)
    assert found.text == found.data["sentence"]
    if not figure["is_complete"]:
        assert "running" in found.text or "unfinished" in found.text
    if figure.get("is_left_censored"):
        assert "left-censored" in found.text


def build_of(published: Path) -> dict[str, Any]:
    (expected,) = marts(
        published,
        "select build_id, build_number, built_at, shop, as_of_date, reporting_currency as currency from marts.build",
    )
    return expected


def test_sixty_calls_and_more_cover_every_measure_that_is_answered(published: Path) -> None:
    listed = ask(server(published), "list_measures").data["measures"]
    asked = {str(arguments["measure"]) for _, arguments, _ in CALLS}
    by_measure = {
        "get_acquisition",
        *("get_measure", "get_cohort_cell", "get_cohort_window", "get_subscriptions", "get_subscriber_cohort"),
        *("get_feedback", "get_programme", "get_funnel_stage", "get_playbook_programme"),
    }  # the other tools have tests of their own
    assert {one["measure"] for one in listed if one["tool"] in by_measure and not one["comes_with"]} <= asked
    assert len(CALLS) >= 60


def test_every_measure_is_answered_but_those_of_a_person(published: Path) -> None:
    listed = ask(server(published), "list_measures").data["measures"]
    expected = marts(published, "select kpi, mart from marts.kpi_glossary where unit not in ('flag', 'text')")
    of_a_person = {row["kpi"] for row in expected if row["mart"] in ("customers", "customer_predictions")}
    assert {one["measure"] for one in listed if one["tool"] is None} == of_a_person
    bounds = {row["kpi"] for row in expected if row["kpi"].endswith(("_low", "_high"))}
    assert {one["measure"] for one in listed} == {row["kpi"] for row in expected} - bounds


def test_a_numerator_over_its_denominator_is_the_measure(given: list[Answered]) -> None:
    parts = 0
    for found in given:
        figure = found.data["figure"]
        if figure["numerator"] is not None and figure["value"] is not None:
            assert figure["numerator"] / figure["denominator"] == pytest.approx(figure["value"], abs=1e-12)
            parts += 1
    assert parts > 25


COMPARISONS = [
    ("retained_customer_rate", "quarter", "2025-10-01", "period_before", "2025-07-01", ""),
    ("retained_customer_rate", "year", "2025-01-01", "2023-01-01", "2023-01-01", None),  # nobody at the start of 2023
    ("customer_retention_rate", "month", "2025-12-01", "year_before", "2024-12-01", "_year_before"),
    ("customer_churn_rate", "month", "2025-11-01", "period_before", "2025-10-01", ""),
    ("customer_churn_rate", "quarter", "2025-04-01", "2024-04-01", "2024-04-01", "_year_before"),
    ("retained_customer_rate", "month", "2025-12-01", "2025-06-01", "2025-06-01", None),  # no mart has these segments
    ("average_order_value", "month", "2025-12-01", "year_before", "2024-12-01", None),
    ("net_revenue", "week", "2025-12-29", "year_before", "2024-12-30", None),
    ("repeat_customer_rate", "year", "2025-01-01", "period_before", "2024-01-01", None),
]


@pytest.mark.parametrize(("measure", "grain", "first", "against", "other", "effects"), COMPARISONS)
def test_a_comparison_has_both_figures_and_what_each_segment_contributed(
    measure: str, grain: str, first: str, against: str, other: str, effects: str | None, published: Path
) -> None:
    found = ask(server(published), "compare_periods", measure=measure, grain=grain, period=first, compare_with=against)
    assert not found.is_error, found.text
    values = [
        marts(
            published,
            f"select {measure} as value from marts.retention_kpis "
            f"where period_grain = '{grain}' and period_start = '{day}'",
        )[0]["value"]
        for day in (first, other)
    ]
    assert [found.data[side]["value"] for side in ("figure", "compared_with")] == values
    assert found.data["compared_with"]["period_start"] == other
    if values[1] is None:
        assert found.data["change"] is None
        assert "not comparable" in found.text
    else:
        assert found.data["change"] == pytest.approx(values[0] - values[1], abs=1e-9)
    if effects is None:
        assert found.data["contributions"] == []
        assert found.data["contributions_missing_because"]
        return
    expected = marts(
        published,
        f"""
        select
            dimension, dimension_value as segment, customers_at_start, retained_customer_rate,
            retained_rate_contribution{effects} as contribution, rate_effect{effects} as rate_effect,
            mix_effect{effects} as mix_effect
        from marts.retention_kpis_by_segment
        where period_grain = '{grain}' and period_start = '{first}' and dimension <> 'all' and customers_at_start <> 1
        order by dimension, segment
        """,
    )
    given = sorted(found.data["contributions"], key=lambda one: (one["dimension"], one["segment"]))
    assert [{name: one[name] for name in expected[0]} for one in given] == expected
    for one in given:
        by_rate = abs(one["rate_effect"]) >= abs(one["mix_effect"])
        kept = "kept better" if one["rate_effect"] > 0 else "kept worse"
        assert one["mainly"] in (kept if by_rate else "other weight", "nothing")
    (change,) = marts(
        published,
        f"select retained_rate_contribution{effects} as value from marts.retention_kpis_by_segment "
        f"where period_grain = '{grain}' and period_start = '{first}' and dimension = 'all'",
    )
    if not found.data["segments_left_out"]:
        by_country = sum(one["contribution"] for one in given if one["dimension"] == "country")
        assert by_country == pytest.approx(change["value"], abs=1e-9)


def test_a_comparison_shows_one_dimension_where_one_is_named(published: Path) -> None:
    found = ask(
        server(published), "compare_periods", measure="retained_customer_rate", grain="quarter", dimension="country"
    )
    assert {one["dimension"] for one in found.data["contributions"]} == {"country"}


@pytest.mark.parametrize("entity", ["orders", "refunds", "customers", "exchange_rates", "activities"])
def test_what_became_of_the_rows_is_that_of_the_mart(entity: str, published: Path) -> None:
    found = ask(server(published), "get_row_accounting", entity=entity)
    expected = marts(
        published, f"select outcome, reason, rows from marts.row_accounting where entity = '{entity}' order by all"
    )
    given = [{name: one[name] for name in ("outcome", "reason", "rows")} for one in found.data["outcomes"]]
    assert sorted(given, key=lambda one: tuple(one.values())) == expected
    assert found.data["raw_rows"] == sum(row["rows"] for row in expected)
    assert found.data["by_source"] == [], "there is one source"


def test_rows_are_told_by_source_where_there_are_several(published: Path, tmp_path: Path) -> None:
    file = Path(shutil.copy(published, tmp_path / "retention.duckdb"))
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "insert into marts.source_accounting (source, entity, outcome, reason, rows) "
            "values ('desk', 'activities', 'left_out', 'deleted', 7)"
        )
    by_source = ask(server(file), "get_row_accounting", entity="activities").data["by_source"]
    assert {"source": "desk", "outcome": "left_out", "reason": "deleted", "rows": 7} in [
        {name: one[name] for name in ("source", "outcome", "reason", "rows")} for one in by_source
    ]
    assert {one["source"] for one in by_source} == {"desk", "raw_folder"}
    assert ask(server(file), "get_row_accounting", entity="refunds").data["by_source"] == []
    with duckdb.connect(str(file)) as connection:
        connection.execute("drop table marts.source_accounting")
    assert ask(server(file), "get_row_accounting", entity="activities").data["by_source"] == []


@pytest.mark.parametrize("grain", ["week", "month", "quarter", "year"])
def test_the_running_period_stands_beside_the_same_days(grain: str, published: Path) -> None:
    found = ask(server(published), "get_running_period", grain=grain)
    expected = marts(
        published,
        "select compared_with, period_start, days, orders, net_revenue, new_customers, average_order_value "
        f"from marts.running_period where period_grain = '{grain}'",
    )
    assert sorted(found.data["spans"], key=str) == sorted(expected, key=str)
    assert "is running" in found.text


@pytest.mark.parametrize(
    ("first", "number", "judged"), [("2024-12-01", 12, True), ("2025-03-01", 0, False), ("2025-12-01", 1, False)]
)
def test_a_cell_says_whether_it_differs_beyond_chance(first: str, number: int, judged: bool, published: Path) -> None:
    found = ask(
        server(published), "get_cohort_cell", measure="retention_rate", cohort_grain="month", cohort_start=first,
        period_number=number,
    )  # fmt: skip
    expected = marts(
        published,
        "select pooled_rate, difference_from_pooled, p_value, q_value, differs_from_pooled "
        "from marts.cohort_deviations "
        f"where cohort_grain = 'month' and cohort_start = '{first}' and period_number = {number} and dimension = 'all'",
    ) or [dict.fromkeys(("pooled_rate", "difference_from_pooled", "p_value", "q_value", "differs_from_pooled"))]
    assert {name: found.data["figure"][name] for name in expected[0]} == expected[0]
    assert ("differs" in found.text) == judged == (expected[0]["p_value"] is not None)


def test_stages_are_those_of_the_customers(published: Path) -> None:
    found = ask(server(published), "get_lifecycle_stages")
    expected = marts(
        published,
        "select lifecycle_stage as stage, count(*) as customers, sum(net_revenue) as net_revenue "
        "from marts.customers group by all order by all",
    )
    given = [{name: one[name] for name in ("stage", "customers", "net_revenue")} for one in found.data["stages"]]
    assert sorted(given, key=lambda one: one["stage"]) == expected


@pytest.mark.parametrize(("dimension", "segment"), [("all", "all"), ("lifecycle_stage", "at_risk"), ("country", "DE")])
def test_health_is_that_of_the_customers(dimension: str, segment: str, published: Path) -> None:
    found = ask(server(published), "get_health", dimension=dimension, segment=segment)
    of = "" if dimension == "all" else f" where {dimension} = '{segment}'"
    (expected,) = marts(
        published,
        "select count(*) as customers, count(health_score) as scored_customers, "
        "count(case when health_band = 'critical' then 1 end) as critical_customers, "
        "round(avg(health_score), 9) as average_health_score, round(avg(health_survey), 9) as survey "
        f"from marts.customers{of}",
    )
    assert expected["customers"] > expected["critical_customers"] > 1
    bands = [found.data[f"{band}_customers"] for band in ("healthy", "watch", "critical")]
    assert sum(bands) == found.data["scored_customers"]
    components = {one["component"]: one["average"] for one in found.data["components"]}
    given = {
        **{name: found.data[name] for name in ("customers", "scored_customers", "critical_customers")},
        "average_health_score": round(found.data["average_health_score"], 9),
        "survey": round(components["survey"], 9),
    }
    assert given == expected
    averages = [average for average in components.values() if average is not None]
    assert averages == sorted(averages)
    assert "no probability" in found.text


def test_health_is_told_of_groups_alone(published: Path) -> None:
    refused = ask_all(
        server(published),
        [
            ("get_health", {"dimension": "lifecycle_stage"}),
            ("get_health", {"dimension": "lifecycle_stage", "segment": "sleeping"}),
            ("get_health", {"dimension": "customer_id", "segment": "K00001"}),
        ],
    )
    for found in refused:
        assert_refused(found)
    assert "at_risk" in refused[0].text


@pytest.mark.parametrize("month_end", ["all", "2025-09-30"])
def test_the_backtest_is_that_of_the_mart(month_end: str, published: Path) -> None:
    found = ask(server(published), "get_health_backtest", month_end=month_end)
    rows = marts(published, f"select * from marts.health_backtest where month_end = '{month_end}'")
    score, recency = (
        next(row for row in rows if row["predictor"] == predictor and row["grouped_by"] == "all")
        for predictor in ("score", "recency")
    )
    assert len(found.data["month_ends"]) == 12
    for end in ("", "_low", "_high"):
        assert found.data[f"auc{end}"] == score[f"auc{end}"]
        assert found.data[f"auc_of_recency{end}"] == recency[f"auc{end}"]
        assert found.data[f"auc_difference{end}"] == score[f"auc_difference{end}"]
    assert found.data["is_better_than_recency"] is score["is_better_than_recency"]
    assert found.data["everybody"].items() <= score.items()
    assert [band["bucket"] for band in found.data["bands"]] == ["critical", "watch", "healthy"]
    for kind in ("band", "decile"):
        of_score = [row for row in rows if row["grouped_by"] == kind and row["predictor"] == "score"]
        given = {one["bucket"]: one["no_order_rate"] for one in found.data[f"{kind}s"]}
        assert given == {row["bucket"]: row["no_order_rate"] for row in of_score if row["customers_looked_at"] > 1}
    assert f"{score['auc']:.2f}" in found.text and f"{recency['auc']:.2f}" in found.text


def test_a_score_that_is_no_better_is_said_to_be_none(published: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.duckdb"
    shutil.copy(published, other)

    def told(change: str) -> Answered:
        with duckdb.connect(str(other)) as connection:
            connection.execute(change)
        return ask(server(other), "get_health_backtest")

    assert "tells who leaves better" in told("update marts.health_backtest set looks = looks").text
    of_score = "where is_better_than_recency is not null"
    assert (
        "does not tell who leaves better"
        in told(f"update marts.health_backtest set is_better_than_recency = false {of_score}").text
    )
    assert "so few customers" in told(f"update marts.health_backtest set is_better_than_recency = null {of_score}").text
    none = told("delete from marts.health_backtest")
    assert_refused(none)
    assert "No month end lies 90 days back" in none.text


@pytest.mark.parametrize("signal", ["nps", "csat", "first_reply", "complaint"])
def test_effects_are_those_of_the_mart_and_are_said_to_be_no_causes(signal: str, published: Path) -> None:
    found = ask(server(published), "get_signal_effects", signal=signal)
    rows = marts(published, f"select * exclude (signal) from marts.signal_effects where signal = '{signal}'")
    assert len(rows) > 1
    assert sorted(found.data["answers"], key=lambda one: one["answer"]) == sorted(rows, key=lambda row: row["answer"])
    assert found.data["answers"][0]["is_reference"]
    assert "is no cause" in found.text and found.data["no_cause"] in found.text.replace(";", ".")


def test_what_a_single_customer_did_after_an_answer_is_refused(published: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.duckdb"
    shutil.copy(published, alone)
    with duckdb.connect(str(alone)) as connection:
        connection.execute("update marts.signal_effects set answered_customers = 1 where answer = 'neutral'")
        connection.execute("update marts.signal_effects set answered_customers = 1 where signal = 'complaint'")
        connection.execute("delete from marts.signal_effects where signal = 'nps'")
    served = server(alone)
    left = ask(served, "get_signal_effects", signal="csat").data["answers"]
    assert [one["answer"] for one in left] == ["satisfied", "dissatisfied"]
    for signal, why in (("complaint", "a single customer"), ("nps", "has no nps of customers")):
        found = ask(served, "get_signal_effects", signal=signal)
        assert_refused(found)
        assert why in found.text


def test_what_is_to_be_done_today_is_counted_and_nobody_is_named(published: Path, tmp_path: Path) -> None:
    found = ask(server(published), "get_actions_today")
    rows = marts(
        published,
        """
        select
            rule_id, owner, channel, due_date,
            sum(case when arm = 'treatment' and not in_other_experiment then 1 else 0 end) as contacts,
            sum(case when arm = 'control' and not in_other_experiment then 1 else 0 end) as controls,
            sum(case when in_other_experiment then 1 else 0 end) as in_other_experiment
        from marts.retention_actions where is_selected group by all
        """,
    )
    counts = ("contacts", "controls", "in_other_experiment")
    for name in counts:
        assert found.data[name] == sum(row[name] for row in rows) > 1
    hidden = [{**row, **{name: None for name in counts if row[name] == 1}} for row in rows]
    assert sorted(found.data["rules"], key=str) == sorted(hidden, key=str)
    owners = {one["owner"]: one["contacts"] for one in found.data["owners"]}
    crm = sum(row["contacts"] for row in rows if row["owner"] == "crm")
    assert owners["crm"] == crm and f"'crm' {crm}" in found.text
    numbers = {row["customer_id"] for row in marts(published, "select customer_id from marts.retention_actions")}
    assert not [number for number in numbers if number in str(found.data)]
    nobody = tmp_path / "nobody.duckdb"
    shutil.copy(published, nobody)
    with duckdb.connect(str(nobody)) as connection:
        connection.execute("delete from marts.retention_actions")
    assert "nobody is to be contacted" in ask(server(nobody), "get_actions_today").text


@pytest.mark.parametrize("rule", ["all", "value_ladder_upsell"])
def test_outcomes_of_actions_are_those_of_the_mart(rule: str, published: Path) -> None:
    found = ask(server(published), "get_playbook_outcomes", rule_id=rule)
    where = "variant = 'all'" if rule == "all" else f"rule_id = '{rule}'"
    rows = marts(published, f"select * from marts.playbook_outcomes where {where} and control > 1")
    assert len(rows) > 2
    assert sorted(found.data["outcomes"], key=str) == sorted(rows, key=str)
    assert found.data["not_told"] == (["'payment_failed'"] if rule == "all" else []), "service is withheld from nobody"
    where = "control > 1" if rule == "all" else f"rule_id = '{rule}'"
    sure = marts(published, f"select * exclude (treated, control, uplift) from marts.playbook_evidence where {where}")
    assert sorted(found.data["evidence"], key=str) == sorted(sure, key=str)
    assert "value_ladder_upsell" in found.text and "it can be chance" in found.text and "one planned look" in found.text


def test_the_outcome_of_a_single_action_is_not_told(published: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.duckdb"
    shutil.copy(published, alone)
    with duckdb.connect(str(alone)) as connection:
        connection.execute("update marts.playbook_outcomes set treated = 1 where variant = 'A'")
        connection.execute("update marts.playbook_outcomes set control = 0 where rule_id = 'payment_failed'")
    served = server(alone)
    found = ask(served, "get_playbook_outcomes", rule_id="value_ladder_upsell")
    assert [one["variant"] for one in found.data["outcomes"]] == ["all", "B"]
    assert found.data["not_told"] == ["'value_ladder_upsell', variant 'A'"]
    with duckdb.connect(str(alone)) as connection:
        connection.execute(
            "update marts.playbook_evidence set split_is_broken = true, contacts_differ = rule_id = 'inactive_14_days' "
            "where rule_id in ('emails_unopened', 'inactive_14_days')"
        )
    every = ask(served, "get_playbook_outcomes")
    assert "'payment_failed'" in every.data["not_told"]
    assert "payment_failed" not in {one["rule_id"] for one in every.data["evidence"]}
    assert "trust no uplift: 'emails_unopened', 'inactive_14_days';" in every.text
    assert "reached one arm more often, of 'inactive_14_days';" in every.text
    assert "no rule has two actions" in ask(served, "get_playbook_outcomes", rule_id="payment_failed").text
    unknown = ask(served, "get_playbook_outcomes", rule_id="value_ladder")
    assert_refused(unknown)
    assert "value_ladder_upsell" in unknown.text
    with duckdb.connect(str(alone)) as connection:
        connection.execute("delete from marts.playbook_outcomes")
        connection.execute("update marts.playbook_programme set control_customers = 1")
    none = ask(served, "get_playbook_outcomes")
    assert_refused(none)
    assert "no actions" in none.text
    single = ask(served, "get_playbook_programme", measure="control_orders_per_customer")
    assert_refused(single)
    assert "a single customer" in single.text
    with duckdb.connect(str(alone)) as connection:
        connection.execute("delete from marts.playbook_programme")
    assert "no actions" in ask(served, "get_playbook_programme", measure="programme_value").text


@pytest.mark.parametrize(("arguments", "where"), [
    ({}, "is_complete qualify row_number() over (partition by measure, period_grain order by period_start desc) = 1"),
    ({"measure": "customer_churn_rate"}, "measure = 'customer_churn_rate' and period_start = '2025-12-01'"),
    ({"grain": "quarter", "period": "2026-01-01"}, "period_grain = 'quarter' and period_start = '2026-01-01'"),
])  # fmt: skip
def test_targets_are_those_of_the_mart(arguments: dict[str, object], where: str, published: Path) -> None:
    found = ask(server(published), "get_targets", **arguments)
    rows = marts(published, f"select * rename (period_grain as grain) from marts.target_attainment where {where}")
    named = ("name_en", "name_de", "unit")
    told = [{name: one[name] for name in one if name not in named} for one in found.data["targets"]]
    assert sorted(told, key=str) == sorted(({name: row[name] for name in told[0]} for row in rows), key=str)
    assert found.data["not_told"] == []
    for one in found.data["targets"]:
        assert one["name_en"] in found.text
    if arguments.get("measure"):
        assert "8.8%, target at most 8.0%, missed" in found.text and "can be chance" in found.text


def test_a_target_that_rests_on_a_single_customer_is_not_told(published: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.duckdb"
    shutil.copy(published, alone)
    with duckdb.connect(str(alone)) as connection:
        connection.execute("update marts.support_kpis set first_replies = 1 where period_start = '2025-12-01'")
        connection.execute("update marts.nps set responses = 1 where period_grain = 'quarter'")
        connection.execute("update marts.retention_kpis set customers_at_start = 1 where period_grain = 'year'")
    found = ask(server(alone), "get_targets")
    assert found.data["not_told"] == ["replied_within_target_rate", "nps", "customer_retention_rate"]
    assert "Replied within" not in found.text
    for arguments, why in (
        ({"measure": "net_revenue"}, "no target is set for net_revenue"),
        ({"period": "2019-01-01"}, "no target holds for such a period"),
        ({"measure": "happiness"}, "happiness"),
    ):
        refused = ask(server(alone), "get_targets", **arguments)
        assert_refused(refused)
        assert why in refused.text.lower()
    with duckdb.connect(str(alone)) as connection:
        connection.execute("delete from marts.target_attainment")
    assert "has set no targets" in ask(server(alone), "get_targets").text


@pytest.mark.parametrize("grain", ["month", "quarter", "year"])
def test_what_a_point_is_worth_is_that_of_the_mart(grain: str, published: Path) -> None:
    found = ask(server(published), "get_retention_value", grain=grain)
    (expected,) = marts(
        published,
        "select value_per_point, value_per_point_low, value_per_point_high, customers_at_start, observed_period_start, "
        "kept_customers, lost_customers, revenue_per_kept_customer, revenue_per_lost_customer, "
        "value_per_kept_customer, has_enough, is_left_censored "
        f"from marts.retention_value where period_grain = '{grain}'",
    )
    assert {name: found.data[name] for name in expected} == expected
    assert "upper limit" in found.text


def test_what_one_point_more_brings_is_that_of_the_mart(published: Path, tmp_path: Path) -> None:
    found = ask(server(published), "get_what_if")
    expected = marts(published, "select * from marts.what_if")
    assert sorted(found.data["levers"], key=str) == sorted(expected, key=str)
    assert "upper limits" in found.text
    assert "do not add up" in found.text
    alone = Path(shutil.copy(published, tmp_path / "retention.duckdb"))
    with duckdb.connect(str(alone)) as connection:
        connection.execute("update marts.what_if set customers_with = 1 where lever = 'second_order_rate'")
    assert_refused(ask(server(alone), "get_what_if"))


def test_expected_sales_are_those_of_the_mart_or_there_is_none(published: Path, tmp_path: Path) -> None:
    """A plain dbt build forecasts nothing. Of a forecast the sentence says which of the two was nearer in the past."""
    refused = ask(server(published), "get_sales_forecast")
    assert_refused(refused)
    assert "no forecast" in refused.text
    filled = Path(shutil.copy(published, tmp_path / "retention.duckdb"))
    with duckdb.connect(str(filled)) as connection:
        for start, month in ((date(2026, 1, 1), 1), (date(2026, 2, 1), 2)):
            connection.execute(
                "insert into marts.sales_forecast by name select 'month' as period_grain, ? as period_start, "
                "cast(? + interval 1 month as date) as period_end, 'new' as customer_group, 40.0 as expected_orders, "
                "30.0 as expected_orders_low, 55.0 as expected_orders_high, 38.0 as orders_last_year, "
                "900.0 * ? as expected_revenue, 700.0 as expected_revenue_low, 2000.0 as expected_revenue_high, "
                "800.0 as revenue_last_year, 0.3 as expected_revenue_error, 0.2 as revenue_last_year_error, "
                "0.5 as expected_revenue_held, 9 as past_forecasts, false as has_season",
                [start, start, month],
            )
    found = ask(server(filled), "get_sales_forecast", grain="month", month="2026-02-01", customers="new")
    (expected,) = marts(filled, "select * from marts.sales_forecast where period_start = '2026-02-01'")
    assert {name: found.data[name] for name in expected} == expected
    assert "40 orders by new customers are to be expected (30 to 55 in four of five cases)" in found.text
    assert "last year's figure 20.0%: go by that one" in found.text
    assert "No season is in it" in found.text
    first = ask(server(filled), "get_sales_forecast", grain="month", customers="new")
    assert first.data["period_start"] == "2026-01-01"
    beyond = ask(server(filled), "get_sales_forecast", grain="month", month="2027-06-01", customers="new")
    assert_refused(beyond)
    assert "from 2026-01-01 to 2026-02-01" in beyond.text


@pytest.mark.parametrize(("order", "day"), [(1, 90), (2, 30), (5, 365)])
def test_the_time_to_the_next_order_is_that_of_the_mart(order: int, day: int, published: Path) -> None:
    found = ask(server(published), "get_repurchase", from_order_number=order, day=day)
    (expected,) = marts(
        published, f"select * from marts.repurchase_curve where from_order_number = {order} and day = {day}"
    )
    assert {name: found.data[name] for name in expected} == expected


@pytest.mark.parametrize("grain", ["quarter", "month"])
def test_cohorts_that_stand_out_are_those_of_the_mart(grain: str, published: Path) -> None:
    """In the sample the second quarter of 2024 was hurt; its months are too small to tell."""
    found = ask(server(published), "get_deviating_cohorts", cohort_grain=grain)
    assert found.data["cells"] == marts(
        published,
        "select cohort_start, period_number, pooled_rate, difference_from_pooled, q_value from marts.cohort_deviations "
        f"where cohort_grain = '{grain}' and dimension = 'all' and differs_from_pooled "
        "order by difference_from_pooled, cohort_start, period_number",
    )
    assert ("worse: 2024-04-01 in 5 periods" if grain == "quarter" else "beyond chance: none") in found.text


@pytest.mark.parametrize("level", ["product", "category"])
def test_first_purchases_are_those_of_the_mart(level: str, published: Path) -> None:
    rows = marts(published, f"select * from marts.first_product_retention where level = '{level}'")
    assert len(rows) > 3
    served = server(published)
    for row in rows:
        found = ask(served, "get_first_purchase", level=level, value=row["value"])
        if 1 in (row["first_customers"], row["mature_customers"], row["mature_customers_365d"]):
            assert_refused(found)
        else:
            assert {name: found.data[name] for name in row} == row
            assert ("says little" in found.text) == (not row["has_enough"])
    assert_refused(ask(served, "get_first_purchase", level=level, value="nothing of ours"))


def test_the_value_ladder_is_that_of_the_mart(published: Path) -> None:
    """Last month's moves and those of a month that is named; the rate of a step with one customer alone is not told."""
    served = server(published)
    columns = "from_step, to_step, from_step_en, to_step_de, direction, customers"
    for asked, month in (({}, "2025-12-01"), ({"month": "2023-01-01"}, "2023-01-01")):
        found = ask(served, "get_value_ladder", **asked).data
        assert found["month_start"] == month
        moves = {(one["from_step"], one["to_step"]): one for one in found["moves"]}
        held = marts(
            published,
            f"select {columns}, cross_category_rate, sum(customers) over (partition by to_step) = 1 as is_one "
            f"from marts.value_ladder where month_start = '{month}'",
        )
        assert held
        assert len(moves) == len(held)
        for row in held:
            move = moves[row["from_step"], row["to_step"]]
            rate, is_one = row.pop("cross_category_rate"), row.pop("is_one")
            assert {name: move[name] for name in row} == row
            assert move["cross_category_rate"] == (None if is_one else rate)


def test_the_concentration_is_that_of_the_mart(published: Path) -> None:
    found = ask(server(published), "get_concentration")
    assert found.data["tenths"] == marts(published, "select * from marts.customer_concentration order by decile")


def test_the_audit_is_that_of_the_mart(published: Path, tmp_path: Path) -> None:
    """A note beside a score by hand is not told: it is anybody's words."""
    held = marts(
        published,
        "select * exclude (audit_rank, area, full_score_en, full_score_de) from marts.retention_audit "
        "order by audit_rank",
    )
    found = ask(server(published), "get_retention_audit")
    assert found.data["points"] == held
    assert len(held) == 15
    assert "weakest: point 2 (" in found.text and "no score is neither" not in found.text
    other = with_build(published, tmp_path / "retention.duckdb", "audited")
    with duckdb.connect(str(other)) as connection:
        connection.execute(
            "update marts.retention_audit set audit_score = 2, how_scored = 'by_hand', scored_on = '2026-01-05', "
            "evidence_en = 'Scored by hand: ask Erna', evidence_de = 'Von Hand: Erna' where audit_point = 13"
        )
    by_hand = ask(server(other), "get_retention_audit")
    (point,) = [one for one in by_hand.data["points"] if one["audit_point"] == 13]
    assert point["evidence_en"] == "Scored by hand on 2026-01-05."
    assert point["evidence_de"] == "Von Hand bewertet am 05.01.2026."
    assert "Erna" not in by_hand.text
    with duckdb.connect(str(other)) as connection:
        connection.execute("delete from marts.retention_audit")
    assert_refused(ask(server(other), "get_retention_audit"))


def test_the_outlook_is_of_models_that_are_used_and_of_nobody_alone(published: Path, tmp_path: Path) -> None:
    """Without predictions it refuses; a stage of one customer has no figures; a model that is no better gives none."""
    assert_refused(ask(server(published), "get_outlook"))
    other = with_build(published, tmp_path / "retention.duckdb", "predicted")
    with duckdb.connect(str(other)) as connection:
        connection.execute(
            "update marts.customers set lifecycle_stage = 'loyal' where lifecycle_stage = 'reactivated' "
            "and customer_id <> (select min(customer_id) from marts.customers where lifecycle_stage = 'reactivated')"
        )
    predict(other)
    found = ask(server(other), "get_outlook").data
    (x,) = marts(other, "select sum(repeat_orders) as x from marts.customer_predictions")
    assert (found["expected_orders_365d"], found["predicted_clv_365d"]) == (x["x"], 50 * x["x"])
    (alone,) = [one for one in found["stages"] if one["stage"] == "reactivated"]
    assert (alone["customers"], alone["value"], alone["value_at_risk"]) == (1, None, None)
    assert all(one["is_used"] for one in found["models"])
    predict(other, gain=-0.2)
    none = ask(server(other), "get_outlook").data
    assert (none["expected_orders_90d"], none["predicted_clv_365d"]) == (None, None)
    assert {one["why"] for one in none["models"]} == {"rival_better"}
    assert all(one["value_at_risk"] is None for one in none["stages"])


def test_what_there_is_to_ask_for(published: Path) -> None:
    data = ask(server(published), "describe_data").data
    assert {one["grain"]: one["last_complete_period"] for one in data["periods"]} == {
        row["period_grain"]: row["day"]
        for row in marts(
            published,
            "select period_grain, max(period_start) as day from marts.retention_kpis where is_complete group by all",
        )
    }
    segments = marts(
        published,
        "select distinct dimension, dimension_value from marts.retention_kpis_by_segment where dimension <> 'all'",
    )
    given = {(one["dimension"], segment) for one in data["dimensions"] for segment in one["segments"]}
    assert given == {(row["dimension"], row["dimension_value"]) for row in segments}


def test_the_last_complete_period_is_what_is_answered_where_none_is_named(published: Path) -> None:
    found = ask(server(published), "get_measure", measure="customer_retention_rate", grain="month")
    assert found.data["figure"]["period_start"] == "2025-12-01"
    assert found.text == (
        "Customer retention rate of December 2025: 91.7% (customers_at_end - new_customers 884 of customers_at_start "
        "964); the month is complete; as of 18 January 2026, "
        f"build {build_of(published)['build_number'] or build_of(published)['build_id']} of shop "
        f"{build_of(published)['shop'] or 'without a name'}."
    )


@pytest.mark.parametrize("measure", ["customer_retention_rate", "clv_by_lifespan", "returned_rate", "recency_days"])
def test_a_definition_is_that_of_the_glossary(measure: str, published: Path) -> None:
    data = ask(server(published), "define_measure", measure=measure).data
    (expected,) = marts(
        published,
        "select name_en, name_de, unit, formula, definition_en, definition_de, good_direction, "
        f"'marts.' || mart as mart from marts.kpi_glossary where kpi = '{measure}'",
    )
    assert {name: data[name] for name in expected} == expected
    assert (data["tool"] is None) == (measure == "recency_days")


# Traps


@dataclass(frozen=True)
class Trap:
    """What somebody wants who should not get it."""

    asks: str
    tool: str
    arguments: Mapping[str, object]
    reason: str


OURS = [
    Trap("one customer's revenue", "get_measure",
         {"measure": "net_revenue", "grain": "year", "customer_id": "edge-c-leap"}, "a person's data"),
    Trap("one customer as a segment", "get_measure",
         {"measure": "orders", "grain": "year", "dimension": "customer_id", "segment": "edge-c-leap"},
         "a person's data"),
    Trap("whose e-mail it is", "get_measure",
         {"measure": "customer_retention_rate", "grain": "year", "dimension": "country", "segment": "a.b@example.org"},
         "a person's data"),
    Trap("who is at risk", "list_customers", {"lifecycle_stage": "at_risk"}, "a person's data"),
    Trap("free SQL", "get_measure",
         {"measure": "net_revenue from marts.customers; drop table x", "grain": "year"}, "SQL is not run"),
    Trap("the mean of twelve monthly rates", "get_measure",
         {"measure": "average_customer_retention_rate", "grain": "year"}, "no figure is calculated from others"),
    Trap("next month's retention", "get_measure",
         {"measure": "customer_retention_rate", "grain": "month", "period": "2026-02-01"}, "no figure is a forecast"),
    Trap("a measure that nobody defined", "get_measure", {"measure": "loyalty_index", "grain": "month"},
         "there is no measure"),
    Trap("a running month against a whole one", "compare_periods",
         {"measure": "net_revenue", "grain": "month", "period": "2026-01-01"}, "get_running_period"),
    Trap("a day", "get_measure", {"measure": "net_revenue", "grain": "day"},
         "week (from Monday), month, quarter or year"),
]  # fmt: skip


@pytest.mark.parametrize("trap", OURS, ids=lambda trap: trap.asks)
def test_a_trap_is_refused_with_the_reason(trap: Trap, published: Path) -> None:
    found = ask(server(published), trap.tool, **trap.arguments)
    assert_refused(found)
    assert trap.reason.lower() in found.text.lower()


# By somebody who had seen the tools as a client sees them, and nothing of the server.
THEIRS = yaml.safe_load((PROJECT / "tests" / "traps_for_assistants.yml").read_text(encoding="utf-8"))
MARKS = ("still running", "unfinished", "left-censored")


@pytest.mark.parametrize("trap", THEIRS, ids=lambda trap: trap["id"])
def test_a_trap_of_somebody_else_is_refused_or_marked(trap: Mapping[str, Any], published: Path) -> None:
    found = ask(server(published), trap["tool"], **trap["arguments"])
    if trap["must"] == "be_refused":
        assert_refused(found)
    else:
        assert any(mark in found.text for mark in MARKS), trap["because"]
        assert found.is_error or found.data.get("change") is None


def test_there_are_twenty_traps() -> None:
    assert len(OURS) >= 10
    assert len(THEIRS) == 10


def assert_refused(found: Answered) -> None:
    """In one sentence that holds no figure's data and nothing of the inside."""
    assert found.is_error
    assert found.data is None
    assert found.text.endswith(".")
    assert "\n" not in found.text
    assert "Traceback" not in found.text
    assert "pydantic" not in found.text


@pytest.mark.parametrize(
    ("measure", "reason"),
    [
        ("customer_email", "a person's data"), ("list of customers", "a person's data"), ("email", "a person's data"),
        ("order_id", "a person's data"), ("Kundennummer", "a person's data"), ("phone", "a person's data"),
        ("bounce_rate", "there is no measure"), ("revenue_per_person", "revenue_per_customer"),
        ("SELECT avg(x) FROM marts.orders", "SQL is not run"), ("net_revenue; drop table x", "SQL is not run"),
        ("revenue from returning customers", "returning_revenue"), ("predicted_clv_365d", "get_outlook"),
        ("retention next year", "no forecast"), ("time to next order", "there is no measure"),
        ("mean of monthly retention", "no figure is calculated"), ("orders / customers", "no figure is calculated"),
        ("average basket", "there is no measure 'average basket'"),
    ],
)  # fmt: skip
def test_the_reason_is_the_one_that_holds(measure: str, reason: str, published: Path) -> None:
    found = ask(server(published), "get_measure", measure=measure, grain="month")
    assert_refused(found)
    assert reason in found.text[:1].lower() + found.text[1:] or reason in found.text


def test_an_email_is_not_even_said_again(published: Path) -> None:
    found = ask(server(published), "get_measure", measure="orders of a.b@example.org", grain="year")
    assert_refused(found)
    assert "example.org" not in found.text


@pytest.mark.parametrize(
    ("measure", "nearest"),
    [
        ("CRR", "customer_retention_rate"), ("Kundenbindungsrate", "customer_retention_rate"),
        ("churn", "customer_churn_rate"), ("AOV", "average_order_value"), ("CLV", "clv_by_lifespan"),
        ("Nettoumsatz", "net_revenue"), ("custmer_retention_rat", "customer_retention_rate"),
    ],
)  # fmt: skip
def test_an_unknown_measure_is_answered_by_the_nearest_defined(measure: str, nearest: str, published: Path) -> None:
    found = ask(server(published), "get_measure", measure=measure, grain="month")
    assert_refused(found)
    assert nearest in found.text


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("get_measure", {"measure": "orders", "grain": "month", "period": "2025-12-15"}, "begins on 2025-12-01"),
        ("get_measure", {"measure": "orders", "grain": "month", "period": "2022-12-01"}, "the orders begin later"),
        ("get_measure", {"measure": "orders", "grain": "month", "period": "2025-12"}, "YYYY-MM-DD"),
        ("get_measure", {"measure": "orders", "grain": "year", "dimension": "country", "segment": "DE"},
         "held for all customers only"),
        ("get_measure", {"measure": "new_customers", "grain": "week", "dimension": "country", "segment": "DE"},
         "not by week"),
        ("get_measure", {"measure": "new_customers", "grain": "year", "dimension": "country", "segment": "Germany"},
         "describe_data"),
        ("get_measure", {"measure": "new_customers", "grain": "year", "dimension": "country"}, "say which segment"),
        ("get_measure", {"measure": "retention_rate", "grain": "year"}, "get_cohort_cell gives it"),
        ("get_measure", {"measure": "recency_days", "grain": "year"}, "held for each customer"),
        ("get_measure", {"measure": "is_complete", "grain": "year"}, "no figure of its own"),
        ("get_cohort_cell",
         {"measure": "retention_rate", "cohort_grain": "month", "cohort_start": "2025-12-01", "period_number": 5},
         "has not begun by the as-of date"),
        ("get_cohort_cell",
         {"measure": "retention_rate", "cohort_grain": "month", "cohort_start": "2027-12-01", "period_number": 0},
         "there is no cohort of 2027-12-01"),
        ("get_cohort_cell",
         {"measure": "p_value", "cohort_grain": "month", "cohort_start": "2025-12-01", "period_number": 0},
         "gives it with retention_rate"),
        ("get_cohort_cell",
         {"measure": "cumulative_orders", "cohort_grain": "month", "cohort_start": "pooled", "period_number": 2},
         "returned_by_rate"),
        ("get_cohort_window", {"measure": "returned_rate", "cohort_month": "2025-01-01", "window_days": 45},
         "30, 60, 90, 180 or 365"),
        ("compare_periods", {"measure": "orders", "grain": "month", "compare_with": "2025-12-01"}, "with itself"),
        ("get_row_accounting", {"entity": "order"}, "orders"),
        ("get_subscriptions", {"measure": "mrr_at_end", "month": "2025-12-02"}, "begins on 2025-12-01"),
        ("get_subscriptions", {"measure": "mrr_at_end", "month": "2020-01-01"}, "the contracts begin later"),
        ("get_subscriptions", {"measure": "mrr_at_end", "month": "2030-01-01"}, "has not begun"),
        ("get_subscriptions", {"measure": "mrr", "month": "2025-12-01"}, "get_subscriber_cohort gives it"),
        ("get_subscriber_cohort", {"measure": "mrr", "cohort_month": "2025-12-01", "period_number": 9}, "no such cell"),
        ("get_feedback", {"measure": "csat_score", "grain": "quarter"}, "held by week and by month"),
        ("get_funnel_stage", {"measure": "acquired", "stage": "fan"}, "advocate"),
        ("get_funnel_stage", {"measure": "acquired", "stage": "new", "month": "2025-12-02"}, "begins on 2025-12-01"),
        ("get_funnel_stage", {"measure": "acquired", "stage": "new", "month": "2020-01-01"}, "begin later"),
        ("get_funnel_stage", {"measure": "cross_category_rate", "stage": "new"}, "get_value_ladder gives it"),
        ("get_value_ladder", {"month": "2030-01-01"}, "has not begun"),
        ("get_feedback", {"measure": "csat_score", "grain": "month", "channel": "chatt"}, "chat"),
        ("get_feedback", {"measure": "nps", "grain": "month", "channel": "chat"}, "not by channel"),
        ("get_feedback", {"measure": "nps", "grain": "month", "period": "2025-12-02"}, "begins on 2025-12-01"),
        ("get_feedback", {"measure": "nps", "grain": "month", "period": "2020-01-01"}, "begin later"),
        ("get_feedback", {"measure": "nps", "grain": "month", "period": "2030-01-01"}, "has not begun"),
        ("get_feedback", {"measure": "mrr", "grain": "month"}, "get_subscriber_cohort gives it"),
        ("get_feedback", {"measure": "open_rate", "grain": "quarter"}, "held by week and by month"),
        ("get_feedback", {"measure": "open_rate", "grain": "month", "channel": "chat"}, "not by channel"),
        ("get_programme", {"measure": "members", "month": "2025-12-02"}, "begins on 2025-12-01"),
        ("get_programme", {"measure": "members", "month": "2020-01-01"}, "begin later"),
        ("get_programme", {"measure": "referrers", "month": "2030-01-01"}, "has not begun"),
        ("get_programme", {"measure": "referrers", "tier": "gold"}, "not by tier"),
        ("get_programme", {"measure": "members", "tier": "golden"}, "gold"),
        ("get_programme", {"measure": "share"}, "get_churn_reasons gives it"),
        ("get_playbook_programme", {"measure": "orders_difference", "month": "2024-12-01"}, "begin later"),
        ("get_playbook_programme", {"measure": "orders_difference", "month": "2030-01-01"}, "has not begun"),
        ("get_playbook_programme", {"measure": "uplift"}, "get_playbook_outcomes gives it"),
        ("get_churn_reasons", {"source": "survey", "month": "2020-01-01"}, "no customer gave a reason"),
        ("define_measure", {}, "needs measure"),
        ("get_measures", {}, "get_measure"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_in_one_sentence(
    tool: str, arguments: Mapping[str, object], said: str, published: Path
) -> None:
    found = ask(server(published), tool, **arguments)
    assert_refused(found)
    assert said in found.text[:1].lower() + found.text[1:]


CELL = {"measure": "orders", "cohort_grain": "month", "cohort_start": "2025-03-01", "period_number": 1}


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("get_measure", {"measure": ["orders"], "grain": "month"}),
        ("get_measure", {"measure": None, "grain": "month"}),
        ("get_measure", {"measure": "", "grain": "month"}),
        ("get_measure", {"measure": "orders" * 1000, "grain": "month"}),
        ("get_measure", {"measure": "orders\x00\ud800", "grain": "month"}),
        ("get_measure", {"measure": "orders", "grain": "month", "period": "9999-12-31"}),
        ("get_measure", {"measure": "orders", "grain": "week", "period": "0001-01-03"}),
        ("get_measure", {"measure": "orders", "grain": "month", "\n\u202eperiod": "x"}),
        ("compare_periods", {"measure": "orders", "grain": "year", "compare_with": "0001-01-01"}),
        ("compare_periods", {"measure": "retained_customer_rate", "grain": "year", "dimension": "*"}),
        ("get_cohort_cell", {**CELL, "period_number": 10**30}),
        ("get_cohort_cell", {**CELL, "period_number": -1}),
        ("get_cohort_cell", {**CELL, "cohort_start": {"year": 2025}}),
        ("get_cohort_cell", {**CELL, "segment": "' or 1 = 1"}),
        ("get_\x07measure", {}),
    ],
)
def test_odd_arguments_are_refused_too(tool: str, arguments: Mapping[str, object], published: Path) -> None:
    found = ask(server(published), tool, **arguments)
    assert_refused(found)
    assert found.text.isprintable()
    assert "log" not in found.text


# A group of one is a person


def test_the_cohort_of_a_single_customer_is_refused(published: Path) -> None:
    row = marts(
        published,
        "select cohort_start, dimension, dimension_value from marts.cohort_retention where cohort_grain = 'month' "
        "and period_number = 0 and cohort_customers = 1 order by all",
    )[0]
    cell = {
        "cohort_grain": "month", "cohort_start": row["cohort_start"], "period_number": 0,
        "dimension": row["dimension"], "segment": row["dimension_value"],
    }  # fmt: skip
    served = server(published)
    found = ask(served, "get_cohort_cell", measure="cumulative_net_revenue", **cell)
    assert_refused(found)
    assert "a single customer" in found.text
    assert ask(served, "get_cohort_cell", measure="cohort_customers", **cell).data["figure"]["value"] == 1


def test_what_a_single_subscriber_pays_is_refused(published: Path) -> None:
    (row,) = marts(published, "select min(month_start) as month from marts.subscription_kpis where new_subscribers = 1")
    (cohort,) = marts(
        published, "select min(cohort_month) as month from marts.subscription_cohorts where cohort_subscribers = 1"
    )
    served = server(published)
    for found in (
        ask(served, "get_subscriptions", measure="new_mrr", month=row["month"]),
        ask(served, "get_subscriber_cohort", measure="mrr", cohort_month=cohort["month"], period_number=0),
    ):
        assert_refused(found)
        assert "a single customer" in found.text
    assert ask(served, "get_subscriptions", measure="new_subscribers", month=row["month"]).data["figure"]["value"] == 1


def test_what_a_single_customer_answered_is_refused(published: Path) -> None:
    (row,) = marts(
        published,
        "select min(period_start) as week from marts.nps where period_grain = 'week' and responses = 1",
    )
    served = server(published)
    asked = {"grain": "week", "period": row["week"]}
    found = ask(served, "get_feedback", measure="nps", **asked)
    assert_refused(found)
    assert "a single customer" in found.text
    assert ask(served, "get_feedback", measure="responses", **asked).data["figure"]["value"] == 1


def test_reasons_for_leaving_are_told_where_several_customers_gave_them(published: Path) -> None:
    served = server(published)
    found = ask(served, "get_churn_reasons", source="subscription", month="2025-12-01")
    of_month = "from marts.churn_reasons where source = 'subscription' and month_start = '2025-12-01'"
    several = marts(published, f"select reason, customers, share {of_month} and customers > 1 order by 2 desc, 1")
    (others,) = marts(published, f"select count(*) as reasons {of_month} and customers = 1")
    assert several
    assert found.data["reasons"] == several
    assert found.data["reasons_of_one_customer"] == others["reasons"]
    assert found.data["is_complete"]
    assert several[0]["reason"] in found.text

    alone = ask(served, "get_churn_reasons", source="survey", month="2025-12-01")
    words = marts(
        published, "select reason from marts.churn_reasons where source = 'survey' and month_start = '2025-12-01'"
    )
    assert alone.data["reasons"] == []
    assert alone.data["reasons_of_one_customer"] == len(words) > 1
    assert not [row["reason"] for row in words if row["reason"] in alone.text]
    assert ask(served, "get_churn_reasons", source="subscription").data["month_start"] == "2025-12-01"


def test_what_a_single_member_or_recipient_does_is_refused(published: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.duckdb"
    shutil.copy(published, alone)
    with duckdb.connect(str(alone)) as connection:
        connection.execute("update marts.loyalty_kpis set members = 1 where loyalty_tier = 'gold'")
        connection.execute("update marts.email_kpis set recipients = 1")
        connection.execute("update marts.referral_kpis set referred_customers = 1")
    served = server(alone)
    for tool, asked in (
        ("get_programme", {"measure": "points_earned", "tier": "gold"}),
        ("get_programme", {"measure": "referred_second_order_rate_90d", "month": "2025-09-01"}),
        ("get_feedback", {"measure": "open_rate", "grain": "month"}),
    ):
        found = ask(served, tool, **asked)
        assert_refused(found)
        assert "a single customer" in found.text
    assert ask(served, "get_programme", measure="members", tier="gold").data["figure"]["value"] == 1


def test_a_shop_without_signals_is_told_so(published: Path, tmp_path: Path) -> None:
    without = tmp_path / "without.duckdb"
    shutil.copy(published, without)
    with duckdb.connect(str(without)) as connection:
        connection.execute("delete from marts.nps")
        connection.execute("delete from marts.loyalty_kpis")
    served = server(without)
    for found in (
        ask(served, "get_feedback", measure="nps", grain="month"),
        ask(served, "get_programme", measure="members"),
    ):
        assert_refused(found)
        assert "no such activities" in found.text


def test_the_segment_of_a_single_customer_is_refused(published: Path) -> None:
    row = marts(
        published,
        "select period_start, dimension, dimension_value from marts.retention_kpis_by_segment "
        "where period_grain = 'month' and customers_at_start = 1 order by all",
    )[0]
    found = ask(
        server(published), "get_measure", measure="retained_customer_rate", grain="month", period=row["period_start"],
        dimension=row["dimension"], segment=row["dimension_value"],
    )  # fmt: skip
    assert_refused(found)
    assert "a single customer" in found.text


OF_NOW = (
    *("get_lifecycle_stages", "get_health", "get_health_backtest", "get_retention_value", "get_concentration"),
    "get_actions_today",
    "get_what_if",
)


def test_no_answer_holds_a_customer_or_an_order(given: list[Answered], published: Path) -> None:
    """By their numbers: in no answer to any scripted call."""
    people = {
        row["id"]
        for row in marts(
            published, "select customer_id as id from marts.customers union all select order_id from marts.orders"
        )
    }
    others = [(tool, {}) for tool in ("describe_data", "list_measures", "get_row_accounting", *OF_NOW)]
    words: set[str] = set()
    for found in [*given, *ask_all(server(published), others)]:
        words |= set(re.findall(r'[^\s",]+', json.dumps(found.data, ensure_ascii=False)))
    assert len(people) > 5000
    assert words & people == set()


# The published file


def test_a_publish_between_two_calls_shows_in_the_next_answer(published: Path, tmp_path: Path) -> None:
    mine = shutil.copy(published, tmp_path / "retention.duckdb")
    following = with_build(mine, tmp_path / "next.duckdb", "the next build")

    async def calls() -> list[str]:
        async with Client(server(mine)) as client:
            first = await client.call_tool("describe_data", {})
            following.replace(mine)
            second = await client.call_tool("describe_data", {})
            return [one.structured_content["build"]["build_id"] for one in (first, second)]

    assert anyio.run(calls) == [build_of(published)["build_id"], "the next build"]


def with_build(file: Path, target: Path, build_id: str) -> Path:
    shutil.copy(file, target)
    target.chmod(0o600)
    with duckdb.connect(str(target)) as connection:
        connection.execute("update marts.build set build_id = ?", [build_id])
    return target


def test_an_answer_that_is_being_read_holds_up_no_publish_and_stays_of_one_build(
    published: Path, tmp_path: Path
) -> None:
    mine = shutil.copy(published, tmp_path / "retention.duckdb")
    following = with_build(mine, tmp_path / "next.duckdb", "the next build")
    with reading(mine) as found:
        figures = found.rows(questions.kpis("year"))
        following.replace(mine)
        assert found.build.build_id == build_of(published)["build_id"]
        assert found.rows(questions.kpis("year")) == figures
    with reading(mine) as found:
        assert found.build.build_id == "the next build"


def test_where_nothing_is_published_it_says_so(tmp_path: Path) -> None:
    served = server(tmp_path / "retention.duckdb")
    for tool, arguments in (("describe_data", {}), ("get_measure", {"measure": "orders", "grain": "month"})):
        found = ask(served, tool, **arguments)
        assert_refused(found)
        assert found.text.startswith("Nothing is published at ")


def test_a_file_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "retention.duckdb").write_text("no database")
    found = ask(server(tmp_path / "retention.duckdb"), "describe_data")
    assert_refused(found)
    assert "cannot be read" in found.text


def test_a_build_of_an_older_version_says_what_it_lacks(published: Path, tmp_path: Path) -> None:
    older = with_build(published, tmp_path / "retention.duckdb", "older")
    with duckdb.connect(str(older)) as connection:
        connection.execute("drop table marts.running_period")
    found = ask(server(older), "get_running_period", grain="month")
    assert_refused(found)
    assert "the next refresh brings it" in found.text


def test_where_no_order_counts_there_is_nothing_to_tell(published: Path, tmp_path: Path) -> None:
    empty = with_build(published, tmp_path / "retention.duckdb", "empty")
    with duckdb.connect(str(empty)) as connection:
        connection.execute("update marts.build set as_of_date = null, first_order_date = null")
        for mart in (
            "retention_kpis", "cohort_retention", "cohort_windows", "retention_kpis_by_segment", "customers",
            "customer_concentration", "repurchase_curve", "first_product_retention",
        ):  # fmt: skip
            connection.execute(f"delete from marts.{mart}")
        connection.execute("update marts.running_period set period_start = null")
    served = server(empty)
    assert ask(served, "describe_data").data["periods"] == []
    for tool, arguments in (
        ("get_measure", {"measure": "orders", "grain": "month"}),
        ("get_measure", {"measure": "orders", "grain": "month", "period": "2025-12-01"}),
        ("get_running_period", {"grain": "month"}),
        ("get_cohort_window", {"measure": "returned_rate", "cohort_month": "2025-12-01", "window_days": 30}),
        ("get_lifecycle_stages", {}),
        ("get_health", {}),
        ("get_concentration", {}),
        ("get_repurchase", {"from_order_number": 1, "day": 0}),
        ("get_first_purchase", {"level": "category"}),
    ):
        assert_refused(ask(served, tool, **arguments))


def test_the_example_in_the_documentation_has_the_figures_of_the_sample(published: Path) -> None:
    german = Language("de")
    text = " ".join((PROJECT / "docs" / "assistants.md").read_text(encoding="utf-8").replace("\n> ", " ").split())
    last, running, change, stages = ask_all(
        server(published),
        [
            ("get_measure", {"measure": "customer_retention_rate", "grain": "month"}),
            ("get_running_period", {"grain": "month"}),
            (
                "compare_periods",
                {"measure": "retained_customer_rate", "grain": "quarter", "compare_with": "year_before"},
            ),
            ("get_lifecycle_stages", {}),
        ],
    )
    figure, (now, _, before) = last.data["figure"], running.data["spans"]
    at_risk = next(one for one in stages.data["stages"] if one["stage"] == "at_risk")
    moved = next(one for one in change.data["contributions"] if one["segment"] == "organic_search")
    told = [
        f"{german.percent(figure['value'])} im Dezember 2025: {figure['numerator']} von {figure['denominator']} Kunden",
        f"{now['orders']} Bestellungen und {german.money(now['net_revenue'], 'EUR')}",
        f"{before['orders']} Bestellungen und {german.money(before['net_revenue'], 'EUR')}",
        " nach ".join(german.percent(change.data[side]["value"]) for side in ("figure", "compared_with")),
        f"{german.number(100 * change.data['change'], 1)} Prozentpunkte",
        f"`organic_search` bei ({german.number(100 * moved['contribution'], 1)})",
        f"{at_risk['customers']} Kunden sind gefährdet",
        f"sie brachten bisher {german.money(at_risk['net_revenue'], 'EUR')}",
    ]
    assert [part for part in told if part.replace("\xa0", " ") not in text] == []


# The server


def test_what_a_client_sees_is_short_typed_and_says_what_it_is(published: Path) -> None:
    async def listed() -> Any:
        async with Client(server(published)) as client:
            return client.instructions, (await client.list_tools()).tools

    instructions, tools = anyio.run(listed)
    assert "It does not answer: data of a person" in instructions
    for tool in tools:
        assert len(tool.description) <= 400, tool.name
        assert tool.input_schema["additionalProperties"] is False
        assert all("description" in one or "$ref" in one for one in tool.input_schema["properties"].values()), tool.name
        assert {"sentence", "build"} <= tool.output_schema["properties"].keys()
        assert tool.annotations.read_only_hint
        assert not tool.annotations.open_world_hint
    assert [tool.name for tool in tools if re.search(r"sql|query|customer", tool.name)] == []


def test_a_failure_of_the_server_is_a_sentence_without_its_inside(
    published: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(questions, "periods", lambda: 1 / 0)
    found = ask(server(published), "describe_data")
    assert_refused(found)
    assert "division" not in found.text
    assert "division by zero" in caplog.text


def parameters(published: Path) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "cli", "mcp"],
        cwd=PROJECT,
        env=environment_of_refresh(Places(None, None, published.with_name("w.duckdb"), published)),
    )


def test_a_client_talks_to_the_command_on_stdin_and_stdout(published: Path) -> None:
    found = ask(parameters(published), "get_measure", measure="customer_retention_rate", grain="year")
    assert not found.is_error, found.text
    assert found.data["figure"]["shown"] == "27.3%"


def test_nothing_but_the_protocol_is_written_to_stdout(published: Path) -> None:
    """As clients of before 2026 begin, too; with a call that is refused and one that nothing answers."""
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    said = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
        {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "describe_data", "arguments": {}}},
        {"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": {"name": "run_sql", "arguments": {"sql": "x"}}},
    ]
    given = parameters(published)
    process = subprocess.Popen(
        [given.command, *given.args], cwd=PROJECT, env=given.env, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    process.stdin.write("".join(json.dumps(one) + "\n" for one in said))
    process.stdin.flush()
    answers = [json.loads(process.stdout.readline()) for one in said if "id" in one]
    rest, complaints = process.communicate()
    assert (rest, process.returncode) == ("", 0)
    assert "Traceback" not in complaints
    assert {one["id"] for one in answers} == {1, 2, 3, 4}
    refused = next(one["result"] for one in answers if one["id"] == 4)
    assert refused["isError"]


def test_where_the_package_is_missing_the_command_says_what_installs_it(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_spec("mcp")
    monkeypatch.setattr("assistants.start.find_spec", lambda name: None)
    with pytest.raises(StammkundeError, match="'make assistants' installs it"):
        start(published)


def test_what_a_client_needs_is_printed_as_its_files_hold_it(published: Path) -> None:
    desktop, code = [json.loads(text) for text in configuration(published) if text.startswith("{")]
    started = desktop["mcpServers"]["stammkunde"]
    assert started["args"] == ["mcp"]
    assert started["env"] == {"STAMMKUNDE_PUBLISHED": str(published)}
    assert code["servers"]["stammkunde"] == {"type": "stdio", **started}
