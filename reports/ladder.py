"""The value ladder: who climbs to a higher step of revenue, and who steps down before leaving."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from graphlib import TopologicalSorter

from reports.charts import Chart, Node, flows
from reports.colours import SERIES
from reports.glossary import Glossary
from reports.language import Language
from reports.lifecycle import complete_months, course_of_moves, of
from reports.questions import Row
from reports.tables import Column, Table

NONE = "none"
MOVES = ("climbed", "arrived", "stepped_down", "left")
NO_STEP = "#d5dbe3"


def move_of(row: Row) -> str | None:
    """What a move means: who arrived on a step, climbed, stepped down or left all steps; nothing of who stayed."""
    if row["direction"] == "same":
        return None
    if row["direction"] == "up":
        return "arrived" if row["from_step"] == NONE else "climbed"
    return "left" if row["to_step"] == NONE else "stepped_down"


def moved(moves: Sequence[Row], month: date, move: str) -> int:
    """How many customers made a move in a month."""
    return sum(row["customers"] for row in of(moves, month) if move_of(row) == move)


def steps(moves: Sequence[Row]) -> list[str]:
    """The steps from the highest to the lowest, no step last: each that somebody climbed to lies above where from."""
    order: TopologicalSorter[str] = TopologicalSorter()
    for row in moves:
        below, above = row["from_step"], row["to_step"]
        order.add(below)
        order.add(above)
        if row["direction"] == "up":
            order.add(above, below)
        elif row["direction"] == "down":
            order.add(below, above)
    return list(order.static_order())[::-1]


def names(moves: Sequence[Row], language: Language) -> dict[str, str]:
    found = {}
    for row in moves:
        for side in ("from", "to"):
            step = row[f"{side}_step"]
            name = row[f"{side}_step_{language.code}"]
            found[step] = language.say("ladder.none") if step == NONE else name
    return found


def sentences(moves: Sequence[Row], month: date, language: Language) -> Iterator[str]:
    """Who climbed and who stepped down in a month, against the month before where both are over."""
    counted = {move: language.number(moved(moves, month, move)) for move in MOVES}
    yield language.say("ladder.said", period=language.period("month", month), **counted)
    complete = complete_months(moves)
    if month not in complete:
        yield language.say("lifecycle.running")
        return
    earlier = [other for other in complete if other < month]
    if earlier:
        before = {move: language.number(moved(moves, earlier[0], move)) for move in MOVES}
        yield language.say("ladder.before", period=language.period("month", earlier[0]), **before)


def flow(moves: Sequence[Row], month: date, shown: str, language: Language) -> Chart:
    """From the steps at the end of the month before to those at the end of a month."""
    ranks, called = steps(moves), names(moves, language)
    asked = sorted(of(moves, month), key=lambda row: (ranks.index(row["from_step"]), ranks.index(row["to_step"])))
    drawn = drawn_of(asked, month, shown)
    starts = nodes(drawn, "from_step", ranks, called, language)
    ends = nodes(drawn, "to_step", ranks, called, language)

    def way(row: Row) -> str:
        return f"{called[row['from_step']]} → {called[row['to_step']]}"

    links = [
        (
            list(starts).index(row["from_step"]),
            list(ends).index(row["to_step"]),
            row["customers"],
            f"{way(row)}: {language.number(row['customers'])}",
        )
        for row in drawn
    ]
    table = Table(
        [
            Column("from", language.say("ladder.from")),
            Column("to", language.say("ladder.to")),
            Column("customers", language.say("common.customers"), "customers"),
        ],
        [{**row, "from": called[row["from_step"]], "to": called[row["to_step"]]} for row in asked],
    )
    largest = sorted(drawn, key=lambda row: -row["customers"])[:3]
    alt = language.say(
        "ladder.flow_alt",
        period=language.period("month", month),
        parts=", ".join(f"{way(row)} {language.number(row['customers'])}" for row in largest),
    )
    return Chart(flows(list(starts.values()), list(ends.values()), links), alt, table)


def drawn_of(moves: Sequence[Row], month: date, shown: str) -> list[Row]:
    """The moves of a month that a flow shows."""
    return [row for row in of(moves, month) if shown == "all" or row["from_step"] != row["to_step"]]


def nodes(
    moves: Sequence[Row], side: str, ranks: Sequence[str], called: dict[str, str], language: Language
) -> dict[str, Node]:
    """The steps on one side of a flow, with how many customers pass through each."""
    found = {}
    for place, step in enumerate(ranks):
        amount = sum(row["customers"] for row in moves if row[side] == step)
        if amount:
            colour = NO_STEP if step == NONE else SERIES[place % len(SERIES)]
            found[step] = Node(f"{called[step]} {language.number(amount)}", colour, amount)
    return found


def step_table(moves: Sequence[Row], month: date, glossary: Glossary, language: Language) -> Table:
    """Who stands on each step at the end of a month, and how many of them buy across categories."""
    called = names(moves, language)
    columns = [
        Column("step", language.say("ladder.step")),
        Column("customers", language.say("common.customers"), "customers"),
        glossary.column("cross_category_rate"),
    ]
    found = []
    for step in steps(moves):
        there = [row for row in of(moves, month) if row["to_step"] == step]
        if there and step != NONE:
            found.append(
                {
                    "step": called[step],
                    "customers": sum(row["customers"] for row in there),
                    "cross_category_rate": there[0]["cross_category_rate"],
                }
            )
    if all(row["cross_category_rate"] is None for row in found):
        del columns[2]
    return Table(columns, found)


def moves_over_time(moves: Sequence[Row], language: Language) -> Chart:
    """Who climbed and who stepped down, month by month. The running month is not compared."""
    return course_of_moves(moves, "ladder", MOVES, moved, language)
