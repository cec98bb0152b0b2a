"""How far models are to be trusted: which of them are used, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reports import questions
from reports.language import Language
from reports.questions import Asking, MissingMartError, Row
from reports.tables import Column, Table

ORDERS, VALUE, CLV, CHURN = "bg_nbd", "gamma_gamma", "clv", "churn_logistic"
MODELS = (ORDERS, VALUE, CLV, CHURN)


@dataclass(frozen=True)
class Trust:
    """What the mart `prediction_trust` says of a model; `row` is None in a build of a version without it."""

    model: str
    why: str  # better, rival_better, no_difference, not_judged, refused, not_predicted
    is_used: bool
    row: Row | None = None


Trusted = Mapping[str, Trust]


def known_trust(ask: Asking) -> Trusted:
    """Which models are used; none in a build of a version without this mart."""
    try:
        return trusted(ask(questions.prediction_trust()))
    except MissingMartError:
        return trusted([])


def trusted(rows: Sequence[Row]) -> Trusted:
    """`rows`: questions.prediction_trust. Of a model without a row nothing is predicted."""
    found = {row["model"]: Trust(row["model"], row["why"], row["is_used"], row) for row in rows}
    return {model: found.get(model) or Trust(model, "not_predicted", False) for model in MODELS}


def backtest_rows(ask: Asking) -> list[Row]:
    """The rows of the backtest; none in a build of a version without this mart."""
    try:
        return list(ask(questions.prediction_backtest()))
    except MissingMartError:
        return []


def is_nothing(found: Trusted) -> bool:
    """Whether this build predicts nothing, as one that dbt made alone."""
    return all(one.why == "not_predicted" for one in found.values())


def without(trust: Trust, language: Language) -> str:
    """Why the figure of a model does not stand here."""
    return language.say(f"outlook.without_{trust.why}", what=language.say(f"outlook.of_{trust.model}"))


def sentences(found: Trusted, refusal: str | None, language: Language) -> Iterator[str]:
    used = [language.say(f"outlook.of_{model}") for model in MODELS if found[model].is_used]
    if used:
        yield language.say("outlook.used", used=len(used), models=len(MODELS), names=", ".join(used))
    elif is_nothing(found):
        yield language.say("outlook.nothing_predicted")
        return
    else:
        yield language.say("outlook.none_used")
    yield language.say("outlook.when_used")
    if found[CLV].is_used and not found[VALUE].is_used:
        yield language.say("outlook.judged_as_a_whole")
    if refusal:
        yield language.say("outlook.refusal", refusal=refusal)


def table(found: Trusted, language: Language) -> Table:
    say = language.say
    columns = [
        Column("model", say("outlook.model")),
        Column("verdict", say("outlook.verdict"), "prose"),
        Column("beside", say("outlook.rival"), "prose"),
        Column("as_of_date", say("outlook.judged_as_of"), "date"),
        Column("measure", say("outlook.error_of"), tip=say("outlook.error_tip")),
        Column("model_error", say("outlook.model_error"), "shown"),
        Column("rival_error", say("outlook.rival_error"), "shown"),
        Column("judged_customers", say("common.customers"), "customers"),
    ]
    return Table(columns, [told_of(one, language) for one in found.values()])


def told_of(one: Trust, language: Language) -> Mapping[str, object]:
    """A row of the table."""
    say, row = language.say, one.row or {}
    judged = row.get("as_of_date")
    return {
        "model": say(f"outlook.of_{one.model}"),
        "verdict": say(f"outlook.{one.why}"),
        "beside": say(f"outlook.rival_{one.model}"),
        "as_of_date": judged,
        "measure": say(f"outlook.error_{one.model}") if judged else None,
        "model_error": figures(row.get("model_error"), language),
        "rival_error": figures(row.get("rival_error"), language),
        "judged_customers": row.get("judged_customers"),
    }


def figures(value: float | None, language: Language) -> str | None:
    """An error with three figures that say something, however large it is."""
    if value is None:
        return None
    return language.number(value, 3 if abs(value) < 10 else 0)
