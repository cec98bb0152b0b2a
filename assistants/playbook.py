"""What is to be done for customers, and whether what was done helped: by rule, and of groups alone."""

from __future__ import annotations

import re

from assistants.answers import (
    ActionsToday,
    Outcomes,
    OwnerToday,
    PlaybookFigure,
    PlaybookProgramme,
    RuleEvidence,
    RuleOutcome,
    RuleToday,
)
from assistants.arguments import AMeasuredMonth, ARule, Nothing
from assistants.figures import known_in, not_of_one, parts, told, whether_over
from assistants.programmes import is_over, month_asked
from assistants.reading import ALL, ENGLISH, Reading
from assistants.refusals import RefusedError, named, unknown
from reports import questions
from reports.actions import by_owner, total
from reports.questions import Row

PROGRAMME = "playbook_programme"
LEAST = 2  # what a single customer did is that person's


def get_actions_today(reading: Reading, _: Nothing) -> ActionsToday:
    rows = reading.rows(questions.actions_by_rule())
    sums = {name: total(rows, name) for name in ("contacts", "controls", "in_other_experiment")}
    for customers in sums.values():
        not_of_one(customers)
    owners = [OwnerToday(owner=owner, contacts=several(n)) for owner, n in by_owner(rows).items()]
    by_whom = ", ".join(f"{named(one.owner)} {count(one.contacts)}" for one in owners)
    by_rule = ", ".join(f"{rule_named(row['rule_id'])} {count(several(row['contacts']))}" for row in rows)
    said = f"to be contacted: {ENGLISH.number(sums['contacts'])}, by owner: {by_whom}; by rule: {by_rule}"
    return ActionsToday(
        sentence=(
            f"{said if sums['contacts'] else 'nobody is to be contacted'}; left alone to see what the actions bring: "
            f"{ENGLISH.number(sums['controls'])}; waiting for the experiment of another rule: "
            f"{ENGLISH.number(sums['in_other_experiment'])}; {reading.stand}."
        ),
        build=reading.build,
        **sums,
        owners=owners,
        rules=[
            RuleToday(
                **{name: several(row[name]) for name in sums},
                **{name: row[name] for name in ("rule_id", "owner", "channel", "due_date")},
            )
            for row in rows
        ],
    )


def several(customers: int) -> int | None:
    """How many they are, where they are not one."""
    return None if customers == 1 else customers


def count(customers: int | None) -> str:
    return "fewer than two" if customers is None else ENGLISH.number(customers)


def get_playbook_outcomes(reading: Reading, asked: ARule) -> Outcomes:
    rows = reading.rows(questions.playbook_outcomes())
    if not rows:
        raise RefusedError(f"this shop has noted no actions of a playbook, so it is not known; {reading.stand}")
    rules = sorted({row["rule_id"] for row in rows})
    if asked.rule_id != ALL and asked.rule_id not in rules:
        raise unknown("rule", asked.rule_id, {name: (name,) for name in rules}, "the value all")
    own = [row for row in rows if row["variant" if asked.rule_id == ALL else "rule_id"] == asked.rule_id]
    own.sort(key=lambda row: (-row["treated"], row["rule_id"], row["variant"]))
    enough = [row for row in own if min(row["treated"], row["control"]) >= LEAST]
    told_of = {row["rule_id"] for row in enough if row["variant"] == ALL}
    evidence = [row for row in reading.rows(questions.playbook_evidence()) if row["rule_id"] in told_of]
    broken = [rule_named(row["rule_id"]) for row in evidence if row["split_is_broken"]]
    uneven = [rule_named(row["rule_id"]) for row in evidence if row["contacts_differ"]]
    said = "; ".join(in_words(row) for row in enough) or "no rule has two actions in each arm whose window is over"
    return Outcomes(
        sentence=(
            f"{said}; the intervals hold for one planned look"
            f"{'; the arms are not as they were drawn, trust no uplift: ' + ', '.join(broken) if broken else ''}"
            f"{'; other messages reached one arm more often, of ' + ', '.join(uneven) if uneven else ''}; "
            f"{reading.stand}."
        ),
        build=reading.build,
        outcomes=[RuleOutcome(**row) for row in enough],
        evidence=[
            RuleEvidence(**{name: value for name, value in row.items() if name in RuleEvidence.model_fields})
            for row in evidence
        ],
        not_told=[name_of(row) for row in own if row not in enough],
    )


def name_of(row: Row) -> str:
    return rule_named(row["rule_id"]) + ("" if row["variant"] == ALL else f", variant {named(row['variant'])}")


def rule_named(rule_id: str) -> str:
    """A rule is called by one word, which can hold no order to whoever reads it, as emails_unopened."""
    return f"'{rule_id}'" if re.fullmatch(r"[a-z0-9_]{1,60}", rule_id) else named(rule_id)


def in_words(row: Row) -> str:
    points, low, high = (ENGLISH.number(100 * row[name], 1) for name in ("uplift", "uplift_low", "uplift_high"))
    verdict = "beyond chance" if row["is_conclusive"] else "it can be chance"
    return (
        f"{name_of(row)}: {ENGLISH.percent(row['treated_rate'])} of {ENGLISH.number(row['treated'])} treated and "
        f"{ENGLISH.percent(row['control_rate'])} of {ENGLISH.number(row['control'])} left alone ordered, "
        f"{points} points (95 % interval {low} to {high}), {verdict}"
        f"{'' if row['has_enough'] else ', and there are fewer than 100 in an arm'}"
    )


def get_playbook_programme(reading: Reading, asked: AMeasuredMonth) -> PlaybookProgramme:
    term = known_in(reading, PROGRAMME, asked.measure, "get_playbook_programme")
    month = month_asked(reading, asked.month)
    first = reading.rows(questions.first_month(PROGRAMME))[0]["first_month"]
    if first is None:
        raise RefusedError(f"this shop has noted no actions of a playbook, so it is not known; {reading.stand}")
    found = reading.rows(questions.figure(PROGRAMME, asked.measure, {"month_start": month}))
    if not found:
        if month < first:
            raise RefusedError(f"the figures begin later: the first month is that of {first}")
        raise RefusedError(f"the month of {month} has not begun by the as-of date {reading.build.as_of_date}")
    row = found[0]
    if asked.measure not in ("programme_customers", "control_customers"):
        not_of_one(row["programme_customers"])
        not_of_one(row["control_customers"])
    figure = PlaybookFigure(
        **parts(reading, PROGRAMME, term, row),
        **{name: row[name] for name in ("month_start", "programme_customers", "control_customers")},
        is_complete=is_over(reading, month),
    )
    of = (
        f"{ENGLISH.period('month', month)}, {ENGLISH.number(figure.programme_customers)} customers of the programme "
        f"against {ENGLISH.number(figure.control_customers)} whom no rule contacts"
    )
    return PlaybookProgramme(
        sentence=f"{told(figure, of, reading.build.currency)}; {whether_over(figure.is_complete)}; {reading.stand}.",
        build=reading.build,
        figure=figure,
    )
