"""What one more point of retention, of second orders or of order value is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports.charts import Chart, Series, dots, lying_axis
from reports.language import Language
from reports.questions import Row
from reports.tables import Column, Table

# Why the models say nothing of a lever: of all levers, or of one.
OF_THE_MODEL = ("not_predicted", "refused", "rival_better", "no_difference", "not_judged")
OF_THE_LEVER = ("not_observed_long_enough", "nobody_with", "nobody_without")


def lever_name(row: Row, language: Language) -> str:
    return language.say(f"outlook.lever_{row['lever']}")


def sentences(rows: Sequence[Row], language: Language, currency: str) -> Iterator[str]:
    known = [row for row in rows if row["gain_365d"] is not None]
    if known:
        best = max(known, key=lambda row: row["gain_365d"])
        yield language.say(
            "outlook.best_lever",
            lever=lever_name(best, language),
            gain=language.money(best["gain_365d"], currency, 0),
        )
        if best["gain_365d_low"] is not None:
            yield language.say(
                "outlook.gain_between",
                low=language.money(best["gain_365d_low"], currency, 0),
                high=language.money(best["gain_365d_high"], currency, 0),
            )
        if any(row["gain_365d_low"] is not None and row["gain_365d_low"] <= 0 for row in known):
            yield language.say("outlook.may_be_nothing")
    for row in rows:
        if row["missing_because"]:
            why = language.say(f"outlook.{row['missing_because']}")
            yield language.say("outlook.lever_missing", lever=lever_name(row, language), why=why)
        elif not row["has_enough"]:
            yield language.say("outlook.lever_few", lever=lever_name(row, language))
    if known:
        yield language.say("outlook.levers_assume")
    yield from predicted(rows, language, currency)


def predicted(rows: Sequence[Row], language: Language, currency: str) -> Iterator[str]:
    """What the fitted models say of the same points, and where they differ; or why they say nothing."""
    told = [row for row in rows if row["predicted_gain_365d"] is not None]
    if told:
        gains = "; ".join(predicted_gain(row, language, currency) for row in told)
        yield language.say("outlook.predicted_gains", gains=gains)
        yield language.say("outlook.predicted_differs")
    for why in dict.fromkeys(row["not_predicted_because"] for row in rows):
        if why in OF_THE_MODEL:
            yield language.say(f"outlook.without_{why}", what=language.say("outlook.of_clv"))
    for row in rows:
        if row["missing_because"] is None and row["not_predicted_because"] in OF_THE_LEVER:
            why = language.say(f"outlook.{row['not_predicted_because']}")
            yield language.say("outlook.lever_not_predicted", lever=lever_name(row, language), why=why)


def predicted_gain(row: Row, language: Language, currency: str) -> str:
    ends = [row[f"predicted_gain_365d{end}"] for end in ("", "_low", "_high")]
    gain, low, high = (None if end is None else language.money(end, currency, 0) for end in ends)
    key = "predicted_gain" if low is None else "predicted_gain_between"
    return language.say(f"outlook.{key}", lever=lever_name(row, language), gain=gain, low=low, high=high)


def chart(rows: Sequence[Row], language: Language, currency: str) -> Chart:
    """What a point of each lever is worth, with its interval; the table has all levers."""
    say = language.say
    known = [row for row in rows if row["gain_365d"] is not None]
    names = [lever_name(row, language) for row in known]
    ends = {
        end: [row["gain_365d"] if row[f"gain_365d_{end}"] is None else row[f"gain_365d_{end}"] for row in known]
        for end in ("low", "high")
    }
    line = Series(say("outlook.as_observed"), [row["gain_365d"] for row in known], ends["low"], ends["high"])
    by_models = [row["predicted_gain_365d"] for row in known]
    also = Series(say("outlook.by_models"), by_models) if any(gain is not None for gain in by_models) else None
    figure = dots(names, line, "currency", language, currency, beside=0, also=also)
    shown = [0, *ends["low"], *ends["high"], *(gain for gain in by_models if gain is not None)]
    lying_axis(figure, "currency", language, currency, shown, about=2)
    columns = [
        Column("name", say("outlook.lever")),
        Column("level", say("outlook.level"), "shown"),
        Column("gain_365d", say("outlook.gain"), "currency"),
        Column("gain_365d_low", say("outlook.gain_low"), "currency"),
        Column("gain_365d_high", say("outlook.gain_high"), "currency"),
        Column("base_customers", say("common.customers"), "customers", tip=say("outlook.base_tip")),
        Column("value_per_customer", say("outlook.more_per_customer"), "currency"),
        Column("observed_from", say("outlook.observed_from"), "date"),
        Column("predicted_gain_365d", say("outlook.by_models"), "currency", tip=say("outlook.by_models_tip")),
        Column("predicted_gain_365d_low", say("outlook.gain_low"), "currency"),
        Column("predicted_gain_365d_high", say("outlook.gain_high"), "currency"),
    ]
    parts = ", ".join(
        f"{name}: {language.money(row['gain_365d'], currency, 0)}" for name, row in zip(names, known, strict=True)
    )
    return Chart(
        figure,
        say("outlook.what_if_alt", parts=parts),
        Table(
            columns,
            [{**row, "name": lever_name(row, language), "level": level(row, language, currency)} for row in rows]
            if known
            else [],
        ),
    )


def level(row: Row, language: Language, currency: str) -> str:
    """Where a lever stands: the value of an order is money, the others are shares."""
    unit = "currency" if row["lever"] == "average_order_value" else "rate"
    return language.value(row["level_observed"], unit, currency)
