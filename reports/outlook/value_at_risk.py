"""Whose value is at risk, by stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reports.charts import Chart, lying_bars
from reports.colours import STAGES
from reports.language import Language
from reports.outlook.trust import CHURN, CLV, ORDERS, Trusted, without
from reports.questions import Row
from reports.tables import Column, Table

HORIZON = 90  # days of the setting churn_horizon_days where the build does not say
LOST = "lost"
STAGE_ORDER = ("new", "active", "loyal", "reactivated", "at_risk", LOST)


@dataclass(frozen=True)
class AtRisk:
    """Which columns of questions.value_at_risk are told: as predicted, or of the last 365 days in its place."""

    value: str
    at_risk: str | None  # null where the probability is not used

    @property
    def shown(self) -> str:
        return self.at_risk or self.value


def columns_told(found: Trusted) -> AtRisk:
    predicted = found[CLV].is_used
    at_risk = ("predicted_at_risk" if predicted else "net_revenue_at_risk") if found[CHURN].is_used else None
    return AtRisk("predicted_clv_365d" if predicted else "net_revenue_365d", at_risk)


def horizon(settings: Mapping[str, object]) -> int:
    return int(str(settings.get("churn_horizon_days", HORIZON)))


def by_stage(rows: Sequence[Row]) -> list[Row]:
    found = {row["lifecycle_stage"]: row for row in rows}
    return [found[stage] for stage in STAGE_ORDER if stage in found]


def sentences(
    rows: Sequence[Row], found: Trusted, settings: Mapping[str, object], language: Language, currency: str
) -> Iterator[str]:
    told = columns_told(found)
    days = language.number(horizon(settings))
    known = [row for row in rows if told.at_risk and row[told.at_risk] is not None]
    if known:
        largest = max(known, key=lambda row: row[told.shown])
        yield language.say(
            "outlook.at_risk",
            value=language.money(sum(row[told.shown] for row in known), currency, 0),
            of=language.money(sum(row[told.value] for row in known), currency, 0),
            stage=language.stage(largest["lifecycle_stage"]),
            largest=language.money(largest[told.shown], currency, 0),
        )
        yield language.say("outlook.at_risk_is", days=days)
    else:
        if not found[CHURN].is_used:
            yield without(found[CHURN], language)
        yield language.say("outlook.value_alone")
    if told.value == "net_revenue_365d":
        yield language.say("outlook.last_year_instead")
    if known and any(row["lifecycle_stage"] == LOST for row in rows):
        yield language.say("outlook.lost_left_out")


def chart(
    rows: Sequence[Row], found: Trusted, settings: Mapping[str, object], language: Language, currency: str
) -> Chart:
    """Value at risk by stage; the value alone where no probability is used."""
    told, say = columns_told(found), language.say
    shown = [row for row in by_stage(rows) if row[told.shown] is not None]
    names = [language.stage(row["lifecycle_stage"]) for row in shown]
    values = [row[told.shown] for row in shown]
    value = say("outlook.value" if told.value == "predicted_clv_365d" else "outlook.last_years_value")
    columns = [
        Column("stage", say("outlook.stage")),
        Column("customers", say("common.customers"), "customers"),
        Column(told.value, value, "currency"),
    ]
    if told.at_risk:
        no_order = say("outlook.no_order", days=language.number(horizon(settings)))
        columns.append(Column("churn_probability", no_order, "rate"))
        columns.append(Column(told.at_risk, say("outlook.value_at_risk"), "currency"))
    if found[ORDERS].is_used:
        columns.append(Column("expected_orders_90d", say("outlook.orders_90d"), "orders"))
    parts = ", ".join(
        f"{name}: {language.money(amount, currency, 0)}" for name, amount in zip(names, values, strict=True)
    )
    figure = lying_bars(
        names, values, "currency", language, currency, colours=[STAGES[row["lifecycle_stage"]] for row in shown]
    )
    figure.data[0].text = [language.money(amount, currency, 0) for amount in values]
    title = say("outlook.value_at_risk") if told.at_risk else value
    return Chart(
        figure,
        say("outlook.risk_alt", what=title, parts=parts),
        Table(columns, [{**row, "stage": language.stage(row["lifecycle_stage"])} for row in by_stage(rows)]),
    )
