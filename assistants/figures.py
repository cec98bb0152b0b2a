"""A figure as a mart holds it, with its parts, its interval and, where it is null, the reason."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from assistants.answers import Figure
from assistants.reading import COMES_WITH, ENGLISH, TOOLS, Reading, not_answered
from assistants.refusals import OF_A_PERSON, RefusedError
from reports.questions import FRACTIONS, Row

YEARLY = ("net_revenue_retention", "gross_revenue_retention", "revenue_churn_rate")
NULL_BECAUSE = {
    **dict.fromkeys(YEARLY, "nobody had net revenue in the year before"),
    "historic_clv": "nobody has been won yet",
    "clv_by_retention": "nobody was active 365 days before the end, or nobody ordered since",
    "clv_by_lifespan": "nobody was active 365 days before the end, or none of them was lost, which gives no lifespan",
    "new_average_order_value": "no customer whose first order lies in the period, so no such order",
    "returning_average_order_value": "no customer of earlier periods ordered, so there is no such order",
}


def known_in(reading: Reading, mart: str, measure: str, here: str) -> Row:
    """The glossary's row of a measure that this mart holds. Raises RefusedError, naming the tool that answers it."""
    term = reading.known_measure(measure)
    if measure in reading.measures(mart):
        return term
    because = not_answered(term)
    if because:
        raise RefusedError(f"{measure} is defined, but not answered: {because}")
    tool, other = TOOLS[term["mart"]], COMES_WITH.get(term["mart"])
    if tool == here and other is None:
        raise RefusedError(f"{measure} is not held so; there are {', '.join(reading.measures(mart))}")
    raise RefusedError(f"{measure} is not held here: {tool} gives it{f' with {other}' if other else ''}")


def parts(reading: Reading, mart: str, term: Row, row: Row) -> dict[str, Any]:
    """What every figure has, from its row of the mart."""
    measure = term["kpi"]
    value = row[measure]
    numerator_is, denominator_is = FRACTIONS.get(mart, {}).get(measure, (None, None))
    return {
        "measure": measure,
        "name_en": term["name_en"],
        "name_de": term["name_de"],
        "unit": term["unit"],
        "value": number(value),
        "shown": ENGLISH.value(value, term["unit"], reading.build.currency),
        "null_because": null_because(term, row, denominator_is) if value is None else None,
        "numerator": number(row["numerator"]),
        "numerator_is": numerator_is,
        "denominator": number(row["denominator"]),
        "denominator_is": denominator_is,
        "low": row.get(f"{measure}_low"),
        "high": row.get(f"{measure}_high"),
        "mart": f"marts.{mart}",
    }


def null_because(term: Row, row: Row, denominator_is: str | None) -> str:
    if denominator_is and row["denominator"] in (0, None):
        return f"{denominator_is} is 0, and nothing is divided by it"
    if term["kpi"] in YEARLY and row["period_grain"] != "year":
        return "it is defined for years only: in a shorter period, whoever has not ordered yet would count as lost"
    return NULL_BECAUSE.get(term["kpi"], f"its definition says when: {term['definition_en']}")


def told(figure: Figure, of: str, currency: str) -> str:
    """A figure in words, with its parts and interval."""
    name = f"{figure.name_en} of {of}"
    if figure.value is None:
        return f"{name} is not defined: {figure.null_because}"
    inside = []
    if figure.denominator_is:
        inside.append(
            f"{figure.numerator_is} {part(figure.numerator, figure.numerator_is, currency)}"
            f" of {figure.denominator_is} {part(figure.denominator, figure.denominator_is, currency)}"
        )
    if figure.low is not None:
        low, high = (ENGLISH.value(end, figure.unit, currency) for end in (figure.low, figure.high))
        inside.append(f"95 % interval {low} to {high}")
    beside = f" ({'; '.join(inside)})" if inside else ""
    return f"{name}: {figure.shown}{beside}"


def part(value: float | int | None, column: str | None, currency: str) -> str:
    return (
        ENGLISH.money(value, currency)
        if any(word in (column or "") for word in ("revenue", "mrr", "spend"))
        else ENGLISH.number(value)
    )


def number(value: Any) -> Any:
    """As JSON has numbers: a decimal of a mart has two places, which a double keeps."""
    return float(value) if isinstance(value, Decimal) else value


def not_of_one(customers: int | None) -> None:
    """Raises RefusedError where a group is a single customer: its figures would be that person's."""
    if customers == 1:
        raise RefusedError(f"this group is a single customer: {OF_A_PERSON}")


def whether_over(is_complete: bool) -> str:
    """Whether the month of a figure is over."""
    return "the month is complete" if is_complete else "the month is still running, the figure is not final"
