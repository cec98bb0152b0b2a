"""How customers are: the health of all of them or of a group, never of one."""

from __future__ import annotations

from assistants.answers import Health, HealthComponent
from assistants.arguments import AHealth
from assistants.figures import not_of_one
from assistants.reading import ALL, ENGLISH, Reading
from assistants.refusals import RefusedError, named, unknown
from reports import questions
from reports.questions import HEALTH_COMPONENTS


def get_health(reading: Reading, asked: AHealth) -> Health:
    rows = {row["segment"]: row for row in reading.rows(questions.health(asked.dimension))}
    if not rows:
        raise RefusedError("nobody has ordered yet, so nobody is well or unwell")
    if asked.segment not in rows:
        if asked.segment == ALL:
            raise RefusedError(f"say which {asked.dimension}: one of {', '.join(rows)}")
        raise unknown(asked.dimension, asked.segment, {name: (name,) for name in rows}, "get_health")
    row = rows[asked.segment]
    not_of_one(row["customers"])
    not_of_one(row["scored_customers"])
    if row["compared_customers"] == 1:
        row["average_change_28d"] = None
    components = [
        HealthComponent(
            component=name,
            name_en=reading.terms[f"health_{name}"]["name_en"],
            name_de=reading.terms[f"health_{name}"]["name_de"],
            customers=row[f"{name}_customers"],
            average=None if row[f"{name}_customers"] == 1 else row[f"average_{name}"],
        )
        for name in HEALTH_COMPONENTS
    ]
    of = "all customers" if asked.segment == ALL else f"customers with {asked.dimension} {named(asked.segment)}"
    return Health(
        sentence=f"{in_words(row, of)}; {reading.stand}.",
        build=reading.build,
        dimension=asked.dimension,
        components=sorted(components, key=lambda one: 6.0 if one.average is None else one.average),
        **{name: value for name, value in row.items() if name in Health.model_fields},
    )


def in_words(row: questions.Row, of: str) -> str:
    if not row["scored_customers"]:
        return f"Of {of} nothing is known that a health score is made of"
    change = row["average_change_28d"]
    moved = "" if change is None else f", {ENGLISH.number(change, 2)} against 28 days before"
    return (
        f"Of {ENGLISH.number(row['scored_customers'])} {of} with a health score "
        f"{ENGLISH.number(row['healthy_customers'])} are healthy, {ENGLISH.number(row['watch_customers'])} "
        f"to be watched and {ENGLISH.number(row['critical_customers'])} critical; the mean is "
        f"{ENGLISH.number(row['average_health_score'], 1)} of 5{moved}; it is a rule by experience and no probability"
    )
