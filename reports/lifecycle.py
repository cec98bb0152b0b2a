"""The lifecycle: at which stage customers stand, and how they move from stage to stage, month by month."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from reports.charts import Chart, Node, Series, few_labels, flows, layers, lines, lying_bars
from reports.colours import STAGES as COLOURS
from reports.glossary import Glossary
from reports.language import Language
from reports.questions import Row
from reports.tables import Column, Table

STAGES = ("loyal", "active", "new", "reactivated", "at_risk", "lost")  # from best to worst
STARTS = ("prospect", *STAGES)
MOVES = ("slipped", "lost", "back")
SHOWN = ("moved", "all")  # who a flow shows: those who changed their stage, or everybody
COURSE = 24  # months
LIMITS = ("active_window_days", "at_risk_after_days", "new_window_days", "loyal_min_orders")  # settings


def months(steps: Sequence[Row]) -> list[date]:
    """The months that are known, the latest first."""
    return sorted({row["month_start"] for row in steps}, reverse=True)


def complete_months(steps: Sequence[Row]) -> list[date]:
    return months([row for row in steps if row["is_complete"]])


def of(steps: Sequence[Row], month: date) -> list[Row]:
    return [row for row in steps if row["month_start"] == month]


def move_of(row: Row) -> str | None:
    """What a step means for the bond: who slipped away, was lost, or came back; nothing of all others."""
    before, after = row["from_stage"], row["to_stage"]
    if before == "lost":
        return "back" if after != "lost" else None
    if after == "lost":
        return "lost"
    return "slipped" if after == "at_risk" and before != "at_risk" else None


def moved(steps: Sequence[Row], month: date, move: str) -> int:
    """How many customers made a move in a month."""
    return sum(row["customers"] for row in of(steps, month) if move_of(row) == move)


def sentences(steps: Sequence[Row], month: date, language: Language) -> Iterator[str]:
    """Who slipped away, was lost and came back in a month, against the month before where both are complete."""
    now = {move: moved(steps, month, move) for move in MOVES}
    period = language.period("month", month)
    counted = {move: language.number(now[move]) for move in MOVES}
    yield language.say("lifecycle.said", period=period, at_risk=language.stage("at_risk"), **counted)
    complete = complete_months(steps)
    if month not in complete:
        yield language.say("lifecycle.running")
        return
    earlier = [other for other in complete if other < month]
    if not earlier:
        return
    for move in MOVES:
        before = moved(steps, earlier[0], move)
        yield language.say(
            f"lifecycle.{'level' if now[move] == before else 'compared'}",
            move=language.say(f"lifecycle.{move}"),
            now=language.number(now[move]),
            period=language.period("month", earlier[0]),
            **against(now[move], before, language),
        )


def against(now: int, before: int, language: Language) -> dict[str, str]:
    """What a figure was before and how it changed, where it did."""
    if now == before:
        return {}
    return {"before": language.number(before), "change": language.change(now - before, "customers")}


def limits(settings: Mapping[str, object], language: Language) -> str:
    """What the stages mean, with the limits that the build was made with; nothing where nobody noted them."""
    if not settings:
        return ""
    stages = {stage: language.stage(stage) for stage in STAGES}
    return language.say("lifecycle.now_note", **stages, **{name: settings.get(name) for name in LIMITS})


def stages_now(rows: Sequence[Row], glossary: Glossary, language: Language) -> Chart:
    """Customers by stage as of today, and what they brought to date."""
    ordered = sorted(rows, key=lambda row: place(row["lifecycle_stage"]))
    names = [language.stage(row["lifecycle_stage"]) for row in ordered]
    columns = [
        Column("stage", glossary.term("lifecycle_stage").name),
        Column("customers", language.say("common.customers"), "customers"),
        Column("net_revenue", language.say("lifecycle.revenue"), "currency"),
    ]
    parts = ", ".join(f"{name} {language.number(row['customers'])}" for name, row in zip(names, ordered, strict=True))
    return Chart(
        lying_bars(
            names,
            [row["customers"] for row in ordered],
            "customers",
            language,
            colours=[COLOURS.get(row["lifecycle_stage"], COLOURS["lost"]) for row in ordered],
        ),
        language.say("lifecycle.now_alt", parts=parts),
        Table(columns, [{**row, "stage": name} for row, name in zip(ordered, names, strict=True)]),
    )


def place(stage: str) -> int:
    return STARTS.index(stage) if stage in STARTS else len(STARTS)


def stages_over_time(steps: Sequence[Row], language: Language) -> Chart:
    """Customers by stage at the end of each month; in the running one, as of today."""
    ends = sorted(months(steps))
    counted = {
        month: {
            stage: sum(row["customers"] for row in of(steps, month) if row["to_stage"] == stage) for stage in STAGES
        }
        for month in ends
    }
    labels = [language.short_period("month", month) for month in ends]
    series = [Series(language.stage(stage), [counted[month][stage] for month in ends]) for stage in STAGES]
    columns = [
        Column("month", language.say("lifecycle.month_end"), "period", "month"),
        *(Column(stage, language.stage(stage), "customers") for stage in STAGES),
    ]
    figure = layers(labels, series, "customers", language, colours=[COLOURS[stage] for stage in STAGES])
    few_labels(figure, labels, 6)
    return Chart(
        figure,
        language.say(
            "lifecycle.course_alt",
            first=language.period("month", ends[0]) if ends else "",
            last=language.period("month", ends[-1]) if ends else "",
        ),
        Table(columns, [{"month": month, **counted[month]} for month in reversed(ends)]),
    )


def flow(steps: Sequence[Row], month: date, shown: str, language: Language) -> Chart:
    """From the stages at the end of the month before to those at the end of a month."""
    asked = sorted(of(steps, month), key=lambda row: (place(row["from_stage"]), place(row["to_stage"])))
    drawn = drawn_of(asked, shown)
    starts = nodes(drawn, "from_stage", language)
    ends = nodes(drawn, "to_stage", language)
    links = [
        (
            list(starts).index(row["from_stage"]),
            list(ends).index(row["to_stage"]),
            row["customers"],
            f"{step(row, language)}: {language.number(row['customers'])}",
        )
        for row in drawn
    ]
    table = Table(
        [
            Column("from", language.say("lifecycle.from")),
            Column("to", language.say("lifecycle.to")),
            Column("customers", language.say("common.customers"), "customers"),
        ],
        [
            {
                "from": language.stage(row["from_stage"]),
                "to": language.stage(row["to_stage"]),
                "customers": row["customers"],
            }
            for row in asked
        ],
    )
    largest = sorted(drawn, key=lambda row: -row["customers"])[:3]
    alt = language.say(
        "lifecycle.flow_alt",
        period=language.period("month", month),
        parts=", ".join(f"{step(row, language)} {language.number(row['customers'])}" for row in largest),
    )
    return Chart(flows(list(starts.values()), list(ends.values()), links), alt, table)


def drawn_of(steps: Sequence[Row], shown: str) -> list[Row]:
    """The steps that a flow shows."""
    return [row for row in steps if shown == "all" or row["from_stage"] != row["to_stage"]]


def nodes(steps: Sequence[Row], side: str, language: Language) -> dict[str, Node]:
    """The stages on one side of a flow, with how many customers pass through each."""
    found = {}
    for stage in STARTS:
        amount = sum(row["customers"] for row in steps if row[side] == stage)
        if amount:
            found[stage] = Node(f"{language.stage(stage)} {language.number(amount)}", COLOURS[stage], amount)
    return found


def step(row: Row, language: Language) -> str:
    return f"{language.stage(row['from_stage'])} → {language.stage(row['to_stage'])}"


def moves_over_time(steps: Sequence[Row], language: Language) -> Chart:
    """Who slipped away, was lost and came back, month by month. The running month is not compared."""
    return course_of_moves(steps, "lifecycle", MOVES, moved, language)


def course_of_moves(
    rows: Sequence[Row],
    words: str,
    moves: Sequence[str],
    moved: Callable[[Sequence[Row], date, str], int],
    language: Language,
) -> Chart:
    """How many customers made each move in the months that are over; `words` is the file that names the moves."""
    known = sorted(complete_months(rows))
    recent = known[-COURSE:]
    labels = [language.short_period("month", month) for month in recent]
    names = {move: language.say(f"{words}.{move}") for move in moves}
    series = [Series(names[move], [moved(rows, month, move) for month in recent]) for move in moves]
    columns = [
        Column("month", language.say("common.month"), "period", "month"),
        *(Column(move, names[move], "customers") for move in moves),
    ]
    counted = [{"month": month, **{move: moved(rows, month, move) for move in moves}} for month in reversed(known)]
    alt = language.say(
        f"{words}.moves_alt",
        first=language.period("month", recent[0]) if recent else "",
        last=language.period("month", recent[-1]) if recent else "",
    )
    figure = lines(labels, series, "customers", language, from_zero=True)
    few_labels(figure, labels, 6)
    return Chart(figure, alt, Table(columns, counted))
