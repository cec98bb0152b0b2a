"""The 15-point audit of customer retention: where it is weakest, by what evidence, and what to do first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap

from reports import questions
from reports.charts import Chart, empty_figure
from reports.colours import BLUE, GRID, faint
from reports.language import NOTHING, Language
from reports.questions import Row, answer
from reports.tables import Column, Table

WEAKEST = 3  # points that are told first
WIDTH = 100  # characters of a printed line
UNSCORED = "not_scored"


def scored(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["audit_score"] is not None]


def words_of(row: Row, name: str, language: Language) -> str:
    """What the audit says in the reader's language: area, question, evidence, full score or first step."""
    return str(row[f"{name}_{language.code}"])


def total(rows: Sequence[Row], language: Language) -> str:
    known = scored(rows)
    if not known:
        return language.say("audit.none_scored")
    return language.say(
        "audit.total",
        scored=language.number(len(known)),
        points=language.number(len(rows)),
        score=language.number(sum(row["audit_score"] for row in known)),
        most=language.number(sum(row["max_score"] for row in known)),
    )


def of_score(row: Row, language: Language) -> str:
    if row["audit_score"] is None:
        return NOTHING
    return language.say("audit.of_score", score=row["audit_score"], most=row["max_score"])


def how(row: Row, language: Language) -> str:
    return language.say("audit.unscored" if row["how_scored"] == UNSCORED else f"audit.{row['how_scored']}")


def not_scored(rows: Sequence[Row], language: Language) -> str | None:
    points = sorted(row["audit_point"] for row in rows if row["audit_score"] is None)
    return language.say("audit.not_scored", points=", ".join(map(str, points))) if points else None


def sentences(rows: Sequence[Row], language: Language) -> Iterator[str]:
    """The total, the weakest points with their evidence and first step, and which are not scored."""
    yield total(rows, language)
    for row in scored(rows)[:WEAKEST]:
        said = language.say(
            "audit.weakest",
            point=row["audit_point"],
            score=row["audit_score"],
            most=row["max_score"],
            question=words_of(row, "question", language),
            evidence=words_of(row, "evidence", language),
        )
        yield f"{said} {language.say('audit.step', step=words_of(row, 'first_step', language))}"
    missing = not_scored(rows, language)
    if missing:
        yield missing


# By area


def areas(rows: Sequence[Row], language: Language) -> list[dict[str, object]]:
    """Each area in the order of its first point: its points, how many are scored, and the mean of their scores."""
    found: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda one: int(one["audit_point"])):
        found.setdefault(row["area"], []).append(row)
    return [area_of(own, language) for own in found.values()]


def area_of(own: Sequence[Row], language: Language) -> dict[str, object]:
    known = [int(row["audit_score"]) for row in scored(own)]
    return {
        "area": words_of(own[0], "area", language),
        "points": len(own),
        "scored": len(known),
        "mean": sum(known) / len(known) if known else None,
    }


def radar(rows: Sequence[Row], language: Language) -> Chart:
    """The mean score of each area on an axis of its own; the line is open where no point of an area is scored."""
    found = areas(rows, language)
    most = max((row["max_score"] for row in rows), default=5)
    names = ["<br>".join(wrap(str(one["area"]), 13)) for one in found]
    means = [one["mean"] for one in found]
    told = [f"{one['area']}: {language.value(one['mean'], 'number')}" for one in found]
    between = 90 + 180 / max(len(found), 1)  # degrees: the numbers stand where no marker hides them
    figure = empty_figure(language, 380)
    figure.add_scatterpolar(
        r=[*means, *means[:1]],
        theta=[*names, *names[:1]],
        mode="lines+markers",
        line={"color": BLUE, "width": 2.5},
        marker={"size": 8, "color": BLUE},
        fill="toself" if None not in means else "none",
        fillcolor=faint(BLUE),
        connectgaps=False,
        customdata=[*told, *told[:1]],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.update_layout(
        margin={"l": 100, "r": 100, "t": 40, "b": 40},  # on a phone the names of the areas stand there
        polar={
            "bgcolor": "rgba(0,0,0,0)",
            "angularaxis": {
                "categoryorder": "array", "categoryarray": names, "direction": "clockwise", "rotation": 90,
                "gridcolor": GRID, "linecolor": GRID,
            },
            "radialaxis": {
                "range": [0, most], "tickvals": list(range(1, most + 1)), "gridcolor": GRID, "linecolor": GRID,
                "angle": between, "tickangle": between,
            },
        },
    )  # fmt: skip
    columns = [
        Column("area", language.say("audit.area")),
        Column("points", language.say("audit.points"), "count"),
        Column("scored", language.say("audit.scored_points"), "count"),
        Column("mean", language.say("audit.mean"), "number"),
    ]
    return Chart(figure, language.say("audit.alt", areas="; ".join(told)), Table(columns, found))


# All points


def point_table(rows: Sequence[Row], language: Language) -> Table:
    columns = [
        Column("point", language.say("audit.point"), "count"),
        Column("score", language.say("audit.score")),
        Column("question", language.say("audit.question"), "prose"),
        Column("evidence", language.say("audit.evidence"), "prose"),
        Column("first_step", language.say("audit.first_step"), "prose"),
        Column("how", language.say("audit.how")),
        Column("area", language.say("audit.area")),
        Column("full_score", language.say("audit.full_score"), "prose"),
    ]
    return Table(
        columns,
        [
            {
                "point": row["audit_point"],
                "score": of_score(row, language),
                "how": how(row, language),
                **{
                    name: words_of(row, name, language)
                    for name in ("area", "question", "evidence", "full_score", "first_step")
                },
            }
            for row in rows
        ],
    )


# Printed


def audit_lines(published: Path, code: str) -> Iterator[str]:
    """The audit of the published build as lines of text. Raises PublishedFileError, MissingMartError."""
    return printed(answer(published, questions.retention_audit()), Language(code))


def printed(rows: Sequence[Row], language: Language) -> Iterator[str]:
    if not rows:
        yield language.say("common.mart_empty")
        return
    yield language.say("audit.heading")
    yield total(rows, language)
    for row in rows:
        yield ""
        score = f"{of_score(row, language)}, {how(row, language)}" if row["audit_score"] else how(row, language)
        yield f"{row['audit_point']:>2}  {words_of(row, 'question', language)} ({score})"
        said = [words_of(row, "evidence", language)]
        said.append(language.say("audit.step", step=words_of(row, "first_step", language)))
        for text in said:
            for line in wrap(text, WIDTH - 4):
                yield f"    {line}"
