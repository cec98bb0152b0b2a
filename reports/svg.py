"""Small charts as SVG text, for pages that are files: no library, no font and no script of others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from reports.colours import BLUE, GREY, GRID, INK, MUTED, ORANGE

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 64, 52
STEPS = 5  # of an axis, about
NAME_WIDTH = 36  # of a name below the axis, at least
COLOURS = (INK, BLUE, ORANGE, GREY)
DASHES = ("", "", "6 4", "2 3")
FONT = "system-ui, 'Segoe UI', 'Liberation Sans', sans-serif"


@dataclass(frozen=True)
class Line:
    """Values at the places of the axis; null where there is none. `is_dotted`: each value as a dot, too."""

    name: str
    values: Sequence[float | None]
    is_dotted: bool = False


@dataclass(frozen=True)
class Picture:
    """Lines over places that have a name each, evenly spaced, or stand where `places` says."""

    title: str
    x_title: str
    y_title: str
    names: Sequence[str]
    lines: Sequence[Line]
    places: Sequence[float] | None = None


def ticks(most: float) -> list[float]:
    """Round numbers from 0 to `most` or a little above."""
    if not most > 0:
        return [0.0, 1.0]
    rough = most / STEPS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * (1 - 1e-9))
    return [step * number for number in range(math.ceil(most / step - 1e-9) + 1)]


def drawn(picture: Picture) -> str:
    """The picture as SVG."""
    places = list(picture.places or range(len(picture.names)))
    known = [value for line in picture.lines for value in line.values if value is not None]
    y_ticks = ticks(max(known, default=0.0))
    first, last = min(places, default=0.0), max(places, default=1.0)

    def x(place: float) -> float:
        share = (place - first) / (last - first) if last > first else 0.5
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - value / y_ticks[-1] * (HEIGHT - TOP - BOTTOM), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="{FONT}" '
        f'font-size="13" fill="{INK}">',
        f"<title>{escape(picture.title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="20" font-size="15" font-weight="600">{escape(picture.title)}</text>',
        f'<text x="{LEFT}" y="{HEIGHT - 10}" fill="{MUTED}">{escape(picture.x_title)}</text>',
        f'<text x="8" y="{TOP - 10}" fill="{MUTED}">{escape(picture.y_title)}</text>',
    ]
    for tick in y_ticks:
        parts.append(f'<path d="M{LEFT} {y(tick)}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(tick) + 4}" text-anchor="end" fill="{MUTED}">{number(tick)}</text>')
    shown, reached = max(1, math.ceil(len(places) / 13)), -math.inf
    for index in range(0, len(places), shown):
        if x(places[index]) - reached < NAME_WIDTH:
            continue
        reached = x(places[index])
        parts.append(
            f'<text x="{x(places[index])}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="{MUTED}">'
            f"{escape(picture.names[index])}</text>"
        )
    legend = LEFT + 110.0
    for line, colour, dash in zip(picture.lines, COLOURS, DASHES, strict=False):
        points = [(x(place), y(value)) for place, value in zip(places, line.values, strict=True) if value is not None]
        style = f'stroke="{colour}" stroke-width="2" fill="none"' + (f' stroke-dasharray="{dash}"' if dash else "")
        if points:
            parts.append(f'<path d="M{" L".join(f"{across} {down}" for across, down in points)}" {style}/>')
        if line.is_dotted:
            parts += [f'<circle cx="{across}" cy="{down}" r="3.5" fill="{colour}"/>' for across, down in points]
        parts.append(f'<path d="M{legend} {TOP - 24}h24" {style}/>')
        parts.append(f'<text x="{legend + 30}" y="{TOP - 20}">{escape(line.name)}</text>')
        legend += 56 + 7.4 * len(line.name)
    return "\n".join([*parts, "</svg>", ""])


def number(value: float) -> str:
    return f"{value:,.6f}".rstrip("0").rstrip(".")
