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
# What is counted of a model where it could be fitted, in questions.outlook.
COUNTED = {ORDERS: "predicted_customers", VALUE: "valued_customers", CLV: "valued_customers", CHURN: "judged_customers"}
BETTER = "better"


@dataclass(frozen=True)
class Trust:
    """What is known of a model: why it is used or not, and the row of the backtest that decided."""

    model: str
    why: str  # better, rival_better, no_difference, not_judged, refused, not_predicted
    row: Row | None = None

    @property
    def is_used(self) -> bool:
        return self.why == BETTER


Trusted = Mapping[str, Trust]


def backtest_rows(ask: Asking) -> list[Row]:
    """The rows of the backtest; none in a build of a version without this mart."""
    try:
        return list(ask(questions.prediction_backtest()))
    except MissingMartError:
        return []


def trusted(total: Row, backtest: Sequence[Row], refusal: str | None) -> Trusted:
    """Each model, by the latest past day that decides. `total`: questions.outlook, which counts their figures."""
    return {model: trust_of(model, total, backtest, refusal or "") for model in MODELS}


def trust_of(model: str, total: Row, backtest: Sequence[Row], refusal: str) -> Trust:
    if not total[COUNTED[model]]:
        refused = ORDERS if model == CLV and f"{ORDERS}:" in refusal else VALUE if model == CLV else model
        return Trust(model, "refused" if f"{refused}:" in refusal else "not_predicted")
    row = decisive(model, backtest)
    if row is None:
        return Trust(model, "not_judged")
    if row["gain_low"] > 0:
        return Trust(model, BETTER, row)
    return Trust(model, "rival_better" if row["gain_high"] < 0 else "no_difference", row)


def decisive(model: str, backtest: Sequence[Row]) -> Row | None:
    """The row that decides as of the latest day on which the model could be judged."""
    rows = [row for row in backtest if row["model"] == model and row["decides"] and row["gain"] is not None]
    return max(rows, key=lambda row: row["as_of_date"], default=None)


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
        Column("expected", say("outlook.model_error"), "shown"),
        Column("rival", say("outlook.rival_error"), "shown"),
        Column("customers", say("common.customers"), "customers"),
    ]
    return Table(
        columns,
        [
            {
                **({name: one.row[name] for name in ("as_of_date", "customers")} if one.row else {}),
                "model": say(f"outlook.of_{model}"),
                "verdict": say(f"outlook.{one.why}"),
                "measure": say(f"outlook.error_{model}") if one.row else None,
                "expected": figures(one.row["expected"], language) if one.row else None,
                "rival": figures(one.row["rival"], language) if one.row else None,
                "beside": say(f"outlook.rival_{model}"),
            }
            for model, one in found.items()
        ],
    )


def figures(value: float | None, language: Language) -> str | None:
    """An error with three figures that say something, however large it is."""
    if value is None:
        return None
    return language.number(value, 3 if abs(value) < 10 else 0)


def known_trust(ask: Asking) -> Trusted:
    """Which models are used; none in a build of a version without predictions."""
    try:
        total, refusal = ask(questions.outlook())[0], ask(questions.refusals())[0]["refusal"]
    except MissingMartError:
        return {model: Trust(model, "not_predicted") for model in MODELS}
    return trusted(total, backtest_rows(ask), refusal)
