"""What is expected of one customer, and of each in a list of them, by models that are used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reports.language import Language
from reports.outlook.trust import CHURN, CLV, ORDERS, Trusted, is_nothing, without
from reports.outlook.value_at_risk import horizon
from reports.questions import Row
from reports.tables import Column

# One customer


def story(
    row: Row | None, found: Trusted, settings: Mapping[str, object], language: Language, currency: str
) -> Iterator[str]:
    """What is to be expected of one customer, by models that are used."""
    if row is None or is_nothing(found):
        yield language.say("outlook.nothing_predicted")
        return
    if found[CHURN].is_used and row["churn_probability"] is not None:
        yield language.say(
            "outlook.one_order",
            days=language.number(horizon(settings)),
            order=language.percent(1 - row["churn_probability"], 0),
            none=language.percent(row["churn_probability"], 0),
        )
        drivers = row[f"top_drivers_{language.code}"]
        yield (
            language.say("outlook.one_drivers", drivers=drivers) if drivers else language.say("outlook.one_no_drivers")
        )
    elif found[CHURN].is_used:
        yield language.say("outlook.one_lost")
    else:
        yield without(found[CHURN], language)
    if not found[ORDERS].is_used or row["p_alive"] is None:
        yield without(found[ORDERS], language)
        return
    yield language.say(
        "outlook.one_expected",
        quarter=language.number(row["expected_orders_90d"], 2),
        low=language.number(row["expected_orders_90d_low"], 2),
        high=language.number(row["expected_orders_90d_high"], 2),
        year=language.number(row["expected_orders_365d"], 2),
    )
    if row["repeat_orders"]:
        yield language.say("outlook.one_alive", alive=language.percent(row["p_alive"], 0))
    else:
        yield language.say("outlook.one_once")
    if found[CLV].is_used and row["predicted_clv_365d"] is not None:
        yield language.say("outlook.one_value", value=language.money(row["predicted_clv_365d"], currency, 0))
    if found[CHURN].is_used and row["churn_probability"] is not None:
        yield language.say("outlook.one_two_models")
    yield language.say("outlook.one_average")


# A list of customers


def listed_columns(found: Trusted, settings: Mapping[str, object], language: Language) -> list[Column]:
    """The columns of a list, of models that are used."""
    say = language.say
    columns = []
    if found[CHURN].is_used:
        days = language.number(horizon(settings))
        columns += [
            Column("churn_probability", say("outlook.no_order", days=days), "rate", tip=say("outlook.no_order_tip")),
            Column("top_drivers", say("outlook.top_drivers"), "prose"),
        ]
    if found[ORDERS].is_used:
        columns += [
            Column("p_alive", say("outlook.alive"), "rate", tip=say("outlook.alive_tip")),
            Column("expected_orders_90d", say("outlook.orders_90d"), "number"),
            Column("expected_orders_365d", say("outlook.orders_365d"), "number"),
        ]
    return columns


def not_listed(found: Trusted, language: Language) -> str | None:
    """Why a list has no columns of what is predicted, where something is but is not used."""
    because = [without(found[model], language) for model in (CHURN, ORDERS) if not found[model].is_used]
    return " ".join(because) if because and not is_nothing(found) else None


def in_list(rows: Sequence[Row], language: Language) -> dict[str, dict[str, object]]:
    """What stands in these columns, by customer. Who ordered on one day only has no probability to be still there: the
    model cannot tell."""
    return {
        row["customer_id"]: {
            **{name: row[name] for name in ("churn_probability", "expected_orders_90d", "expected_orders_365d")},
            "p_alive": row["p_alive"] if row["repeat_orders"] else None,
            "top_drivers": row[f"top_drivers_{language.code}"] or None,
        }
        for row in rows
    }
