"""What readers ask of the published file: the one place that knows its marts and columns.

A question is SQL that selects; whoever asks it opens the file, reads and closes it, so that no publish waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from stammkunde.database import rows
from stammkunde.errors import StammkundeError
from stammkunde.published import opened

Row = Mapping[str, Any]


class MissingMartError(StammkundeError):
    """The published build comes from a version that did not have this mart, or a column of it, yet."""

    def __init__(self, mart: str) -> None:
        super().__init__(f"the published build has no marts.{mart} with these columns: the next refresh brings it")
        self.mart = mart


@dataclass(frozen=True)
class Question:
    """Rows of one mart."""

    mart: str
    sql: str
    values: tuple[object, ...] = ()


def answer(published: Path, question: Question) -> list[dict[str, Any]]:
    """The rows that answer a question. Raises PublishedFileError, MissingMartError."""
    with opened(published) as connection:
        try:
            return rows(connection, question.sql, question.values)
        except (duckdb.CatalogException, duckdb.BinderException):
            raise MissingMartError(question.mart) from None


def build() -> Question:
    """What the figures stand on; one row."""
    return Question(
        "build",
        "select build_id, build_number, built_at, as_of_date, first_order_date, reporting_currency, shop from marts.build",
    )


def glossary() -> Question:
    return Question(
        "kpi_glossary",
        """
        select kpi, mart, unit, name_en, name_de, abbreviation, formula, definition_en, definition_de, good_direction
        from marts.kpi_glossary
        """,
    )


def kpis(grain: str) -> Question:
    """All KPIs of each period, oldest first."""
    return Question(
        "retention_kpis",
        """
        select
            period_grain, period_start, period_end, is_complete, is_left_censored,
            customers_at_start, churned_customers, new_customers, new_customers_lost, reactivated_customers,
            customers_at_end, retained_customers,
            customer_retention_rate, retained_customer_rate, customer_churn_rate,
            purchasing_customers, orders, net_revenue, average_order_value, purchase_frequency, repeat_customer_rate,
            returning_customers, returning_revenue, returning_revenue_share,
            net_revenue_retention, clv_by_lifespan, clv_by_retention, historic_clv
        from marts.retention_kpis
        where period_grain = ?
        order by period_start
        """,
        (grain,),
    )
