"""Tables as one Excel file: numbers, rates and dates as Excel shows and counts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from reports.language import Language
from reports.tables import Column, Table, harmless

MOST_ROWS = 1_048_575  # of a sheet, below its head
WIDEST, NARROWEST = 60, 10  # columns, in characters
LOOKED_AT = 50  # rows that tell how wide a column must be
# How Excel shows a unit. Separators are those of the reader's own Excel.
FORMATS = {
    "rate": "0.0%",
    "points": "+0.0%;-0.0%;0.0%",
    "number": "#,##0.00",
    **dict.fromkeys(("customers", "orders", "events", "score", "days", "minutes", "count"), "#,##0"),
}
PERIODS = {"month": "mmm yyyy", "year": "yyyy"}
DATES = {"de": "dd.mm.yyyy", "en": "yyyy-mm-dd"}


def write_workbook(tables: Mapping[str, Table], target: Path, language: Language, currency: str) -> None:
    """Write a sheet for each table, by its title. Rates stay numbers between 0 and 1, shown as per cent."""
    from openpyxl import Workbook

    workbook = Workbook(write_only=True)
    for title, table in tables.items():
        sheet = workbook.create_sheet(title[:31])
        sheet.freeze_panes = "B2"
        for letter, column in zip(letters(len(table.columns)), table.columns, strict=True):
            sheet.column_dimensions[letter].width = width(table, column)
        sheet.append(list(heads(sheet, table)))
        for row in table.rows[:MOST_ROWS]:
            sheet.append([cell(sheet, row.get(column.key), column, language, currency) for column in table.columns])
        if table.rows:
            last = letters(len(table.columns))[-1]
            sheet.auto_filter.ref = f"A1:{last}{min(len(table.rows), MOST_ROWS) + 1}"
    workbook.save(target)


def letters(columns: int) -> list[str]:
    """The names of so many columns."""
    from openpyxl.utils import get_column_letter

    return [get_column_letter(number) for number in range(1, columns + 1)]


def width(table: Table, column: Column) -> int:
    longest_word = max(map(len, column.label.split()), default=0)
    is_text = column.unit in ("text", "prose")
    texts = (len(str(row.get(column.key) or "")) for row in table.rows[:LOOKED_AT] if is_text)
    return min(WIDEST, max(NARROWEST, longest_word + 2, *texts))


def heads(sheet: Any, table: Table) -> Iterator[Any]:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font

    for column in table.columns:
        head = WriteOnlyCell(sheet, harmless(column.label))
        head.font = Font(bold=True)
        head.alignment = Alignment(wrap_text=True, vertical="top")
        yield head


def cell(sheet: Any, value: object, column: Column, language: Language, currency: str) -> Any:
    """A value as Excel has it: text stays text, whatever it begins with."""
    from openpyxl.cell import WriteOnlyCell

    if isinstance(value, str):
        return harmless(value)
    form = number_format(value, column, language, currency)
    if value is None or form is None:
        return value
    written = WriteOnlyCell(sheet, value)
    written.number_format = form
    return written


def number_format(value: object, column: Column, language: Language, currency: str) -> str | None:
    if column.unit == "period" and column.grain in PERIODS:
        return PERIODS[column.grain]
    if column.unit == "currency":
        return f'#,##0.00\\ "{currency}"'
    if isinstance(value, datetime):
        return f"{DATES[language.code]} hh:mm"
    if isinstance(value, date):
        return DATES[language.code]
    return FORMATS.get(column.unit)
