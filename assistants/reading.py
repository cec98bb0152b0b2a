"""One look at the published file: all that an answer says is of one build."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from assistants.answers import Build
from assistants.refusals import RefusedError, named, unknown
from reports import questions
from reports.language import Language
from reports.questions import Question, Row
from stammkunde.published import opened

ENGLISH, GERMAN = Language("en"), Language("de")
ALL = "all"

# Which tool answers the measures that are at home in a mart.
TOOLS = {
    "retention_kpis": "get_measure",
    "retention_kpis_by_segment": "compare_periods",
    "cohort_retention": "get_cohort_cell",
    "retention_curve": "get_cohort_cell",
    "cohort_windows": "get_cohort_window",
    "cohort_deviations": "get_cohort_cell",
    "acquisition_economics": "get_acquisition",
    "subscription_kpis": "get_subscriptions",
    "subscription_cohorts": "get_subscriber_cohort",
    "nps": "get_feedback",
    "support_kpis": "get_feedback",
    "lifecycle_kpis": "get_funnel_stage",
    "value_ladder": "get_value_ladder",
    "email_kpis": "get_feedback",
    "churn_reasons": "get_churn_reasons",
    "referral_kpis": "get_programme",
    "loyalty_kpis": "get_programme",
    "health_backtest": "get_health_backtest",
    "signal_effects": "get_signal_effects",
    "playbook_outcomes": "get_playbook_outcomes",
    "playbook_evidence": "get_playbook_outcomes",
    "playbook_programme": "get_playbook_programme",
    "retention_audit": "get_retention_audit",
    "target_attainment": "get_targets",
    "retention_value": "get_retention_value",
    "what_if": "get_what_if",
    "sales_forecast": "get_sales_forecast",
    "prediction_trust": "get_outlook",
    "repurchase_curve": "get_repurchase",
    "first_product_retention": "get_first_purchase",
    "customer_concentration": "get_concentration",
}
# Measures of these marts are given with another one.
COMES_WITH = {"cohort_deviations": "retention_rate", "retention_kpis_by_segment": "retained_customer_rate"}
# What each customer has and a tool tells of groups.
OF_GROUPS = (
    *("engagement_score", "health_score", "health_score_change_28d"),
    *(f"health_{component}" for component in questions.HEALTH_COMPONENTS),
)
BOUNDS = ("_low", "_high")  # the ends of an interval come with its measure


@dataclass(frozen=True)
class Reading:
    """What is asked of one open file."""

    connection: duckdb.DuckDBPyConnection

    def rows(self, question: Question) -> list[dict[str, Any]]:
        return questions.ask(self.connection, question)

    @cached_property
    def build(self) -> Build:
        row = self.rows(questions.build())[0]
        return Build(
            currency=row["reporting_currency"], **{name: row[name] for name in Build.model_fields if name in row}
        )

    @cached_property
    def terms(self) -> dict[str, Row]:
        """The rows of the glossary by measure."""
        return {row["kpi"]: row for row in self.rows(questions.glossary())}

    def columns(self, mart: str) -> list[str]:
        return [row["column_name"] for row in self.rows(questions.columns(mart))]

    def measures(self, mart: str) -> list[str]:
        """The measures that a mart holds: columns that the glossary explains. Flags and bounds come with a figure."""
        return [column for column in self.columns(mart) if column in self.terms and is_measure(self.terms[column])]

    @cached_property
    def divisions(self) -> dict[str, list[str]]:
        """The segments of each dimension, the largest first."""
        found: dict[str, list[str]] = {ALL: [ALL]}
        for row in self.rows(questions.dimensions()):
            if row["dimension"] == ALL:
                continue
            found.setdefault(row["dimension"], []).append(row["dimension_value"])
        return found

    @property
    def stand(self) -> str:
        """What every answer ends with: how far its figures know the shop, and from which build they are."""
        build = self.build
        number = f"build {build.build_number}" if build.build_number is not None else f"build {build.build_id}"
        return f"as of {ENGLISH.day(build.as_of_date)}, {number} of shop {build.shop or 'without a name'}"

    def known_measure(self, measure: str) -> Row:
        """Its row of the glossary. Raises RefusedError, with the nearest that are defined."""
        if measure not in self.terms:
            words = {
                name: (row["name_en"], row["name_de"], row["abbreviation"])
                for name, row in self.terms.items()
                if is_measure(row) and not not_answered(row)
            }
            raise unknown("measure", measure, words, "list_measures")
        row = self.terms[measure]
        if not is_measure(row):
            raise RefusedError(f"{measure} is no figure of its own: it comes with the figures that it is about")
        return row

    def known_dimension(self, dimension: str) -> None:
        """Raises RefusedError where customers are not divided by it."""
        if dimension not in self.divisions:
            names = {name: (ENGLISH.dimension(name), GERMAN.dimension(name)) for name in self.divisions}
            raise unknown("dimension", dimension, names, "describe_data")

    def known_segment(self, dimension: str, segment: str) -> None:
        """Raises RefusedError where customers are not divided so."""
        self.known_dimension(dimension)
        segments = self.divisions[dimension]
        if segment in segments:
            return
        if segment == ALL:
            raise RefusedError(f"say which segment of {dimension}: one of {some(segments)}")
        if dimension == ALL:
            raise RefusedError(
                f"{named(segment)} has no dimension: describe_data gives the segments of each, and a person is none"
            )
        names = {name: (ENGLISH.dimension_value(name), GERMAN.dimension_value(name)) for name in segments}
        raise unknown(f"segment of {dimension}", segment, names, "describe_data")


@contextmanager
def reading(published: Path) -> Iterator[Reading]:
    """The published file for one call: opened, read and closed. Raises PublishedFileError."""
    with opened(published) as connection:
        yield Reading(connection)


def is_measure(term: Row) -> bool:
    return term["unit"] not in ("flag", "text") and not term["kpi"].endswith(BOUNDS)


def not_answered(term: Row) -> str | None:
    """Why no tool gives a measure that is defined."""
    if term["mart"] in TOOLS:
        return None
    if term["mart"] == "customers":
        of_groups = "; get_health tells it of groups" if term["kpi"] in OF_GROUPS else ""
        return f"it is held for each customer, and a person's data are not answered{of_groups}"
    if term["mart"] == "customer_predictions":
        return "it is held for each customer, and a person's data are not answered; get_outlook tells of all together"
    return f"no tool gives it: it stands in marts.{term['mart']} and on the dashboard"


def some(names: list[str], most: int = 10) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
