"""Products: which first purchase brings people back, what is bought again, and what they bring later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports.charts import Chart, Series, dots, lying_bars
from reports.colours import BLUE, GREY, INK
from reports.glossary import Glossary
from reports.language import NOTHING, Language
from reports.questions import Row
from reports.tables import Column, Table

ALL, UNKNOWN = "all", "unknown"
LEVELS = ("category", "product")
RATE = "second_order_rate_90d"
REVENUES = ("later_revenue_per_customer_365d", "revenue_per_customer_365d")
MOST = 20  # values in a chart; the table has more
NAMED = 3  # values in a sentence
FEW = 30  # customers, below which a share or a mean says little: the limit of `has_enough`
KPIS = (
    "first_customers", "share_of_customers", "mature_customers", "returned_customers", RATE, f"{RATE}_low",
    f"{RATE}_high", "has_enough", "returned_with_lines", "same_again_customers", "same_again_rate",
    "mature_customers_365d", *REVENUES,
)  # fmt: skip


def together(rows: Sequence[Row]) -> Row:
    """The row of everybody."""
    return next(row for row in rows if row["value"] == ALL)


def name(row: Row, language: Language) -> str:
    """A value; marked where fewer customers stand behind it than say something."""
    if row["value"] == ALL:
        return language.say("products.all")
    shown = language.dimension_value(row["value"])
    return shown if row["has_enough"] else language.say("products.few", value=shown)


def ranked(rows: Sequence[Row]) -> list[Row]:
    """Everybody, then values with enough customers by their rate, then the others by their customers."""
    known = [row for row in rows if row[RATE] is not None]
    return sorted(
        known,
        key=lambda row: (
            row["value"] != ALL, not row["has_enough"], -row[RATE] if row["has_enough"] else -row["first_customers"],
        ),
    )  # fmt: skip


def drawn(rows: Sequence[Row]) -> list[Row]:
    """The values of a chart: those with most customers, in the order of their rate."""
    most = [row for row in rows if row["value"] != ALL]
    most.sort(key=lambda row: (not row["has_enough"], -row["first_customers"], row["value"]))
    return ranked([together(rows), *most[:MOST]])


def beyond(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Values with enough customers whose whole interval lies above the rate of everybody, and below it."""
    rate = together(rows)[RATE]
    known = [row for row in ranked(rows) if row["has_enough"] and row["value"] not in (ALL, UNKNOWN)]
    return [row for row in known if row[f"{RATE}_low"] > rate], [row for row in known if row[f"{RATE}_high"] < rate][
        ::-1
    ]


def sentences(rows: Sequence[Row], level: str, language: Language) -> Iterator[str]:
    """How many come back, and which first purchases stand out from that."""
    everybody = together(rows)
    covered = language.percent(everybody["share_of_customers"])
    if everybody[RATE] is None:
        yield language.say("products.nobody_mature", share=covered)
        return
    yield language.say(
        "products.came_back",
        rate=language.percent(everybody[RATE]),
        low=language.percent(everybody[f"{RATE}_low"]),
        high=language.percent(everybody[f"{RATE}_high"]),
        customers=language.number(everybody["mature_customers"]),
    )
    yield language.say("products.covered", share=covered)
    if not any(row["has_enough"] for row in rows if row["value"] not in (ALL, UNKNOWN)):
        yield language.say("products.none_enough")
        return
    for which, found in zip(("better", "worse"), beyond(rows), strict=True):
        if found:
            yield language.say(f"products.{which}", values=", ".join(said(row, language) for row in found[:NAMED]))
    if not any(beyond(rows)):
        yield language.say(f"products.none_stands_out_{level}")


def said(row: Row, language: Language) -> str:
    return language.say(
        "products.value",
        value=language.dimension_value(row["value"]),
        rate=language.percent(row[RATE]),
        customers=language.number(row["mature_customers"]),
    )


def who_comes_back(rows: Sequence[Row], level: str, glossary: Glossary, language: Language) -> Chart:
    """The rate of each first purchase with its interval, beside that of everybody."""
    term = glossary.term(RATE)
    shown = drawn(rows)
    line = Series(
        term.name,
        [row[RATE] for row in shown],
        [row[f"{RATE}_low"] for row in shown],
        [row[f"{RATE}_high"] for row in shown],
        [language.say("products.of_customers", customers=language.number(row["mature_customers"])) for row in shown],
    )
    enough = [row for row in shown if row["has_enough"] and row["value"] != ALL]
    alt = language.say(
        "products.rate_alt",
        name=term.name,
        level=language.say(f"products.{level}"),
        all=language.percent(together(rows)[RATE]),
        parts=", ".join(f"{name(row, language)} {language.percent(row[RATE])}" for row in enough[:NAMED]) or NOTHING,
    )
    figure = dots(
        [name(row, language) for row in shown], line, "rate", language,
        colours=[colour(row, row["has_enough"]) for row in shown], beside=together(rows)[RATE],
    )  # fmt: skip
    return Chart(figure, alt, table(rows, level, glossary, language))


def colour(row: Row, is_enough: bool) -> str:
    """Everybody in ink, values with enough customers in blue, others grey."""
    return INK if row["value"] == ALL else BLUE if is_enough else GREY


def bought_again(rows: Sequence[Row], level: str, glossary: Glossary, language: Language) -> Chart:
    """Who came back and bought the same again: of the values from which most came back."""
    kpi = "same_again_rate"
    known = [row for row in rows if row[kpi] is not None]
    found = mostly(known, "returned_with_lines", kpi)
    return bars_of(found, rows, kpi, "returned_with_lines", level, glossary, language, "")


def revenue(rows: Sequence[Row], kpi: str, level: str, glossary: Glossary, language: Language, currency: str) -> Chart:
    """What customers brought within a year, by their first purchase."""
    known = [row for row in rows if row[kpi] is not None]
    found = mostly(known, "mature_customers_365d", kpi)
    return bars_of(found, rows, kpi, "mature_customers_365d", level, glossary, language, currency)


def mostly(rows: Sequence[Row], base: str, kpi: str) -> list[Row]:
    """Everybody, then the values that rest on most customers: those on enough by the figure, the others after them."""
    everybody = [row for row in rows if row["value"] == ALL]
    others = sorted((row for row in rows if row["value"] != ALL), key=lambda row: (-row[base], row["value"]))[:MOST]
    return everybody + sorted(others, key=lambda row: (row[base] < FEW, -float(row[kpi])))


def bars_of(
    found: Sequence[Row],
    rows: Sequence[Row],
    kpi: str,
    base: str,
    level: str,
    glossary: Glossary,
    language: Language,
    currency: str,
) -> Chart:
    """A figure of each value as a bar, with how many customers it rests on; grey where they are few."""
    term = glossary.term(kpi)
    names = [f"{plain_name(row, language)} ({language.number(row[base])})" for row in found]
    values = [row[kpi] for row in found]
    figure = lying_bars(
        names, values, term.unit, language, currency, colours=[colour(row, row[base] >= FEW) for row in found]
    )
    parts = ", ".join(
        f"{one} {language.value(value, term.unit, currency)}"
        for one, value in list(zip(names, values, strict=True))[: NAMED + 1]
    )
    alt = language.say(
        "products.bars_alt", name=term.name, level=language.say(f"products.{level}"), parts=parts or NOTHING
    )
    return Chart(figure, alt, table(rows if found else [], level, glossary, language))


def plain_name(row: Row, language: Language) -> str:
    return language.say("products.all") if row["value"] == ALL else language.dimension_value(row["value"])


def table(rows: Sequence[Row], level: str, glossary: Glossary, language: Language) -> Table:
    """All values with all that is known of them, those with enough customers first."""
    columns = [Column("name", language.say(f"products.{level}")), *map(glossary.column, KPIS)]
    ordered = sorted(rows, key=lambda row: (row["value"] != ALL, not row["has_enough"], -row["first_customers"]))
    return Table(columns, [{**row, "name": plain_name(row, language)} for row in ordered])
