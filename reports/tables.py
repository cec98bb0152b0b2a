"""Rows as a table: for the eye in HTML, for other programs as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from html import escape

from reports.html import with_tip
from reports.language import Language
from reports.questions import Row

TEXTS = ("text", "prose", "date", "moment", "period")  # units whose values are no numbers
SHOWN = 200  # rows; the file has all of them
# Excel and its like run a cell that begins so (the last four are wide forms); an apostrophe makes it a text.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", *map(chr, (0xFF1D, 0xFF0B, 0xFF0D, 0xFF20)))


@dataclass(frozen=True)
class Column:
    """A column: where its values stand in a row, how it is called, and what they are."""

    key: str
    label: str
    unit: str = (
        "text"  # one of the glossary, or date, moment, period, points; prose: a long text; shown: a figure as text
    )
    grain: str = ""  # of a period
    tip: str = ""


@dataclass(frozen=True)
class Table:
    columns: Sequence[Column]
    rows: Sequence[Row]

    def html(self, language: Language, currency: str = "") -> str:
        head = "".join(
            f'<th{kind(column)} scope="col">{with_tip(column.label, column.tip)}</th>' for column in self.columns
        )
        body = "".join(
            f"<tr>{''.join(cell(row.get(column.key), column, language, currency) for column in self.columns)}</tr>"
            for row in self.rows[:SHOWN]
        )
        table = f'<table class="sk-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        return f'<div class="sk-scroll" tabindex="0">{table}</div>'

    def csv(self, language: Language) -> bytes:
        """All rows as the spreadsheet of the reader's language opens them: with a semicolon and a decimal comma in
        German. Rates stay numbers between 0 and 1."""
        german = language.code == "de"
        text = io.StringIO()
        writer = csv.writer(text, delimiter=";" if german else ",", lineterminator="\r\n")
        writer.writerow([harmless(column.label) for column in self.columns])
        for row in self.rows:
            writer.writerow([plain(row.get(column.key), german) for column in self.columns])
        return text.getvalue().encode("utf-8-sig")


def kind(column: Column) -> str:
    if column.unit == "prose":
        return ' class="sk-prose"'
    if column.unit in ("date", "moment"):
        return ' class="sk-date"'
    return "" if column.unit in TEXTS else ' class="sk-n"'


def cell(value: object, column: Column, language: Language, currency: str) -> str:
    return f"<td{kind(column)}>{escape(shown(value, column, language, currency))}</td>"


def shown(value: object, column: Column, language: Language, currency: str) -> str:
    if column.unit == "period" and isinstance(value, date):
        return language.period(column.grain, value)
    return language.value(value, column.unit, currency)


def plain(value: object, german: bool) -> str:
    """A value for a file."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float, Decimal)):
        return str(value).replace(".", ",") if german else str(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return harmless(str(value))


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text
