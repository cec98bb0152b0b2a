"""Charts that all pages use: pure functions from rows to Plotly figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from html import escape
from itertools import accumulate
from textwrap import wrap
from typing import Any

from reports.colours import BLUE, DASHES, GREY, GRID, INK, ORANGE, SERIES, faint
from reports.language import WHOLE, Language
from reports.tables import Table

FONT = '"Source Sans", "Source Sans 3", system-ui, "Segoe UI", "Liberation Sans", sans-serif'
Figure = Any  # of Plotly, which has no types
NAME_WIDTH = 26  # characters of a name beside a bar
CONFIG = {"displayModeBar": False, "scrollZoom": False, "responsive": True}


@dataclass(frozen=True)
class Chart:
    """A figure, what it shows in words for those who cannot see it, and its figures as a table."""

    figure: Figure
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


def empty_figure(language: Language, height: int = 320) -> Figure:
    """A figure as all charts begin: numbers as the reader writes them, nothing that moves by accident."""
    import plotly.graph_objects as go  # type: ignore[import-untyped]

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


def axis(figure: Figure, unit: str, language: Language, currency: str, reach: Sequence[Any]) -> None:
    """The upright axis over all that is reached, with round figures as the reader writes them."""
    known = [float(value) for value in reach if value is not None] or [0.0, 1.0]
    marks = ticks(min(known), max(known), whole=unit in WHOLE)
    figure.update_yaxes(
        range=[marks[0], marks[-1]],
        tickvals=marks,
        ticktext=[on_axis(mark, marks, unit, language, currency) for mark in marks],
    )


def lying_axis(
    figure: Figure, unit: str, language: Language, currency: str, reach: Sequence[Any], about: int = 4
) -> None:
    """The same for bars and dots that lie: the axis is below them, with `about` so many marks."""
    known = [float(value) for value in reach if value is not None] or [0.0, 1.0]
    marks = ticks(min(known), max(known), about, whole=unit in WHOLE)
    figure.update_xaxes(
        showgrid=True,
        gridcolor=GRID,
        range=[marks[0], marks[-1]],
        tickvals=marks,
        ticktext=[on_axis(mark, marks, unit, language, currency) for mark in marks],
        ticklabeloverflow="allow",
    )
    figure.update_yaxes(ticklabelstandoff=6)
    figure.update_layout(margin={"r": 32})


def ticks(low: float, high: float, about: int = 5, *, whole: bool = False) -> list[float]:
    """Round figures, evenly apart, from `low` or below it to `high` or above it: of what is counted, whole ones."""
    rough = ((high - low) or abs(high) or 1.0) / about
    scale = 10 ** math.floor(math.log10(rough))
    sizes = (size * scale for size in (1, 2, 2.5, 5, 10) if size * scale >= rough * 0.999)
    step = next((size for size in sizes if not whole or size % 1 == 0), 1.0)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, max(last, first + 1) + 1)]


def on_axis(mark: float, marks: Sequence[float], unit: str, language: Language, currency: str) -> str:
    """A figure of an axis, with as many decimals as its neighbours need."""
    step = marks[1] - marks[0]
    if unit == "rate":
        return language.percent(mark, decimals_of(step * 100))
    if unit == "points":
        return language.points(mark, decimals_of(step * 100))
    if unit == "currency":
        return language.money(mark, currency, decimals_of(step))
    if unit == "minutes":
        return language.value(mark, unit)
    return language.number(mark, decimals_of(step))


def decimals_of(step: float) -> int:
    return next((places for places in range(4) if abs(round(step, places) - step) < 1e-9), 4)


def few_labels(figure: Figure, labels: Sequence[str], most: int = 8) -> None:
    """Every label of a text axis, or so few that they do not cover each other on a phone."""
    step = max(1, -(-len(labels) // most))
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
    marks: Sequence[str] = (),
    below: str = "",
) -> Figure:
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
    if marks:
        figure.update_xaxes(tickvals=list(marks))
    if below:
        figure.update_xaxes(title={"text": below, "standoff": 6})
        figure.update_layout(legend={"y": -0.26})
    reach = [value for line in series for value in (*line.values, *line.low, *line.high)]
    axis(figure, unit, language, currency, [*reach, 0] if from_zero else reach)
    return figure


def add_ribbon(figure: Figure, labels: Sequence[str], line: Series, colour: str) -> None:
    known = [index for index, low in enumerate(line.low) if low is not None]
    x = [labels[index] for index in known]
    figure.add_scatter(
        x=[*x, *reversed(x)],
        y=[*(line.high[index] for index in known), *(line.low[index] for index in reversed(known))],
        fill="toself", fillcolor=faint(colour), line={"width": 0}, mode="lines", hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def hover(labels: Sequence[str], line: Series, unit: str, language: Language, currency: str) -> list[str]:
    """What each point says when it is pointed at."""
    found = []
    for index, (label, value) in enumerate(zip(labels, line.values, strict=True)):
        text = f"<b>{escape(line.name)}</b><br>" if line.name else ""
        text += f"{escape(label)}: {language.value(value, unit, currency)}"
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
    most_labels: int = 8,
    height: int = 300,
) -> Figure:
    figure = empty_figure(language, height)
    figure.add_bar(
        x=list(labels),
        y=[None if value is None else float(value) for value in values],
        marker={"color": colours},
        customdata=hover(labels, Series("", values), unit, language, currency),
        hovertemplate="%{customdata}<extra></extra>",
    )
    few_labels(figure, labels, most_labels)
    axis(figure, unit, language, currency, [*values, 0])
    return figure


def lying_bars(
    labels: Sequence[str],
    values: Sequence[Any],
    unit: str,
    language: Language,
    currency: str = "",
    *,
    colours: Sequence[str] | str = BLUE,
) -> Figure:
    """Bars below each other, each with its figure at its end: long names have room on a phone, in several lines."""
    names, height = names_beside(labels)
    figure = empty_figure(language, 60 + height)
    known = [float(value or 0) for value in values]
    figure.add_bar(
        x=known,
        y=names,
        orientation="h",
        marker={"color": colours},
        text=[language.value(value, unit, currency) for value in values],
        textposition="outside",
        cliponaxis=False,
        customdata=hover(labels, Series("", values), unit, language, currency),
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    lying_axis(figure, unit, language, currency, [0, 1.15 * max(known, default=1.0)])
    return figure


def names_beside(labels: Sequence[str]) -> tuple[list[str], int]:
    """Names beside bars or dots, long ones in several lines, and how high all of them are."""
    names = ["<br>".join(escape(line) for line in wrap(label, NAME_WIDTH)) for label in labels]
    most_lines = max((name.count("<br>") + 1 for name in names), default=1)
    return names, (16 + 18 * most_lines) * len(labels)


@dataclass(frozen=True)
class Node:
    """A side of a flow: where it begins or ends."""

    name: str
    colour: str
    amount: int


def flows(starts: Sequence[Node], ends: Sequence[Node], links: Sequence[tuple[int, int, int, str]]) -> Figure:
    """From each start to each end (their places, how many, and what is said of it), as wide as they are many."""
    import plotly.graph_objects as go

    height, between = 460, 16
    nodes = [*starts, *ends]
    most = max(len(starts), len(ends))
    unit = (height - (most - 1) * between) / (sum(node.amount for node in starts) or 1)
    places = [*middles(starts, unit, between), *middles(ends, unit, between)]
    figure = go.Figure()
    figure.add_sankey(
        arrangement="fixed",
        domain={"x": [0, 1], "y": [0, 1]},
        textfont={"family": FONT, "size": 13, "color": INK, "shadow": "0 0 3px #fff, 0 0 3px #fff, 0 0 2px #fff"},
        node={
            "label": [node.name for node in nodes],
            "color": [node.colour for node in nodes],
            "x": [*[0.001] * len(starts), *[0.999] * len(ends)],
            "y": [place / height for place in places],
            "pad": between,
            "thickness": 14,
            "line": {"width": 0},
            "hoverinfo": "skip",
        },
        link={
            "source": [start for start, _, _, _ in links],
            "target": [len(starts) + end for _, end, _, _ in links],
            "value": [amount for _, _, amount, _ in links],
            "color": [faint(starts[start].colour, 0.45) for start, _, _, _ in links],
            "customdata": [said for _, _, _, said in links],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
    )
    figure.update_layout(
        height=height + 20,
        margin={"l": 2, "r": 2, "t": 10, "b": 10},
        font={"family": FONT, "size": 13, "color": INK},
        paper_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"bgcolor": INK, "font": {"color": "#fff", "family": FONT}, "align": "left"},
    )
    return figure


def middles(nodes: Sequence[Node], unit: float, between: int) -> list[float]:
    """The middle of each of the nodes below each other."""
    found, top = [], 0.0
    for node in nodes:
        found.append(top + node.amount * unit / 2)
        top += node.amount * unit + between
    return found


@dataclass(frozen=True)
class Event:
    """Something that happened on a day, in which lane it stands, and what is said of it."""

    day: date
    lane: str
    says: str


def lanes(
    names: Sequence[str], series: Sequence[tuple[str, Sequence[Event]]], today: date, now: str, language: Language
) -> Figure:
    """What happened, each on its day and in its lane, the first at the top, up to today and how things stand then."""
    figure = empty_figure(language, 130 + 34 * len(names))
    styles = ((BLUE, "circle"), (ORANGE, "diamond-open"))
    shown = [one for one in zip(series, styles, strict=True) if one[0][1]]
    for (name, events), (colour, symbol) in shown:
        figure.add_scatter(
            x=[event.day.isoformat() for event in events],
            y=[event.lane for event in events],
            name=name,
            mode="markers",
            marker={
                "color": colour,
                "size": 9,
                "symbol": symbol,
                "line": {"width": 2, "color": colour},
                "opacity": 0.75,
            },
            customdata=[event.says for event in events],
            hovertemplate="%{customdata}<extra></extra>",
        )
    first = min([today, *(event.day for _, events in series for event in events)])
    figure.add_vline(x=today.isoformat(), line={"color": INK, "width": 1, "dash": "dot"})
    figure.add_annotation(
        x=today.isoformat(), y=1, yref="paper", yanchor="bottom", text=f"<b>{escape(now)}</b>", showarrow=False,
        xanchor="right",
    )  # fmt: skip
    marks = months_between(first, today)
    spare = timedelta(days=max(5, (today - first).days // 40))
    figure.update_xaxes(
        type="date",
        range=[(first - spare).isoformat(), (today + spare).isoformat()],
        tickvals=[mark.isoformat() for mark in marks],
        ticktext=[language.short_period("month", mark) for mark in marks],
    )
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=list(names), range=[len(names) - 0.5, -0.5], showgrid=True
    )
    figure.update_layout(showlegend=len(shown) > 1, margin={"l": 8, "r": 8, "t": 28, "b": 8})
    return figure


def months_between(first: date, last: date, most: int = 6) -> list[date]:
    """First days of months, evenly apart and no more than `most`, ending with that of `last`."""
    begin, end = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
    step = max(1, -(-(end - begin + 1) // most))
    return [date(month // 12, month % 12 + 1, 1) for month in range(end, begin - 1, -step)][::-1]


def bridge(
    labels: Sequence[str], amounts: Sequence[Any], language: Language, unit: str = "customers", currency: str = ""
) -> Figure:
    """From a first figure over what was added and taken to the last one; the first and the last stand on the ground.
    It runs downwards, so that long names have room on a phone."""
    figure = empty_figure(language, 80 + 42 * len(labels))
    known = [float(amount) for amount in amounts]
    last = len(labels) - 1
    figure.add_waterfall(
        y=list(labels),
        x=[0 if index == last else amount for index, amount in enumerate(known)],
        orientation="h",
        measure=["absolute", *["relative"] * (last - 1), "total"],
        text=[
            language.value(amount, unit, currency) if index in (0, last) else language.change(amount, unit, currency)
            for index, amount in enumerate(amounts)
        ],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
        increasing={"marker": {"color": BLUE}},
        decreasing={"marker": {"color": ORANGE}},
        totals={"marker": {"color": GREY}},
        connector={"line": {"color": GREY, "width": 1}},
    )
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    reach = [0, *(1.12 * amount for amount in accumulate(known[:last]))]
    lying_axis(figure, unit, language, currency, reach)
    return figure


def contributions(labels: Sequence[str], parts: Sequence[tuple[str, Sequence[float]]], language: Language) -> Figure:
    """What segments added to a change, each in parts that add up, as bars to the left and right."""
    figure = empty_figure(language, 90 + 44 * len(labels))
    patterns = ("", "/")
    for index, (name, values) in enumerate(parts):
        figure.add_bar(
            y=list(labels),
            x=list(values),
            name=name,
            orientation="h",
            marker={
                "color": SERIES[index],
                "pattern": {"shape": patterns[index % 2], "fillmode": "overlay", "fgcolor": "#fff"},
            },
            customdata=hover(labels, Series(name, values), "points", language, ""),
            hovertemplate="%{customdata}<extra></extra>",
        )
    figure.update_layout(barmode="relative", showlegend=True)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    lying_axis(figure, "points", language, "", [0, *(value for _, values in parts for value in values)])
    figure.update_xaxes(zeroline=True, zerolinecolor=INK)
    return figure


def layers(
    labels: Sequence[str],
    series: Sequence[Series],
    unit: str,
    language: Language,
    currency: str = "",
    *,
    colours: Sequence[str] = SERIES,
) -> Figure:
    """Figures that add up, one on top of the other over time; the oldest lies at the bottom."""
    figure = empty_figure(language, 380)
    for index, layer in enumerate(series):
        figure.add_scatter(
            x=list(labels),
            y=[float(value or 0) for value in layer.values],
            name=layer.name,
            mode="lines",
            stackgroup="all",
            line={"color": "#ffffff", "width": 1},
            fillcolor=colours[index % len(colours)],
            customdata=hover(labels, layer, unit, language, currency),
            hovertemplate="%{customdata}<extra></extra>",
        )
    sums = [sum(float(layer.values[place] or 0) for layer in series) for place in range(len(labels))]
    figure.update_layout(showlegend=True, hovermode="x unified")
    few_labels(figure, labels)
    axis(figure, unit, language, currency, [0, *sums])
    return figure


def stacks(
    labels: Sequence[str],
    series: Sequence[Series],
    unit: str,
    language: Language,
    currency: str = "",
    *,
    colours: Sequence[str] = SERIES,
) -> Figure:
    """Parts of a whole per period, one on top of the other, the first at the bottom. Patterns differ as colours do."""
    figure = empty_figure(language)
    patterns = ("", "/", ".")
    for index, part in enumerate(series):
        figure.add_bar(
            x=list(labels),
            y=[float(value or 0) for value in part.values],
            name=part.name,
            marker={
                "color": colours[index % len(colours)],
                "pattern": {"shape": patterns[index % 3], "fillmode": "overlay", "fgcolor": "#fff", "size": 6},
            },
            customdata=hover(labels, part, unit, language, currency),
            hovertemplate="%{customdata}<extra></extra>",
        )
    sums = [sum(float(part.values[place] or 0) for part in series) for place in range(len(labels))]
    figure.update_layout(barmode="stack", showlegend=True, legend={"traceorder": "normal"})
    few_labels(figure, labels, 6)
    axis(figure, unit, language, currency, [0, *sums])
    return figure


def dots(
    labels: Sequence[str],
    line: Series,
    unit: str,
    language: Language,
    currency: str = "",
    *,
    colours: Sequence[str] | str = BLUE,
    beside: float | None = None,
    also: Series | None = None,
) -> Figure:
    """A figure for each label, as a dot with a line over its interval; `beside` is what all are compared with, `also`
    another figure for each label."""
    names, height = names_beside(labels)
    figure = empty_figure(language, 90 + height)
    values = [float(value) for value in line.values]
    figure.add_scatter(
        x=values,
        y=names,
        mode="markers",
        marker={"color": colours, "size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [high - value for high, value in zip(line.high, values, strict=True)],
            "arrayminus": [value - low for low, value in zip(line.low, values, strict=True)],
            "color": GREY,
            "thickness": 2,
            "width": 4,
        },
        name=line.name,
        customdata=hover(labels, line, unit, language, currency),
        hovertemplate="%{customdata}<extra></extra>",
    )
    if also:
        figure.add_scatter(
            x=[None if value is None else float(value) for value in also.values],
            y=names,
            name=also.name,
            mode="markers",
            marker={"color": ORANGE, "size": 10, "symbol": "diamond-open", "line": {"width": 2}},
            hoverinfo="skip",
        )
        figure.update_layout(showlegend=True)
    if beside is not None:
        figure.add_vline(x=beside, line={"color": INK, "width": 1, "dash": "dot"}, layer="below")
    figure.update_yaxes(type="category", autorange="reversed", showgrid=True)
    others = [value for value in also.values if value is not None] if also else []
    lying_axis(figure, unit, language, currency, [*line.low, *line.high, *others])
    return figure


def forest(
    labels: Sequence[str],
    intervals: Sequence[tuple[str, Series]],
    unit: str,
    language: Language,
    currency: str = "",
    *,
    colours: Sequence[str] | str = BLUE,
) -> Figure:
    """An effect for each label beside 0, with several intervals, each with its name: the widest first and thinnest."""
    names, height = names_beside(labels)
    figure = empty_figure(language, 130 + height)
    for index, (name, line) in enumerate(intervals):
        is_last = index == len(intervals) - 1
        values = [float(value) for value in line.values]
        figure.add_scatter(
            x=[end for low, high in zip(line.low, line.high, strict=True) for end in (low, high, None)],
            y=[label for label in names for _ in range(3)],
            name=name,
            mode="lines",
            line={"color": INK if is_last else GREY, "width": 5 if is_last else 1.5},
            hoverinfo="skip",
        )
        if is_last:
            figure.add_scatter(
                x=values,
                y=names,
                mode="markers",
                marker={"color": colours, "size": 12, "line": {"color": "#fff", "width": 2}},
                customdata=hover(labels, line, unit, language, currency),
                hovertemplate="%{customdata}<extra></extra>",
                showlegend=False,
            )
    figure.add_vline(x=0, line={"color": INK, "width": 1, "dash": "dot"}, layer="below")
    figure.update_layout(showlegend=True)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=True)
    lying_axis(
        figure, unit, language, currency, [end for _, line in intervals for end in (*line.low, *line.high)] + [0]
    )
    return figure
