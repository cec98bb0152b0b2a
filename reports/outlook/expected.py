"""What is expected of the customers there are, beside what the last 365 days brought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reports.cards import Card
from reports.glossary import Glossary, Term
from reports.language import Language
from reports.outlook.trust import CLV, ORDERS, Trusted, is_nothing, without
from reports.questions import Row


def cards(total: Row, found: Trusted, glossary: Glossary) -> list[Card]:
    """Sums over all customers, of models that are used."""
    kpis = ["expected_orders_90d", "expected_orders_365d"] if found[ORDERS].is_used else []
    kpis += ["predicted_clv_365d"] if found[CLV].is_used else []
    return [Card(whole(kpi, glossary), total[kpi], (), ()) for kpi in kpis]


def whole(kpi: str, glossary: Glossary) -> Term:
    """The term of a figure that is summed over customers: orders are told without decimals."""
    term = glossary.term(kpi)
    return replace(term, unit="orders") if term.unit == "number" else term


def sentences(
    total: Row, found: Trusted, settings: Mapping[str, object], language: Language, currency: str
) -> Iterator[str]:
    if is_nothing(found):
        yield language.say("outlook.nothing_predicted")
    elif found[ORDERS].is_used:
        yield language.say(
            "outlook.expected_orders",
            customers=language.number(total["predicted_customers"]),
            quarter=language.number(total["expected_orders_90d"]),
            year=language.number(total["expected_orders_365d"]),
        )
    else:
        yield without(found[ORDERS], language)
    yield language.say("outlook.last_year_orders", orders=language.number(total["orders_365d"]))
    if found[CLV].is_used:
        yield language.say("outlook.expected_value", value=language.money(total["predicted_clv_365d"], currency, 0))
        yield what_value_is(settings, language)
    elif found[CLV].why != "not_predicted":
        yield without(found[CLV], language)
    yield language.say("outlook.last_year_revenue", revenue=language.money(total["net_revenue_365d"], currency, 0))
    if found[ORDERS].is_used:
        yield language.say("outlook.only_todays")


def what_value_is(settings: Mapping[str, object], language: Language) -> str:
    """What the expected value counts, by the build's settings."""
    margin, discount = settings.get("margin_rate"), settings.get("discount_rate")
    if margin is None or discount is None:
        return language.say("outlook.value_is")
    key = "outlook.value_is_revenue" if float(str(margin)) == 1 else "outlook.value_is_margin"
    return language.say(key, margin=language.percent(margin, 0), discount=language.percent(discount, 0))
