"""Whether probabilities came true."""

from __future__ import annotations

from collections.abc import Sequence

from reports.charts import Chart, empty_figure, ticks
from reports.colours import DASHES, GREY, GRID, SERIES
from reports.language import Language
from reports.outlook.trust import CHURN, ORDERS
from reports.questions import Row
from reports.tables import Column, Table

CALIBRATED = (ORDERS, CHURN)  # models of a probability


def tenths(backtest: Sequence[Row], model: str) -> list[Row]:
    """Tenths of the customers by the probability that the model gave them, as of its latest day, the lowest first."""
    rows = [row for row in backtest if row["model"] == model and row["measure"] == "calibration"]
    latest = max((row["as_of_date"] for row in rows), default=None)
    return sorted((row for row in rows if row["as_of_date"] == latest), key=lambda row: int(row["bucket"]))


def sentence(rows: Sequence[Row], model: str, language: Language) -> str:
    customers = sum(row["customers"] for row in rows)
    return language.say(
        f"outlook.calibrated_{model}",
        day=language.day(rows[0]["as_of_date"]),
        customers=language.number(customers),
        expected=language.percent(sum(row["expected"] * row["customers"] for row in rows) / customers),
        actual=language.percent(sum(row["actual"] * row["customers"] for row in rows) / customers),
    )


def chart(rows: Sequence[Row], model: str, language: Language) -> Chart:
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
