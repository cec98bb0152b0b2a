"""Customers: who they are by recency and frequency, who is nearly lost, and the story of one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from types import MappingProxyType

from reports import health
from reports.charts import Chart, lying_bars
from reports.colours import on_scale
from reports.glossary import Glossary
from reports.html import with_tip
from reports.language import Language
from reports.questions import HEALTH_BANDS, Row
from reports.tables import Column, Table

COLOURED_BY = ("customers", "net_revenue")
SCORES = (1, 2, 3, 4, 5)


# By recency and frequency


def rfm_html(cells: Sequence[Row], by: str, glossary: Glossary, language: Language, currency: str) -> str:
    """Customers by how recently and how often they ordered, best at the top and on the right; the darker the more."""
    known = {(row["r_score"], row["f_score"]): row for row in cells}
    most = max((float(row[by]) for row in cells), default=0.0)
    recency, frequency = glossary.term("r_score"), glossary.term("f_score")
    head = "".join(f'<th scope="col">F {score}</th>' for score in SCORES)
    lines = "".join(
        f'<tr><th scope="row" class="sk-head">R {recent}</th>'
        + "".join(cell_html(known.get((recent, often)), by, most, language, currency) for often in SCORES)
        + "</tr>"
        for recent in reversed(SCORES)
    )
    legend = f"R: {with_tip(recency.name, recency.definition)} · F: {with_tip(frequency.name, frequency.definition)}"
    return (
        f'<div class="sk-scroll" tabindex="0"><table class="sk-rfm"><thead><tr><th class="sk-head"></th>{head}</tr>'
        f'</thead><tbody>{lines}</tbody></table></div><div class="sk-legend"><span>{legend}</span></div>'
    )


def cell_html(row: Row | None, by: str, most: float, language: Language, currency: str) -> str:
    if row is None:
        return "<td></td>"
    ground, ink = on_scale(float(row[by]) / most if most else 0.0)
    return (
        f'<td style="background-color: {ground}; color: {ink}">{escape(language.rfm_segment(row["rfm_segment"]))}<br>'
        f"<b>{language.number(row['customers'])}</b><br>{language.money(row['net_revenue'], currency, 0)}</td>"
    )


def rfm_table(cells: Sequence[Row], glossary: Glossary, language: Language) -> Table:
    return Table(
        [
            glossary.column("r_score"),
            glossary.column("f_score"),
            Column("segment", glossary.term("rfm_segment").name),
            *amounts(language),
        ],
        [{**row, "segment": language.rfm_segment(row["rfm_segment"])} for row in cells],
    )


def amounts(language: Language) -> list[Column]:
    return [
        Column("customers", language.say("common.customers"), "customers"),
        Column("net_revenue", language.say("customers.revenue"), "currency"),
    ]


def segments(cells: Sequence[Row], by: str, glossary: Glossary, language: Language, currency: str) -> Chart:
    """The same by segment, the largest first."""
    found: dict[str, dict[str, object]] = {}
    for code in dict.fromkeys(row["rfm_segment"] for row in cells):
        own = [row for row in cells if row["rfm_segment"] == code]
        found[code] = {
            "segment": language.rfm_segment(code),
            **{name: sum(row[name] for row in own) for name in COLOURED_BY},
        }
    rows = sorted(found.values(), key=lambda row: (-float(str(row[by])), str(row["segment"])))
    unit = "customers" if by == "customers" else "currency"
    names = [str(row["segment"]) for row in rows]
    values = [row[by] for row in rows]
    parts = ", ".join(
        f"{name} {language.value(value, unit, currency)}" for name, value in zip(names[:3], values[:3], strict=True)
    )
    return Chart(
        lying_bars(names, values, unit, language, currency),
        language.say("customers.segments_alt", parts=parts),
        Table([Column("segment", glossary.term("rfm_segment").name), *amounts(language)], rows),
    )


# Nearly lost


def at_stake(total: Row, settings: Mapping[str, object], language: Language, currency: str) -> Iterator[str]:
    """How many are nearly lost, what they brought, since when and until when; who may be written to."""
    yield language.say(
        "customers.at_stake",
        customers=language.number(total["customers"]),
        stage=language.stage("at_risk"),
        revenue=language.money(total["net_revenue"], currency, 0),
    )
    if total["customers"]:
        yield language.say("customers.in_a_year", revenue=language.money(total["net_revenue_365d"], currency, 0))
    if settings:
        yield language.say(
            "customers.limits",
            from_day=settings.get("at_risk_after_days"),
            lost_day=settings.get("active_window_days"),
        )
    yield language.say("customers.consent", customers=language.number(total["consenting_customers"]))


def customer_table(
    rows: Sequence[Row],
    glossary: Glossary,
    language: Language,
    *,
    with_stage: bool = False,
    predicted: Sequence[Column] = (),
    ahead: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
) -> Table:
    """A list of customers, who may stand at several stages. Of the person nothing but the number. `predicted`: columns
    of what is predicted, which `ahead` holds by customer (outlook.customers.in_list)."""
    say = language.say
    columns = [
        Column("customer_id", say("customers.customer")),
        Column("net_revenue", say("customers.revenue"), "currency"),
        *([Column("stage", glossary.term("lifecycle_stage").name)] if with_stage else []),
        glossary.column("health_score"),
        Column("band", glossary.term("health_band").name),
        glossary.column("health_score_change_28d"),
        Column("drivers", say("health.pulls"), "prose"),
        *predicted,
        Column("orders", say("customers.orders"), "orders"),
        Column("last_order_date", say("customers.last_order"), "date"),
        glossary.column("recency_days"),
        glossary.column("average_days_between_orders"),
        Column("segment", glossary.term("rfm_segment").name),
        Column("marketing_consent", say("customers.consent_given"), "flag", tip=say("customers.consent_tip")),
    ]
    return Table(
        columns,
        [
            {
                **row,
                **ahead.get(row["customer_id"], {}),
                "segment": language.rfm_segment(row["rfm_segment"]),
                "stage": language.stage(row["lifecycle_stage"]),
                **health.in_words(row, language),
            }
            for row in rows
        ],
    )


def filter_name(name: str, language: Language) -> str:
    """A stage or band that a list is of, or all of them."""
    if name in ("all", "not_lost"):
        return language.say(f"customers.{name}")
    return language.name("band", name) if name in HEALTH_BANDS else language.stage(name)


# One customer


def story(row: Row, language: Language, currency: str) -> Iterator[str]:
    yield language.say(
        "customers.stands",
        customer=row["customer_id"],
        stage=language.stage(row["lifecycle_stage"]),
        segment=language.rfm_segment(row["rfm_segment"]),
    )
    yield language.say(
        "customers.once" if row["orders"] == 1 else "customers.brought",
        orders=language.number(row["orders"]),
        revenue=language.money(row["net_revenue"], currency),
        first=language.day(row["first_order_date"]),
        last=language.day(row["last_order_date"]),
        **rhythm(row, language),
    )
    yield language.say("customers.since", days=language.number(row["recency_days"]))


def rhythm(row: Row, language: Language) -> dict[str, str]:
    between = row["average_days_between_orders"]
    return {} if between is None else {"between": language.number(between)}


def order_table(orders: Sequence[Row], language: Language) -> Table:
    say = language.say
    columns = [
        Column("order_number", say("customers.number"), "count"),
        Column("order_id", say("customers.order")),
        Column("order_date", say("customers.day"), "date"),
        Column("sales_channel", say("customers.channel")),
        Column("net_amount", say("customers.revenue_of_order"), "currency"),
        Column("amount", say("customers.amount"), "number"),
        Column("refunded_amount", say("customers.refund"), "number"),
        Column("currency", say("customers.currency")),
        Column("days_since_previous_order", say("customers.days_before"), "days"),
    ]
    return Table(columns, list(orders))
