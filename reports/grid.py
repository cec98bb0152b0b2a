"""A table of cells in one colour scale: cohorts below each other, their figures side by side.

As HTML, not as a picture: it can be read aloud, scrolls on a phone, and its cells say more when they are pointed at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from reports.colours import LIGHT, on_scale
from reports.language import Language


@dataclass(frozen=True)
class Cell:
    """A figure: how it is shown, where it lies on the scale (null: without colour), and what it says in full."""

    shown: str
    place: float | None
    says: str
    is_complete: bool = True
    mark: str = ""  # sk-higher or sk-lower: than was to be expected


@dataclass(frozen=True)
class Line:
    """A row: its name, how large it is, and its cells by column."""

    name: str
    short: str  # the same where there is little room
    size: int | None
    cells: Mapping[Any, Cell]


@dataclass(frozen=True)
class Grid:
    corner: str  # what the rows are
    size_name: str
    columns: Sequence[tuple[Any, str]]
    lines: Sequence[Line]
    last: Line | None  # what all rows have in common, below them
    scale: tuple[str, str] | None  # the least and the most that a colour stands for; null: colours are marks

    def html(self, language: Language) -> str:
        head = "".join(f'<th scope="col">{escape(label)}</th>' for _, label in self.columns)
        largest = max((line.size or 0 for line in self.lines), default=0)
        body = "".join(self.line_html(line, place, largest, language) for place, line in enumerate(self.lines))
        foot = self.line_html(self.last, len(self.lines), 0, language, "sk-last") if self.last else ""
        return (
            '<div class="sk-scroll sk-cells" tabindex="0"><table class="sk-grid"><thead><tr>'
            f'<th scope="col" class="sk-head">{escape(self.corner)}</th>'
            f'<th scope="col">{escape(self.size_name)}</th>{head}'
            f"</tr></thead><tbody>{body}{foot}</tbody></table></div>{self.legend(language)}"
        )

    def line_html(self, line: Line, place: int, largest: int, language: Language, classes: str = "") -> str:
        above = "sk-above" if place > len(self.lines) / 2 else ""
        cells = "".join(
            cell_html(line.cells.get(key), f"{above} {'sk-left' if index > len(self.columns) / 2 else ''}")
            for index, (key, _) in enumerate(self.columns)
        )
        return (
            f'<tr class="{classes}"><th scope="row" class="sk-head">{name_html(line)}</th>'
            f"{size_html(line.size, largest, language)}{cells}</tr>"
        )

    def legend(self, language: Language) -> str:
        unfinished = f'<span class="sk-swatch sk-open"></span><span>{escape(language.say("common.unfinished"))}</span>'
        if not self.scale:
            marks = "".join(
                f'<span class="sk-swatch sk-{name}"></span><span>{escape(language.say(f"common.{name}"))}</span>'
                for name in ("higher", "lower")
            )
            return f'<div class="sk-legend">{marks}{unfinished}</div>'
        colours = ", ".join(on_scale(share / 4)[0] for share in range(5))
        return (
            f'<div class="sk-legend"><span>{escape(self.scale[0])}</span>'
            f'<span class="sk-bar" style="background: linear-gradient(to right, {colours})"></span>'
            f"<span>{escape(self.scale[1])}</span>{unfinished}</div>"
        )


def name_html(line: Line) -> str:
    return f'<span class="sk-wide">{escape(line.name)}</span><span class="sk-narrow">{escape(line.short)}</span>'


def size_html(size: int | None, largest: int, language: Language) -> str:
    """How many they are, with a bar as long as they are many."""
    if size is None:
        return "<td></td>"
    width = round(100 * size / largest) if largest else 0
    return (
        f'<td class="sk-size"><span class="sk-many" style="width: {width}%"></span>'
        f"<span>{language.number(size)}</span></td>"
    )


def cell_html(cell: Cell | None, where: str) -> str:
    if cell is None:
        return "<td></td>"
    classes = f"sk-cell {where} {'' if cell.is_complete else 'sk-open'} {cell.mark}"
    style = ""
    if cell.place is not None:
        ground, ink = on_scale(cell.place)
        classes += " sk-dark" if ink == LIGHT else ""
        style = f' style="background-color: {ground}; color: {ink}"'
    tip = f'<span class="sk-tip" role="tooltip">{escape(cell.says)}</span>' if cell.says else ""
    return f'<td class="{" ".join(classes.split())}" tabindex="-1"{style}>{escape(cell.shown)}{tip}</td>'
