"""Outlook: what customers are expected to order and bring, whose value is at risk, and how far that is to be trusted.

A model counts where the backtest shows it to be better than its simple rival, beyond chance (`is_used`). Else the
rival's figure stands in its place, which is what customers ordered again in the last 365 days, or none, and a sentence
says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reports import questions
from reports.cards import Card
from reports.charts import Chart, Series, dots, empty_figure, lines, lying_axis, lying_bars, ticks
from reports.colours import DASHES, GREY, GRID, SERIES, STAGES
from reports.glossary import Glossary, Term
from reports.language import Language
from reports.questions import Asking, MissingMartError, Row
from reports.tables import Column, Table

ORDERS, VALUE, CLV, CHURN = "bg_nbd", "gamma_gamma", "clv", "churn_logistic"
MODELS = (ORDERS, VALUE, CLV, CHURN)
# What is counted of a model where it could be fitted, in questions.outlook.
COUNTED = {ORDERS: "predicted_customers", VALUE: "valued_customers", CLV: "valued_customers", CHURN: "judged_customers"}
BETTER = "better"
CALIBRATED = (ORDERS, CHURN)  # models of a probability
HORIZON = 90  # days of the setting churn_horizon_days where the build does not say
LOST = "lost"
STAGE_ORDER = ("new", "active", "loyal", "reactivated", "at_risk", LOST)


# How far models are to be trusted


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


def trust_sentences(found: Trusted, refusal: str | None, language: Language) -> Iterator[str]:
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


def trust_table(found: Trusted, language: Language) -> Table:
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


# What is expected of the customers there are


def expected_cards(total: Row, found: Trusted, glossary: Glossary) -> list[Card]:
    """Sums over all customers, of models that are used."""
    kpis = ["expected_orders_90d", "expected_orders_365d"] if found[ORDERS].is_used else []
    kpis += ["predicted_clv_365d"] if found[CLV].is_used else []
    return [Card(whole(kpi, glossary), total[kpi], (), ()) for kpi in kpis]


def whole(kpi: str, glossary: Glossary) -> Term:
    """The term of a figure that is summed over customers: orders are told without decimals."""
    term = glossary.term(kpi)
    return replace(term, unit="orders") if term.unit == "number" else term


def expected_sentences(
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


# What the whole shop will sell


MEASURES = ("orders", "revenue")
AHEAD = ("quarter", "twelve_months")  # of which is told


def is_nearer(row: Row, measure: str) -> bool:
    """Whether such forecasts were nearer to what came than last year's figure; not without past forecasts."""
    ours, theirs = row[f"expected_{measure}_error"], row[f"{measure}_last_year_error"]
    return ours is not None and (theirs is None or ours < theirs)


def of_shop(rows: Sequence[Row], grain: str, group: str = "all") -> list[Row]:
    return [row for row in rows if row["period_grain"] == grain and row["customer_group"] == group]


def period(row: Row, language: Language) -> str:
    if row["period_grain"] == "twelve_months":
        return language.say("outlook.twelve_months", month=language.period("month", row["period_start"]))
    return language.period(row["period_grain"], row["period_start"])


def amount(value: float | None, measure: str, language: Language, currency: str) -> str:
    return language.number(value) if measure == "orders" else language.money(value, currency, 0)


def sales_sentences(rows: Sequence[Row], language: Language, currency: str) -> Iterator[str]:
    """What the next quarter and twelve months bring, by the forecast or, where that was no nearer in the past, by last
    year's figure; and how far off both were."""
    for row in (row for grain in AHEAD for row in of_shop(rows, grain)):
        for measure in MEASURES:
            said = {
                name: amount(row[column], measure, language, currency)
                for name, column in (
                    ("expected", f"expected_{measure}"),
                    ("low", f"expected_{measure}_low"),
                    ("high", f"expected_{measure}_high"),
                    ("last_year", f"{measure}_last_year"),
                )
            }
            key = "expected" if is_nearer(row, measure) else "last_year"
            if key == "last_year" and row[f"{measure}_last_year"] is None:
                key = "nothing"
            yield language.say(f"outlook.{key}_{measure}_of", period=period(row, language), **said)
    (year,) = of_shop(rows, "twelve_months")
    yield from how_far_off(year, language)
    if not year["has_season"]:
        yield language.say("outlook.no_season")


def how_far_off(year: Row, language: Language) -> Iterator[str]:
    if year["expected_orders_error"] is None:
        yield language.say("outlook.never_forecast")
        return
    yield language.say(
        "outlook.far_off",
        months=language.number(year["past_forecasts"]),
        orders=language.percent(year["expected_orders_error"], 0),
        orders_last_year=language.percent(year["orders_last_year_error"], 0),
        revenue=language.percent(year["expected_revenue_error"], 0),
        revenue_last_year=language.percent(year["revenue_last_year_error"], 0),
    )
    yield language.say("outlook.held", held=language.percent(year["expected_orders_held"], 0))


def sales_chart(rows: Sequence[Row], language: Language, currency: str) -> Chart:
    """Net revenue month by month beside the year before; the forecast where it was nearer than that in the past."""
    months, say = of_shop(rows, "month"), language.say
    labels = [language.short_period("month", row["period_start"]) for row in months]
    drawn = [Series(say("outlook.last_year"), [row["revenue_last_year"] for row in months])]
    if any(is_nearer(row, "revenue") for row in of_shop(rows, "twelve_months")):
        ends = [[row[f"expected_revenue_{end}"] for row in months] for end in ("low", "high")]
        drawn.insert(0, Series(say("outlook.forecast"), [row["expected_revenue"] for row in months], *ends))
    figure = lines(labels, drawn, "currency", language, currency, from_zero=True)
    shown = [row for grain in (*AHEAD, "month") for row in rows if row["period_grain"] == grain]
    columns = [Column("period", say("common.period")), Column("group", say("outlook.group"))]
    for measure in MEASURES:
        unit = "orders" if measure == "orders" else "currency"
        columns += [
            Column(name.format(measure), say(f"outlook.{word}"), unit)
            for name, word in (
                ("expected_{}", f"forecast_{measure}"),
                ("expected_{}_low", "at_least"),
                ("expected_{}_high", "at_most"),
                ("{}_last_year", "last_year"),
            )
        ]
        columns.append(Column(f"expected_{measure}_error", say("outlook.error"), "rate", tip=say("outlook.far_tip")))
        columns.append(Column(f"{measure}_last_year_error", say("outlook.last_year_error"), "rate"))
    parts = ", ".join(
        f"{label}: {amount(row['expected_revenue'], 'revenue', language, currency)}"
        for label, row in zip(labels, months, strict=True)
    )
    return Chart(
        figure,
        say("outlook.sales_alt", parts=parts),
        Table(
            columns,
            [
                {
                    **row,
                    "period": period(row, language),
                    "group": say(f"outlook.group_{row['customer_group']}"),
                }
                for row in shown
            ],
        ),
    )


# Whose value is at risk


@dataclass(frozen=True)
class AtRisk:
    """Which columns of questions.value_at_risk are told: as predicted, or of the last 365 days in its place."""

    value: str
    at_risk: str | None  # null where the probability is not used

    @property
    def shown(self) -> str:
        return self.at_risk or self.value


def risk_columns(found: Trusted) -> AtRisk:
    predicted = found[CLV].is_used
    at_risk = ("predicted_at_risk" if predicted else "net_revenue_at_risk") if found[CHURN].is_used else None
    return AtRisk("predicted_clv_365d" if predicted else "net_revenue_365d", at_risk)


def horizon(settings: Mapping[str, object]) -> int:
    return int(str(settings.get("churn_horizon_days", HORIZON)))


def by_stage(rows: Sequence[Row]) -> list[Row]:
    found = {row["lifecycle_stage"]: row for row in rows}
    return [found[stage] for stage in STAGE_ORDER if stage in found]


def risk_sentences(
    rows: Sequence[Row], found: Trusted, settings: Mapping[str, object], language: Language, currency: str
) -> Iterator[str]:
    told = risk_columns(found)
    days = language.number(horizon(settings))
    known = [row for row in rows if told.at_risk and row[told.at_risk] is not None]
    if known:
        largest = max(known, key=lambda row: row[told.shown])
        yield language.say(
            "outlook.at_risk",
            value=language.money(sum(row[told.shown] for row in known), currency, 0),
            of=language.money(sum(row[told.value] for row in known), currency, 0),
            stage=language.stage(largest["lifecycle_stage"]),
            largest=language.money(largest[told.shown], currency, 0),
        )
        yield language.say("outlook.at_risk_is", days=days)
    else:
        yield without(found[CHURN], language)
        yield language.say("outlook.value_alone")
    if told.value == "net_revenue_365d":
        yield language.say("outlook.last_year_instead")
    if known and any(row["lifecycle_stage"] == LOST for row in rows):
        yield language.say("outlook.lost_left_out")


def risk_chart(
    rows: Sequence[Row], found: Trusted, settings: Mapping[str, object], language: Language, currency: str
) -> Chart:
    """Value at risk by stage; the value alone where no probability is used."""
    told, say = risk_columns(found), language.say
    shown = [row for row in by_stage(rows) if row[told.shown] is not None]
    names = [language.stage(row["lifecycle_stage"]) for row in shown]
    values = [row[told.shown] for row in shown]
    value = say("outlook.value" if told.value == "predicted_clv_365d" else "outlook.last_years_value")
    columns = [
        Column("stage", say("outlook.stage")),
        Column("customers", say("common.customers"), "customers"),
        Column(told.value, value, "currency"),
    ]
    if told.at_risk:
        no_order = say("outlook.no_order", days=language.number(horizon(settings)))
        columns.append(Column("churn_probability", no_order, "rate"))
        columns.append(Column(told.at_risk, say("outlook.value_at_risk"), "currency"))
    if found[ORDERS].is_used:
        columns.append(Column("expected_orders_90d", say("outlook.orders_90d"), "orders"))
    parts = ", ".join(
        f"{name}: {language.money(amount, currency, 0)}" for name, amount in zip(names, values, strict=True)
    )
    figure = lying_bars(
        names, values, "currency", language, currency, colours=[STAGES[row["lifecycle_stage"]] for row in shown]
    )
    figure.data[0].text = [language.money(amount, currency, 0) for amount in values]
    title = say("outlook.value_at_risk") if told.at_risk else value
    return Chart(
        figure,
        say("outlook.risk_alt", what=title, parts=parts),
        Table(columns, [{**row, "stage": language.stage(row["lifecycle_stage"])} for row in by_stage(rows)]),
    )


# Whether probabilities came true


def calibration(backtest: Sequence[Row], model: str) -> list[Row]:
    """Tenths of the customers by the probability that the model gave them, as of its latest day, the lowest first."""
    rows = [row for row in backtest if row["model"] == model and row["measure"] == "calibration"]
    latest = max((row["as_of_date"] for row in rows), default=None)
    return sorted((row for row in rows if row["as_of_date"] == latest), key=lambda row: int(row["bucket"]))


def calibration_sentence(rows: Sequence[Row], model: str, language: Language) -> str:
    customers = sum(row["customers"] for row in rows)
    return language.say(
        f"outlook.calibrated_{model}",
        day=language.day(rows[0]["as_of_date"]),
        customers=language.number(customers),
        expected=language.percent(sum(row["expected"] * row["customers"] for row in rows) / customers),
        actual=language.percent(sum(row["actual"] * row["customers"] for row in rows) / customers),
    )


def calibration_chart(rows: Sequence[Row], model: str, language: Language) -> Chart:
    """What was expected of each tenth against what came: on the line both are the same."""
    say = language.say
    figure = empty_figure(language, 340)
    names = [say("outlook.by_model"), say("outlook.by_rival")]
    marks = ticks(0, 1)
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": GREY, "width": 1, "dash": "dot"}, hoverinfo="skip",
        showlegend=False,
    )  # fmt: skip
    for index, (column, name) in enumerate(zip(("expected", "rival"), names, strict=True)):
        known = sorted((row for row in rows if row[column] is not None), key=lambda row: row[column])
        figure.add_scatter(
            x=[row[column] for row in known],
            y=[row["actual"] for row in known],
            name=name,
            mode="lines+markers" if index == 0 else "markers",
            line={"color": SERIES[index], "width": 2, "dash": DASHES[index]},
            marker={"size": 9, "symbol": ("circle", "diamond-open")[index], "color": SERIES[index]},
            customdata=[told_of(row, column, name, language) for row in known],
            hovertemplate="%{customdata}<extra></extra>",
        )
    texts = [language.percent(mark, 0) for mark in marks]
    figure.update_xaxes(
        range=[-0.02, 1.02], tickvals=marks, ticktext=texts, showgrid=True, gridcolor=GRID,
        title={"text": say(f"outlook.expected_{model}"), "standoff": 6, "font": {"size": 13}},
    )  # fmt: skip
    figure.update_yaxes(
        range=[-0.02, 1.02], tickvals=marks, ticktext=texts, title={"text": say("outlook.came"), "font": {"size": 13}}
    )
    figure.update_layout(showlegend=True, legend={"y": -0.24}, margin={"r": 16})
    columns = [
        Column("bucket", say("outlook.tenth"), "count"),
        Column("customers", say("common.customers"), "customers"),
        Column("expected", names[0], "rate"),
        Column("rival", names[1], "rate"),
        Column("actual", say("outlook.came"), "rate"),
    ]
    parts = "; ".join(f"{language.percent(row['expected'], 0)}: {language.percent(row['actual'], 0)}" for row in rows)
    return Chart(
        figure,
        say("outlook.calibration_alt", what=say(f"outlook.expected_{model}"), parts=parts),
        Table(columns, [{**row, "bucket": int(row["bucket"])} for row in rows]),
    )


def told_of(row: Row, column: str, name: str, language: Language) -> str:
    return language.say(
        "outlook.tenth_says",
        name=name,
        customers=language.number(row["customers"]),
        expected=language.percent(row[column]),
        actual=language.percent(row["actual"]),
    )


# What if


def lever_name(row: Row, language: Language) -> str:
    return language.say(f"outlook.lever_{row['lever']}")


def what_if_sentences(rows: Sequence[Row], language: Language, currency: str) -> Iterator[str]:
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


def what_if_chart(rows: Sequence[Row], language: Language, currency: str) -> Chart:
    """What a point of each lever is worth, with its interval; the table has all levers."""
    say = language.say
    known = [row for row in rows if row["gain_365d"] is not None]
    names = [lever_name(row, language) for row in known]
    ends = {
        end: [row["gain_365d"] if row[f"gain_365d_{end}"] is None else row[f"gain_365d_{end}"] for row in known]
        for end in ("low", "high")
    }
    line = Series("", [row["gain_365d"] for row in known], ends["low"], ends["high"])
    figure = dots(names, line, "currency", language, currency, beside=0)
    lying_axis(figure, "currency", language, currency, [0, *ends["low"], *ends["high"]], about=2)
    columns = [
        Column("name", say("outlook.lever")),
        Column("level", say("outlook.level"), "shown"),
        Column("gain_365d", say("outlook.gain"), "currency"),
        Column("gain_365d_low", say("outlook.gain_low"), "currency"),
        Column("gain_365d_high", say("outlook.gain_high"), "currency"),
        Column("base_customers", say("common.customers"), "customers", tip=say("outlook.base_tip")),
        Column("value_per_customer", say("outlook.more_per_customer"), "currency"),
        Column("observed_from", say("outlook.observed_from"), "date"),
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


def known_trust(ask: Asking) -> Trusted:
    """Which models are used; none in a build of a version without predictions."""
    try:
        total, refusal = ask(questions.outlook())[0], ask(questions.refusals())[0]["refusal"]
    except MissingMartError:
        return {model: Trust(model, "not_predicted") for model in MODELS}
    return trusted(total, backtest_rows(ask), refusal)
