"""Actions: what the playbook asks for today, what its rules brought, and how long to wait until that is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, sqrt
from statistics import NormalDist

from reports.charts import Chart, Series, dots, forest
from reports.colours import BLUE, GREY, ORANGE
from reports.glossary import Glossary
from reports.language import NOTHING, Language
from reports.overview import complete
from reports.questions import Row
from reports.tables import Column, Table

ALL = "all"
VERDICTS = ("works", "harms", "broken", "contacts", "unclear", "few", "alone")
PROVEN = ("works", "harms")
DIFFERENCES = (0.02, 0.05, 0.1)  # that somebody may want to see
LARGE = DIFFERENCES[-1]
DAYS_OF_A_MONTH = 365.25 / 12


def named(kind: str, code: str, language: Language) -> str:
    """A rule, action, owner or channel in the reader's words; what a shop wrote itself as it stands."""
    return language.name(kind, code)


# Today


def sentences_of_today(rows: Sequence[Row], language: Language) -> Iterator[str]:
    """How many are to be contacted and by whom, how many are left alone and how many wait. `rows`:
    questions.actions_by_rule."""
    contacts = total(rows, "contacts")
    if not contacts:
        yield language.say("actions.nobody")
    elif contacts == 1:
        yield language.say("actions.one_to_contact")
    else:
        yield language.say("actions.to_contact", contacts=language.number(contacts))
    if contacts:
        parts = (f"{named('owner', owner, language)} {language.number(n)}" for owner, n in by_owner(rows).items())
        yield language.say("actions.by_owner", parts=", ".join(parts))
    if controls := total(rows, "controls"):
        yield language.say(
            "actions.left_alone",
            controls=language.number(controls),
            universal=language.number(total(rows, "universal_controls")),
        )
    if waiting := total(rows, "in_other_experiment"):
        yield language.say("actions.wait", customers=language.number(waiting))


def total(rows: Sequence[Row], name: str) -> int:
    return sum(int(row[name]) for row in rows)


def by_owner(rows: Sequence[Row]) -> dict[str, int]:
    """How many each owner is to contact, who has most of them first."""
    found: dict[str, int] = {}
    for row in rows:
        if row["contacts"]:
            found[row["owner"]] = found.get(row["owner"], 0) + int(row["contacts"])
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def asked_for(rows: Sequence[Row], owner: str, rule: str) -> list[Row]:
    """The rules of one owner or of all, and one rule or all."""
    return [row for row in rows if owner in (ALL, row["owner"]) and rule in (ALL, row["rule_id"])]


def filters(rows: Sequence[Row], name: str) -> list[str]:
    """The owners or rules of which somebody is on the list, all of them first."""
    return [ALL, *sorted({row[name] for row in rows if row["contacts"]} - {ALL})]


def filter_name(kind: str, code: str, language: Language) -> str:
    return language.say("actions.all") if code == ALL else named(kind, code, language)


def rule_table(rows: Sequence[Row], language: Language) -> Table:
    counts = ("contacts", "controls", "in_other_experiment")
    columns = [
        Column("rule", language.say("actions.rule")),
        *(Column(name, language.say(f"actions.{name}"), "count") for name in counts),
        Column("owner", language.say("actions.owner")),
        Column("action", language.say("actions.action")),
        Column("channel", language.say("actions.channel")),
        Column("due_date", language.say("actions.due_date"), "date"),
        Column("rule_id", language.say("actions.rule_id")),
    ]
    return Table(columns, [in_words(row, language) for row in rows])


def customer_table(rows: Sequence[Row], language: Language) -> Table:
    columns = [
        Column("customer_id", language.say("actions.customer")),
        Column("rule", language.say("actions.rule")),
        Column("reason", language.say("actions.reason"), "prose"),
        Column("action", language.say("actions.action"), "prose"),
        Column("channel", language.say("actions.channel")),
        Column("owner", language.say("actions.owner")),
        Column("due_date", language.say("actions.due_date"), "date"),
        Column("variant", language.say("actions.variant")),
    ]
    return Table(columns, [{**in_words(row, language), "reason": row[f"reason_{language.code}"]} for row in rows])


def in_words(row: Row, language: Language) -> Row:
    said = {kind: named(kind, row[kind], language) for kind in ("owner", "action", "channel")}
    return {**row, **said, "rule": named("rule", row["rule_id"], language)}


# Outcomes


def of_rules(outcomes: Sequence[Row], evidence: Sequence[Row]) -> list[Row]:
    """Each rule with actions, all variants together: what it brought and how sure that is, the most treated first."""
    sure = {row["rule_id"]: row for row in evidence}
    found = [
        {**sure.get(row["rule_id"], {}), **row, "verdict": verdict(row, sure.get(row["rule_id"], {}))}
        for row in outcomes
        if row["variant"] == ALL
    ]
    return sorted(found, key=lambda row: (-row["treated"], row["rule_id"]))


def verdict(outcome: Row, sure: Row) -> str:
    """One of VERDICTS. What makes the arms unlike each other goes before what they show; an effect is shown only where
    it stands however often one looks and however many rules there are."""
    if outcome["uplift"] is None:
        return "alone"
    if sure.get("split_is_broken"):
        return "broken"
    if sure.get("contacts_differ"):
        return "contacts"
    if sure.get("is_discovery"):
        return "works" if outcome["uplift"] > 0 else "harms"
    return "unclear" if outcome["has_enough"] else "few"


def sentences_of_outcomes(rows: Sequence[Row], language: Language) -> Iterator[str]:
    """How many rules have shown an effect, then each verdict with its rules. `rows`: of_rules."""
    proven = sum(row["verdict"] in PROVEN for row in rows)
    counts = {"rules": language.number(len(rows)), "proven": language.number(proven)}
    yield (
        language.say("actions.some_proven", **counts)
        if proven
        else language.say("actions.none_proven", rules=counts["rules"])
    )
    for name in VERDICTS:
        own = [row for row in rows if row["verdict"] == name]
        if own:
            said = (in_figures(row, language) if name in PROVEN else rule_name(row, language) for row in own)
            yield language.say(f"actions.said.{name}", rules="; ".join(said))
    if waiting := total(rows, "waiting"):
        yield language.say("actions.waiting_actions", actions=language.number(waiting))


def rule_name(row: Row, language: Language) -> str:
    return named("rule", row["rule_id"], language)


def in_figures(row: Row, language: Language) -> str:
    low, high, uplift = (language.points(row[name]) for name in ("always_valid_low", "always_valid_high", "uplift"))
    return language.say("actions.in_figures", rule=rule_name(row, language), uplift=uplift, low=low, high=high)


def effects(rows: Sequence[Row], glossary: Glossary, language: Language) -> Chart:
    """The uplift of each rule with both intervals beside 0; in blue or orange what is shown, in grey what is not."""
    known = [row for row in rows if row["uplift"] is not None and row.get("always_valid_low") is not None]
    names = [rule_name(row, language) for row in known]
    name = glossary.term("uplift").name
    hints = [f"{arms(row, language)}<br>{verdict_name(row, language)}" for row in known]
    fixed, always = (
        Series(
            name, [row["uplift"] for row in known], [row[f"{ends}_low"] for row in known],
            [row[f"{ends}_high"] for row in known], hints,
        )
        for ends in ("uplift", "always_valid")
    )  # fmt: skip
    figure = forest(
        names,
        [(language.say("actions.always_valid"), always), (language.say("actions.fixed_interval"), fixed)],
        "points",
        language,
        colours=[colour(row) for row in known],
    )
    parts = "; ".join(f"{one} {language.points(row['uplift'])}" for one, row in zip(names, known, strict=True))
    table = outcome_table(rows, glossary, language)
    return Chart(figure, language.say("actions.outcomes_alt", parts=parts or NOTHING), table)


def arms(row: Row, language: Language) -> str:
    sizes = {name: language.number(row[name]) for name in ("treated", "control")}
    return language.say("actions.of_arms", **sizes)


def verdict_name(row: Row, language: Language) -> str:
    return language.say(f"actions.verdict.{row['verdict']}")


def colour(row: Row) -> str:
    return {"works": BLUE, "harms": ORANGE}.get(row["verdict"], GREY)


def outcome_table(rows: Sequence[Row], glossary: Glossary, language: Language) -> Table:
    columns = [
        Column("rule", language.say("actions.rule")),
        Column("verdict", language.say("actions.verdict")),
        Column("uplift", glossary.term("uplift").name, "points", tip=glossary.term("uplift").definition),
        Column("interval", language.say("actions.interval"), "shown"),
        Column("always_valid", language.say("actions.always_valid_interval"), "shown"),
        *map(glossary.column, ("treated", "control", "treated_rate", "control_rate", "waiting", "value_won")),
        Column("rule_id", language.say("actions.rule_id")),
    ]
    return Table(
        columns,
        [
            {
                **row,
                "rule": rule_name(row, language),
                "verdict": verdict_name(row, language),
                "interval": between(row["uplift_low"], row["uplift_high"], language),
                "always_valid": between(row.get("always_valid_low"), row.get("always_valid_high"), language),
            }
            for row in rows
        ],
    )


def between(low: float | None, high: float | None, language: Language) -> str:
    if low is None or high is None:
        return NOTHING
    return language.say("targets.range", low=language.points(low), high=language.points(high))


# The programme


@dataclass(frozen=True)
class Worth:
    """What the playbook brought in some months, in the reporting currency."""

    months: int
    value: float
    low: float
    high: float
    rules: float | None  # the sum of the rules; null where none of them was measured


def measured(rows: Sequence[Row]) -> list[Row]:
    """The complete months in which both sides have the customers that an interval needs, with its ends in money."""
    return [
        {
            **row,
            "programme_value_low": row["revenue_difference_low"] * row["programme_customers"],
            "programme_value_high": row["revenue_difference_high"] * row["programme_customers"],
        }
        for row in complete(rows)
        if row["revenue_difference_low"] is not None
    ]


def worth(rows: Sequence[Row]) -> Worth | None:
    """All measured months together. The standard deviation of a sum is at most the sum of the standard deviations, so
    the sum of the intervals is wide enough whatever the months have in common."""
    found = measured(rows)
    if not found:
        return None
    value, low, high = (sum(row[f"programme_value{end}"] for row in found) for end in ("", "_low", "_high"))
    rules = [row["value_won_by_rules"] for row in found if row["value_won_by_rules"] is not None]
    return Worth(len(found), value, low, high, sum(rules) if rules else None)


def sentences_of_programme(rows: Sequence[Row], language: Language, currency: str) -> Iterator[str]:
    found = worth(rows)
    if found is None:
        yield language.say("actions.no_programme")
        return

    def money(value: float) -> str:
        return language.money(value, currency, 0)

    words = {"value": money(found.value), "low": money(found.low), "high": money(found.high)}
    if found.months == 1:
        yield language.say("actions.programme_one", **words)
    else:
        yield language.say("actions.programme_said", months=language.number(found.months), **words)
    if found.low > 0:
        yield language.say("actions.programme_sure")
    else:
        yield language.say("actions.programme_bad" if found.high < 0 else "actions.programme_unsure")
    if found.rules is not None:
        yield language.say("actions.sum_of_rules", value=money(found.rules))
    if found.months > 1:
        yield language.say("actions.months_added")


def programme(rows: Sequence[Row], glossary: Glossary, language: Language, currency: str) -> Chart:
    """What the playbook brought in each measured month, the latest first."""
    found = measured(rows)[::-1]
    labels = [language.period("month", row["month_start"]) for row in found]
    name = language.say("actions.programme_value")
    line = Series(
        name,
        [row["programme_value"] for row in found],
        [row["programme_value_low"] for row in found],
        [row["programme_value_high"] for row in found],
        [
            f"{language.say('actions.rules_value')}: {language.money(row['value_won_by_rules'], currency)}"
            for row in found
        ],
    )
    parts = "; ".join(
        f"{label} {language.money(row['programme_value'], currency, 0)}"
        for label, row in zip(labels, found, strict=True)
    )
    columns = [
        Column("month_start", language.say("common.month"), "period", "month"),
        Column("programme_value", name, "currency"),
        Column("interval", language.say("actions.interval"), "shown"),
        Column("value_won_by_rules", language.say("actions.rules_value"), "currency"),
        Column("programme_customers", language.say("actions.programme_customers"), "customers"),
        Column("control_customers", language.say("actions.control_customers"), "customers"),
        *map(glossary.column, ("programme_revenue_per_customer", "control_revenue_per_customer")),
    ]
    shown = [
        {
            **row,
            "interval": language.say(
                "targets.range",
                low=language.money(row["programme_value_low"], currency, 0),
                high=language.money(row["programme_value_high"], currency, 0),
            ),
        }
        for row in found
    ]
    rules = Series(language.say("actions.rules_value"), [row["value_won_by_rules"] for row in found])
    figure = dots(labels, line, "currency", language, currency, beside=0, also=rules)
    return Chart(figure, language.say("actions.programme_alt", parts=parts or NOTHING), Table(columns, shown))


# How long to wait


def needed(base: float, difference: float, control_share: float) -> tuple[int, int] | None:
    """How many treated and how many controls it takes to see `difference` in the share that orders, where `base` of the
    controls do: at a single look with 95 % confidence in four of five cases (power 0.8). The formula is that of Fleiss,
    Levin and Paik (Statistical Methods for Rates and Proportions, 3rd edition, 2003, chapter 4) for arms of unequal
    size, without correction for continuity. None where one arm is empty or the shares leave 0 to 1."""
    with_action = base + difference
    if not (0 < control_share < 1 and 0 <= base <= 1 and 0 <= with_action <= 1 and difference):
        return None
    ratio = (1 - control_share) / control_share  # treated for each control
    mean = (base + ratio * with_action) / (1 + ratio)
    confidence, power = NormalDist().inv_cdf(0.975), NormalDist().inv_cdf(0.8)
    spread = confidence * sqrt((ratio + 1) * mean * (1 - mean)) + power * sqrt(
        ratio * base * (1 - base) + with_action * (1 - with_action)
    )
    controls = spread**2 / (ratio * difference**2)
    return ceil(ratio * controls), ceil(controls)


def base_rate(row: Row) -> float:
    """The share of the controls that order, with one order and one without added: of few, none is not never."""
    return (int(row["control_successes"]) + 1) / (int(row["control"]) + 2)


def patience(rows: Sequence[Row], first: date | None, as_of: date) -> list[Row]:
    """What each rule with both arms still needs. Months to go are at the pace since `first`, the month of the first
    action. `rows`: of_rules."""
    found: list[Row] = []
    for row in rows:
        share = row.get("asked_control_share")
        if not row["control"] or not row["treated"] or not share:
            continue
        base = base_rate(row)
        controls = {difference: needed(base, difference, share) for difference in DIFFERENCES}
        found.append(
            {
                **row,
                "base_rate": base,
                **{f"needed_{difference}": size[1] if size else None for difference, size in controls.items()},
                "months_left": months_left(row, controls[LARGE], first, as_of),
            }
        )
    return found


def first_month(programme: Sequence[Row]) -> date | None:
    """The month of the first action. `programme`: questions.playbook_programme."""
    return min((row["month_start"] for row in programme), default=None)


def months_left(row: Mapping[str, object], size: tuple[int, int] | None, first: date | None, as_of: date) -> int | None:
    """How long the arm that lags takes at the pace so far; null where nothing tells the pace."""
    if size is None or first is None or as_of <= first:
        return None
    months = (as_of - first).days / DAYS_OF_A_MONTH
    missing = [
        max(0.0, wanted - has) / (has / months)
        for wanted, has in zip(size, (int(str(row["treated"])), int(str(row["control"]))), strict=True)
    ]
    return ceil(max(missing))


def sentences_of_patience(rows: Sequence[Row], language: Language) -> Iterator[str]:
    """Which rules have enough for a large difference. `rows`: patience."""
    points = in_points(LARGE, language)
    enough = [row for row in rows if row["months_left"] == 0]
    for row in enough:
        yield language.say("actions.enough_for", rule=rule_name(row, language), points=points)
    if not enough:
        yield language.say("actions.enough_for_none", points=points)


def in_points(difference: float, language: Language) -> str:
    return language.say("actions.points", points=language.number(100 * difference))


def patience_table(rows: Sequence[Row], language: Language) -> Table:
    columns = [
        Column("rule", language.say("actions.rule")),
        Column("base_rate", language.say("actions.base_rate"), "rate"),
        Column("control", language.say("actions.left_alone_so_far"), "count"),
        *(
            Column(
                f"needed_{difference}", language.say("actions.needed", points=in_points(difference, language)), "count"
            )
            for difference in reversed(DIFFERENCES)
        ),
        Column("months_left", language.say("actions.months_left", points=in_points(LARGE, language)), "count"),
    ]
    return Table(columns, [{**row, "rule": rule_name(row, language)} for row in rows])
