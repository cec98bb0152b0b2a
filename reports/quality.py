"""Quality: what a build stands on, what its checks found, what became of all rows, and what changed since the last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reports.charts import Chart, lying_bars
from reports.colours import BLUE, ORANGE
from reports.glossary import Glossary
from reports.language import NOTHING, Language
from reports.questions import Row
from reports.tables import Column, Table

BY_CONCERN = ("failed", "accepted", "warned", "no_baseline", "off", "passed")
A_CONCERN = BY_CONCERN[:3]
OUTCOMES = ("counted", "excluded", "superseded", "quarantined", "folded", "left_out")
SUITES = (
    "raw",
    "staging",
    "known_orders",
    "new_orders",
    "closed_months",
    "signals",
    "drift",
)  # in the order of a refresh
FACTS = (
    "shop", "as_of_date", "first_order_date", "build_number", "built_at", "build_id", "baseline_build_id",
    "raw_order_rows", "orders", "unattributed_orders", "customers", "net_revenue", "reporting_currency",
    "reporting_timezone", "engine", "settings_hash", "raw_fingerprint",
)  # fmt: skip
MONEY, MOMENTS, DAYS = ("net_revenue",), ("built_at",), ("as_of_date", "first_order_date")
COUNTS = ("raw_order_rows", "orders", "unattributed_orders", "customers", "build_number")
WHY = ("late_orders", "updated_orders", "removed_orders", "unexplained_orders")


# What this build stands on


def stands_on(build: Row, results: Sequence[Row], language: Language) -> Iterator[str]:
    """What a build was made from, how it was checked and with what it was compared."""
    yield language.say(
        "quality.made_from",
        rows=language.number(build["raw_order_rows"]),
        orders=language.number(build["orders"]),
        customers=language.number(build["customers"]),
        first=language.day(build["first_order_date"]),
        last=language.day(build["as_of_date"]),
    )
    if build["checks"] is None:
        yield language.say("quality.unchecked")
    else:
        counted = {name: language.number(build[name]) for name in ("checks", "warnings", "failures")}
        idle = sum(1 for row in results if row["outcome"] in ("no_baseline", "off"))
        yield language.say("quality.checked", idle=language.number(idle), **counted)
    for row in of_concern(results):
        yield language.say(
            "quality.concern",
            outcome=language.name("check", row["outcome"]),
            explanation=row["explanation"],
            observed=row["observed"] or NOTHING,
            expected=row["expected"] or NOTHING,
        )
    if build["accepted_reason"]:
        yield language.say("quality.accepted", reason=build["accepted_reason"])
    if build["baseline_build_id"]:
        yield language.say("quality.compared_with", build=build["baseline_build_id"])
    else:
        yield language.say("quality.compared_with_nothing")


def of_concern(results: Sequence[Row]) -> list[Row]:
    return [row for row in by_concern(results) if row["outcome"] in A_CONCERN]


def fact_table(build: Row, language: Language, currency: str) -> Table:
    rows = [
        {"fact": language.say(f"quality.{name}"), "value": fact(name, build[name], language, currency)}
        for name in FACTS
    ]
    return Table([Column("fact", language.say("quality.fact")), Column("value", language.say("quality.value"))], rows)


def fact(name: str, value: object, language: Language, currency: str) -> str:
    if value is None:
        return NOTHING
    unit = "currency" if name in MONEY else "count" if name in COUNTS else "moment" if name in MOMENTS else "text"
    return language.value(value, unit, currency)


def settings_table(settings: Mapping[str, object], language: Language) -> Table:
    """The settings that were in force, by the names that they have in dbt_project.yml."""
    rows = [{"setting": name, "value": plainly(value, language)} for name, value in sorted(settings.items())]
    columns = [
        Column("setting", language.say("quality.setting")),
        Column("value", language.say("quality.value"), "prose"),
    ]
    return Table(columns, rows)


def plainly(value: object, language: Language) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return language.value(value, "flag")
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


# Checks


def by_concern(results: Sequence[Row]) -> list[Row]:
    """What failed first, then what warned; within that in the order in which a refresh checks."""
    return sorted(results, key=lambda row: (rank(BY_CONCERN, row["outcome"]), rank(SUITES, row["suite"])))


def rank(order: Sequence[str], code: str) -> int:
    return order.index(code) if code in order else len(order)


def suite_table(results: Sequence[Row], language: Language) -> Table:
    """How many checks of each suite came out how."""
    outcomes = [outcome for outcome in BY_CONCERN if any(row["outcome"] == outcome for row in results)]
    suites = sorted({row["suite"] for row in results}, key=lambda suite: (rank(SUITES, suite), suite))
    columns = [
        Column("suite", language.say("quality.suite")),
        *(Column(outcome, language.name("check", outcome), "count") for outcome in outcomes),
    ]
    rows = [
        {
            "suite": language.name("suite", suite),
            **{
                outcome: sum(1 for row in results if (row["suite"], row["outcome"]) == (suite, outcome))
                for outcome in outcomes
            },
        }
        for suite in suites
    ]
    return Table(columns, rows)


def check_table(results: Sequence[Row], language: Language) -> Table:
    say = language.say
    columns = [
        Column("outcome", say("quality.outcome")),
        Column("suite", say("quality.suite")),
        Column("explanation", say("quality.check"), "prose"),
        Column("observed", say("quality.observed")),
        Column("expected", say("quality.expected"), "prose"),
        Column("check_name", say("quality.name")),
    ]
    rows = [
        {**row, "outcome": language.name("check", row["outcome"]), "suite": language.name("suite", row["suite"])}
        for row in by_concern(results)
    ]
    return Table(columns, rows)


# Rows


def entities(accounting: Sequence[Row]) -> list[str]:
    """Raw entities, orders first, those with most rows before others."""
    found = dict.fromkeys(row["entity"] for row in accounting)
    return sorted(found, key=lambda entity: (entity != "orders", -total(of(accounting, entity)), entity))


def of(accounting: Sequence[Row], entity: str) -> list[Row]:
    return [row for row in accounting if row["entity"] == entity]


def total(rows: Sequence[Row]) -> int:
    return sum(row["rows"] for row in rows)


def accounted(accounting: Sequence[Row], entity: str, language: Language) -> str:
    """How many rows of an entity came in, and how many of them count."""
    rows = of(accounting, entity)
    outcomes = dict.fromkeys(row["outcome"] for row in rows)
    parts = ", ".join(
        f"{language.name('outcome', outcome)} {language.number(total(having(rows, outcome)))}" for outcome in outcomes
    )
    return language.say(
        "quality.accounted", entity=language.name("entity", entity), rows=language.number(total(rows)), parts=parts
    )


def having(rows: Sequence[Row], outcome: str) -> list[Row]:
    return [row for row in rows if row["outcome"] == outcome]


def not_counted(accounting: Sequence[Row], entity: str, language: Language) -> Chart:
    """Why rows of an entity do not count; orange is what somebody has to look at."""
    rows = [row for row in of(accounting, entity) if row["outcome"] != "counted"]
    figure = lying_bars(
        [because(row, language) for row in rows],
        [row["rows"] for row in rows],
        "count",
        language,
        colours=[ORANGE if row["outcome"] == "quarantined" else BLUE for row in rows],
    )
    parts = ", ".join(f"{because(row, language)} {language.number(row['rows'])}" for row in rows[:3])
    alt = language.say("quality.rows_alt", entity=language.name("entity", entity), parts=parts)
    return Chart(figure, alt, row_table(of(accounting, entity), language))


def because(row: Row, language: Language) -> str:
    outcome = language.name("outcome", row["outcome"])
    return outcome if row["reason"] == "none" else f"{outcome}: {language.name('reason', row['reason'])}"


def source_table(accounting: Sequence[Row], language: Language) -> Table:
    """How many rows each source brought of each entity, and what became of them."""
    outcomes = [outcome for outcome in OUTCOMES if having(accounting, outcome)]
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in accounting:
        groups.setdefault((row["source"], row["entity"]), []).append(row)
    columns = [
        Column("source", language.say("quality.source")),
        Column("entity", language.say("quality.entity")),
        Column("rows", language.say("quality.rows"), "count"),
        *(Column(outcome, language.name("outcome", outcome), "count") for outcome in outcomes),
    ]
    rows = [
        {
            "source": language.name("source", source),
            "entity": language.name("entity", entity),
            "rows": total(group),
            **{outcome: total(having(group, outcome)) for outcome in outcomes},
        }
        for (source, entity), group in groups.items()
    ]
    return Table(columns, rows)


def reasons_of_sources(accounting: Sequence[Row], language: Language) -> Table:
    """The same with each reason."""
    table = row_table(accounting, language)
    columns = [Column("source", language.say("quality.source")), *table.columns]
    named = zip(accounting, table.rows, strict=True)
    return Table(columns, [{"source": language.name("source", row["source"]), **shown} for row, shown in named])


def has_several_sources(accounting: Sequence[Row]) -> bool:
    return len({row["source"] for row in accounting}) > 1


def row_table(accounting: Sequence[Row], language: Language) -> Table:
    columns = [
        Column("entity", language.say("quality.entity")),
        Column("outcome", language.say("quality.outcome")),
        Column("reason", language.say("quality.reason"), "prose"),
        Column("rows", language.say("quality.rows"), "count"),
    ]
    rows = [
        {
            "entity": language.name("entity", row["entity"]),
            "outcome": language.name("outcome", row["outcome"]),
            "reason": language.name("reason", row["reason"]),
            "rows": row["rows"],
        }
        for row in accounting
    ]
    return Table(columns, rows)


# Closed periods that changed


def restated(rows: Sequence[Row], build: Row, language: Language) -> str:
    """How many closed periods of a length changed against the build before."""
    if not build["baseline_build_id"]:
        return language.say("quality.compared_with_nothing")
    if not rows:
        return language.say("quality.nothing_restated")
    return language.say("quality.restated", number=language.number(len(rows)))


def restatement_table(rows: Sequence[Row], grain: str, glossary: Glossary, language: Language) -> Table:
    say = language.say
    columns = [
        Column("period_start", say(f"common.{grain}"), "period", grain),
        Column("why", say("quality.why"), "prose"),
        Column("orders_before", say("quality.orders_before"), "orders"),
        Column("orders_now", say("quality.orders_now"), "orders"),
        Column("net_revenue_before", say("quality.revenue_before"), "currency"),
        Column("net_revenue_now", say("quality.revenue_now"), "currency"),
        Column("net_revenue_change_rate", say("quality.change"), "rate"),
        Column("order_ids", say("quality.by_orders"), "prose"),
    ]
    return Table(columns, [{**row, "why": why(row, language)} for row in rows])


def why(row: Row, language: Language) -> str:
    """Why a closed period changed, by the orders behind it."""
    parts = [language.say(f"quality.{name}", orders=language.number(row[name])) for name in WHY if row[name]]
    return ", ".join(parts) or NOTHING


# Builds


def build_table(rows: Sequence[Row], language: Language) -> Table:
    say = language.say
    columns = [
        Column("build_number", say("quality.build_number"), "count"),
        Column("built_at", say("quality.built_at"), "moment"),
        Column("outcome", say("quality.outcome")),
        Column("reason", say("quality.reason"), "prose"),
        Column("as_of_date", say("quality.as_of_date"), "date"),
        Column("orders", say("quality.orders"), "orders"),
        Column("customers", say("quality.customers"), "customers"),
        Column("net_revenue", say("quality.net_revenue"), "currency"),
        Column("warnings", say("quality.warnings"), "count"),
        Column("failures", say("quality.failures"), "count"),
        Column("build_id", say("quality.build_id")),
    ]
    return Table(columns, [{**row, **told(row, language)} for row in rows])


def told(row: Row, language: Language) -> dict[str, object]:
    """What became of a build and why; this one is marked."""
    outcome = language.name("build", row["outcome"])
    return {
        "outcome": language.say("quality.this_one", outcome=outcome) if row["is_this_build"] else outcome,
        "reason": row["reason"] or row["accepted_reason"],
    }
