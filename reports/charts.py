"""Charts that all pages use: pure functions from rows to Plotly figures, in one set of colours.

The colours are those of Okabe and Ito, and one blue for what is more or less of the same: people who see colours
differently tell them apart. No chart says anything by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reports.language import Language
from reports.tables import Table

if TYPE_CHECKING:
    import plotly.graph_objects as go

INK, MUTED, GRID = "#1c2733", "#5b6875", "#e3e8ee"
BLUE, ORANGE, GREY = "#0b5fa5", "#d55e00", "#9aa5b1"
SERIES = ("#0b5fa5", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#7f6000", "#6f4fa0")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dash")
FONT = '"Source Sans", "Source Sans 3", system-ui, "Segoe UI", "Liberation Sans", sans-serif'
CONFIG = {"displayModeBar": False, "scrollZoom": False, "responsive": True}


@dataclass(frozen=True)
class Chart:
    """A figure, what it shows in words for those who cannot see it, and its figures as a table."""

    figure: go.Figure
    alt: str
    table: Table


@dataclass(frozen=True)
class Series:
    """A line: its values, null where there is none, and how sure they are."""

    name: str
    values: Sequence[Any]
    low: Sequence[Any] = field(default=())
    high: Sequence[Any] = field(default=())
    hints: Sequence[str] = field(default=())  # more words for each point


def empty_figure(language: Language, height: int = 320) -> go.Figure:
    """A figure as all charts begin: numbers as the reader writes them, nothing that moves by accident."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 8, "t": 16, "b": 8},
        font={"family": FONT, "size": 13, "color": INK},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        separators=",." if language.code == "de" else ".,",
        dragmode=False,
        hovermode="closest",
        hoverlabel={"bgcolor": INK, "font": {"color": "#fff", "family": FONT}, "align": "left"},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": -0.16, "yanchor": "top"},
        showlegend=False,
    )
    figure.update_xaxes(fixedrange=True, showgrid=False, zeroline=False, linecolor=GRID, automargin=True, tickangle=0)
    figure.update_yaxes(fixedrange=True, gridcolor=GRID, zeroline=False, automargin=True)
    return figure


def axis(figure: go.Figure, unit: str, currency: str, *, from_zero: bool = True) -> None:
    """The axis of figures in their unit."""
    forms = {"rate": ".0%", "points": "+.1%", "number": ",.1f"}
    figure.update_yaxes(tickformat=forms.get(unit, ",.0f"), ticksuffix=f" {symbol(currency)}" if unit == "currency" else "")
    if from_zero:
        figure.update_yaxes(rangemode="tozero")


def symbol(currency: str) -> str:
    return {"EUR": "€", "USD": "$", "GBP": "£"}.get(currency, currency)


def few_labels(figure: go.Figure, labels: Sequence[str], most: int = 8) -> None:
    """Every label of a text axis, or so few that they do not cover each other on a phone."""
    step = -(-len(labels) // most)
    figure.update_xaxes(
        type="category", categoryorder="array", categoryarray=list(labels), tickvals=list(labels)[::-1][::step][::-1]
    )


def lines(
    labels: Sequence[str],
    series: Sequence[Series],
    unit: str,
    language: Language,
    currency: str = "",
    *,
    height: int = 320,
    from_zero: bool = False,
) -> go.Figure:
    """Lines over labelled points, each with a ribbon where it has an interval."""
    figure = empty_figure(language, height)
    for index, line in enumerate(series):
        colour = SERIES[index % len(SERIES)]
        if line.low:
            add_ribbon(figure, labels, line, colour)
        figure.add_scatter(
            x=list(labels),
            y=[None if value is None else float(value) for value in line.values],
            name=line.name,
            mode="lines+markers" if len(labels) <= 60 else "lines",
            line={"color": colour, "width": 2, "dash": DASHES[index % len(DASHES)]},
            marker={"size": 5},
            customdata=hover(labels, line, unit, language, currency),
            hovertemplate="%{customdata}<extra></extra>",
        )
    figure.update_layout(showlegend=len(series) > 1)
    few_labels(figure, labels)
    axis(figure, unit, currency, from_zero=from_zero)
    return figure


def add_ribbon(figure: go.Figure, labels: Sequence[str], line: Series, colour: str) -> None:
    known = [index for index, low in enumerate(line.low) if low is not None]
    x = [labels[index] for index in known]
    figure.add_scatter(
        x=[*x, *reversed(x)],
        y=[*(line.high[index] for index in known), *(line.low[index] for index in reversed(known))],
        fill="toself", fillcolor=faint(colour), line={"width": 0}, mode="lines", hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def faint(colour: str, share: float = 0.18) -> str:
    red, green, blue = (int(colour[index : index + 2], 16) for index in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def hover(labels: Sequence[str], line: Series, unit: str, language: Language, currency: str) -> list[str]:
    """What each point says when it is pointed at."""
    found = []
    for index, (label, value) in enumerate(zip(labels, line.values, strict=True)):
        text = f"<b>{line.name}</b><br>{label}: {language.value(value, unit, currency)}"
        if line.low and line.low[index] is not None:
            text += "<br>" + language.say(
                "common.interval",
                low=language.value(line.low[index], unit, currency),
                high=language.value(line.high[index], unit, currency),
            )
        found.append(text + (f"<br>{line.hints[index]}" if line.hints else ""))
    return found


def bars(
    labels: Sequence[str],
    values: Sequence[Any],
    unit: str,
    language: Language,
    currency: str = "",
    *,
    colours: Sequence[str] | str = BLUE,
    height: int = 300,
) -> go.Figure:
    figure = empty_figure(language, height)
    figure.add_bar(
        x=list(labels),
        y=[None if value is None else float(value) for value in values],
        marker={"color": colours},
        customdata=[f"{label}: {language.value(value, unit, currency)}" for label, value in zip(labels, values, strict=True)],
        hovertemplate="%{customdata}<extra></extra>",
    )
    few_labels(figure, labels)
    axis(figure, unit, currency)
    return figure


def bridge(labels: Sequence[str], amounts: Sequence[int], language: Language) -> go.Figure:
    """From a first figure over what was added and taken to the last one; the first and the last stand on the ground."""
    figure = empty_figure(language, 340)
    last = len(labels) - 1
    ends = (0, last)
    figure.add_waterfall(
        x=list(labels),
        y=[0 if index == last else amount for index, amount in enumerate(amounts)],
        measure=["absolute", *["relative"] * (last - 1), "total"],
        text=[
            language.number(amount) if index in ends else language.change(amount, "customers")
            for index, amount in enumerate(amounts)
        ],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{x}: %{text}<extra></extra>",
        increasing={"marker": {"color": BLUE}},
        decreasing={"marker": {"color": ORANGE}},
        totals={"marker": {"color": GREY}},
        connector={"line": {"color": GREY, "width": 1}},
    )
    figure.update_xaxes(type="category")
    axis(figure, "customers", "")
    return figure


def contributions(
    labels: Sequence[str], parts: Sequence[tuple[str, Sequence[float]]], language: Language
) -> go.Figure:
    """What segments added to a change, each in parts that add up, as bars to the left and right."""
    figure = empty_figure(language, 90 + 44 * len(labels))
    patterns = ("", "/")
    for index, (name, values) in enumerate(parts):
        figure.add_bar(
            y=list(labels),
            x=list(values),
            name=name,
            orientation="h",
            marker={"color": SERIES[index], "pattern": {"shape": patterns[index % 2], "fgcolor": "#fff"}},
            customdata=[f"{label}, {name}: {language.points(value)}" for label, value in zip(labels, values, strict=True)],
            hovertemplate="%{customdata}<extra></extra>",
        )
    figure.update_layout(barmode="relative", showlegend=True)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    figure.update_xaxes(
        tickformat="+.1%", showgrid=True, gridcolor=GRID, zeroline=True, zerolinecolor=INK, rangemode="tozero", nticks=6
    )
    return figure
