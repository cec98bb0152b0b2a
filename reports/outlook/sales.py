"""What the whole shop will sell, by customers there are and those still to come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports.charts import Chart, Series, lines
from reports.language import Language
from reports.questions import Row
from reports.tables import Column, Table

MEASURES = ("orders", "revenue")
AHEAD = ("quarter", "twelve_months")  # of which is told


def is_nearer(row: Row, measure: str) -> bool:
    """Whether such forecasts were nearer to what came than last year's figure; not without past forecasts."""
    ours, theirs = row[f"expected_{measure}_error"], row[f"{measure}_last_year_error"]
    return ours is not None and (theirs is None or ours < theirs)


def of_shop(rows: Sequence[Row], grain: str, group: str = "all") -> list[Row]:
    return [row for row in rows if row["period_grain"] == grain and row["customer_group"] == group]


def period(row: Row, language: Language) -> str:
    if row["period_grain"] == "twelve_months":
        return language.say("outlook.twelve_months", month=language.period("month", row["period_start"]))
    return language.period(row["period_grain"], row["period_start"])


def amount(value: float | None, measure: str, language: Language, currency: str) -> str:
    return language.number(value) if measure == "orders" else language.money(value, currency, 0)


def sentences(rows: Sequence[Row], language: Language, currency: str) -> Iterator[str]:
    """What the next quarter and twelve months bring, by the forecast or, where that was no nearer in the past, by last
    year's figure; and how far off both were."""
    for row in (row for grain in AHEAD for row in of_shop(rows, grain)):
        for measure in MEASURES:
            said = {
                name: amount(row[column], measure, language, currency)
                for name, column in (
                    ("expected", f"expected_{measure}"),
                    ("low", f"expected_{measure}_low"),
                    ("high", f"expected_{measure}_high"),
                    ("last_year", f"{measure}_last_year"),
                )
            }
            key = "expected" if is_nearer(row, measure) else "last_year"
            if key == "last_year" and row[f"{measure}_last_year"] is None:
                key = "nothing"
            yield language.say(f"outlook.{key}_{measure}_of", period=period(row, language), **said)
    yield from nearer_last_year(rows, language, currency)
    (year,), (of_existing,) = (of_shop(rows, "twelve_months", group) for group in ("all", "existing"))
    yield from how_far_off(year, of_existing, language)
    if not year["has_season"]:
        yield language.say("outlook.no_season")


def nearer_last_year(rows: Sequence[Row], language: Language, currency: str) -> Iterator[str]:
    """Of today's and of new customers: where last year's figure was nearer than the forecast that the table shows."""
    for row in (row for grain in AHEAD for group in ("existing", "new") for row in of_shop(rows, grain, group)):
        for measure in MEASURES:
            ours, theirs = row[f"expected_{measure}_error"], row[f"{measure}_last_year_error"]
            if ours is None or row[f"{measure}_last_year"] is None or is_nearer(row, measure):
                continue
            yield language.say(
                "outlook.group_last_year",
                group=language.say(f"outlook.{measure}_of_group_{row['customer_group']}"),
                period=period(row, language),
                ours=language.percent(ours, 0),
                theirs=language.percent(theirs, 0),
                last_year=amount(row[f"{measure}_last_year"], measure, language, currency),
                expected=amount(row[f"expected_{measure}"], measure, language, currency),
            )


def how_far_off(year: Row, of_existing: Row, language: Language) -> Iterator[str]:
    if year["expected_orders_error"] is None:
        yield language.say("outlook.never_forecast")
        return
    yield language.say(
        "outlook.far_off",
        months=language.number(year["past_forecasts"]),
        orders=language.percent(year["expected_orders_error"], 0),
        orders_last_year=language.percent(year["orders_last_year_error"], 0),
        revenue=language.percent(year["expected_revenue_error"], 0),
        revenue_last_year=language.percent(year["revenue_last_year_error"], 0),
    )
    yield language.say(
        "outlook.held",
        held=language.percent(year["expected_orders_held"], 0),
        existing=language.percent(of_existing["expected_orders_held"], 0),
    )


def chart(rows: Sequence[Row], language: Language, currency: str) -> Chart:
    """Net revenue month by month beside the year before; the forecast where it was nearer than that in the past."""
    months, say = of_shop(rows, "month"), language.say
    labels = [language.short_period("month", row["period_start"]) for row in months]
    drawn = [Series(say("outlook.last_year"), [row["revenue_last_year"] for row in months])]
    if any(is_nearer(row, "revenue") for row in of_shop(rows, "twelve_months")):
        ends = [[row[f"expected_revenue_{end}"] for row in months] for end in ("low", "high")]
        drawn.insert(0, Series(say("outlook.forecast"), [row["expected_revenue"] for row in months], *ends))
    figure = lines(labels, drawn, "currency", language, currency, from_zero=True)
    shown = [row for grain in (*AHEAD, "month") for row in rows if row["period_grain"] == grain]
    columns = [Column("period", say("common.period")), Column("group", say("outlook.group"))]
    for measure in MEASURES:
        unit = "orders" if measure == "orders" else "currency"
        columns += [
            Column(name.format(measure), say(f"outlook.{word}"), unit)
            for name, word in (
                ("expected_{}", f"forecast_{measure}"),
                ("expected_{}_low", "at_least"),
                ("expected_{}_high", "at_most"),
                ("{}_last_year", "last_year"),
            )
        ]
        columns.append(Column(f"expected_{measure}_error", say("outlook.error"), "rate", tip=say("outlook.far_tip")))
        columns.append(Column(f"{measure}_last_year_error", say("outlook.last_year_error"), "rate"))
    parts = ", ".join(
        f"{label}: {amount(row['expected_revenue'], 'revenue', language, currency)}"
        for label, row in zip(labels, months, strict=True)
    )
    return Chart(
        figure,
        say("outlook.sales_alt", parts=parts),
        Table(
            columns,
            [
                {
                    **row,
                    "period": period(row, language),
                    "group": say(f"outlook.group_{row['customer_group']}"),
                }
                for row in shown
            ],
        ),
    )
