"""Excel sheets, cell by cell as text that staging can read."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, time
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from xml.parsers import expat

import duckdb

from stammkunde.environment import bytes_of, environment

from ..errors import IntakeError, first_line
from ..mapping import Format
from .around import ABOVE, FARTHEST_HEADER, header_position
from .clean_file import load_clean, write_clean
from .header import NOTHING_WANTED, Wanted, usable_header
from .limits import PART_OF_EXCEL, too_large
from .own_process import in_own_process
from .records import LONGEST_MALFORMED_LINE
from .signatures import OLD_EXCEL, starts_with

if TYPE_CHECKING:
    from openpyxl.cell.read_only import ReadOnlyCell
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

T = TypeVar("T")
SMALL = 4_000_000  # bytes that a file may unpack to and be read here: they take some hundred megabytes at the most
CHUNK = 1 << 16
FORMULA = b"<f"
DOCTYPE = "document type"
NO_MEMORY = "out of memory"


def load_excel(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
    form: Format,
    work: Path,
    wanted: Wanted = NOTHING_WANTED,
) -> dict[str, int]:
    """Create `table` from the declared sheet, else from the first that is shown. Gives how many rows above the header
    it left out."""
    clean = work / f"{table}.csv"
    header, above = read_apart(write_sheet, path, form, wanted, clean)
    load_clean(connection, table, header, clean)
    return {ABOVE: above} if above else {}


def first_excel_rows(path: Path, rows: int) -> list[list[str]]:
    """The first rows of the first sheet that is shown, whatever they are."""
    return read_apart(head_of_sheet, path, rows)


def read_apart(read: Callable[..., T], path: Path, *arguments: object) -> T:
    """What a function gives that reads a sheet: of a file that may take much memory, from a process of its own, which
    gets no more than it may have."""
    with readable(path):
        unpacked = unpacked_size(path)
    return read(path, *arguments) if unpacked <= SMALL else in_own_process(read, path, *arguments)


def write_sheet(path: Path, form: Format, wanted: Wanted, clean: Path) -> tuple[tuple[str, ...], int]:
    """Write the rows of the sheet into a clean CSV file. Gives its header, and how many rows above it are left out."""
    above = 0
    with readable(path):
        rows = excel_rows(path, form, wanted)
        if form.header is None:
            rows, above = from_its_header(rows, wanted, path)
        header = usable_header(form.header or tuple(next(rows, [])), path, wanted)
        write_clean(clean, len(header), excel_records(rows, len(header)), path)
    return header, above


def head_of_sheet(path: Path, rows: int) -> list[list[str]]:
    with readable(path):
        return list(islice(excel_rows(path, Format()), rows))


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Reading a file that may be damaged or none of Excel. Raises IntakeError."""
    if starts_with(path, OLD_EXCEL):
        raise IntakeError(f"{path}: is an old Excel file, or one with a password. Save it as .xlsx without a password")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of openpyxl, on styles and dates that it does not know
            yield
    except (IntakeError, MemoryError):
        raise
    except Exception as error:  # a damaged file makes openpyxl stumble anywhere
        if NO_MEMORY in str(error):  # as the parser of XML says it
            raise MemoryError from error
        raise IntakeError(f"{path}: is not a readable Excel file ({first_line(error)}). Save it again") from error


def from_its_header(rows: Iterator[list[str]], wanted: Wanted, path: Path) -> tuple[Iterator[list[str]], int]:
    """The rows from the header on, and how many that are not empty stand above it."""
    head = list(islice(rows, FARTHEST_HEADER))
    position = header_position(head, wanted, path)
    return chain(head[position:], rows), sum(any(value.strip() for value in row) for row in head[:position])


def excel_rows(path: Path, form: Format, wanted: Wanted = NOTHING_WANTED) -> Iterator[list[str]]:
    """The rows of the sheet. A formula that was saved without its value is kept as it is written, so that staging can
    show it."""
    import openpyxl

    values = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    names = [sheet.title for sheet in values.worksheets]
    shown = [sheet.title for sheet in values.worksheets if sheet.sheet_state == "visible"]
    if not names:
        raise IntakeError(f"{path}: has no sheet with cells")
    if form.sheet is not None and form.sheet not in names:
        raise IntakeError(f"{path}: has no sheet '{form.sheet}'; there is {', '.join(names)}")
    if form.sheet is None:
        check_other_sheets([values[name] for name in shown], wanted, path)
    name = form.sheet or (shown or names)[0]
    sheet = values[name]
    sheet.reset_dimensions()  # some programs write them wrongly: rows and columns outside would be lost
    if not holds_formulas(path):
        for row in sheet.iter_rows():
            yield [excel_text(cell) for cell in row]
        values.close()
        return
    formulas = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    written_in = formulas[name]
    written_in.reset_dimensions()
    for row, written in zip(sheet.iter_rows(), written_in.iter_rows(), strict=True):
        yield [
            excel_text(cell) or (str(formula.value) if formula.value is not None else "")
            for cell, formula in zip(row, written, strict=True)
        ]
    values.close()
    formulas.close()


def check_other_sheets(shown: Sequence[ReadOnlyWorksheet], wanted: Wanted, path: Path) -> None:
    """Raises IntakeError where a sheet that would not be read has the columns that are wanted, too."""
    first, *others = shown or [None]
    for sheet in others:
        head = sheet.iter_rows(max_row=FARTHEST_HEADER, values_only=True)
        if any(wanted.are_in([cell_text(value) for value in row]) for row in head):
            raise IntakeError(
                f"{path}: sheet '{sheet.title}' has the columns that are read, but only the first sheet "
                f"'{first.title}' would be. Say which is meant in a mapping (format: {{sheet: {sheet.title}}}), or, if "
                "both hold rows, save each as a file of its own"
            )


def unpacked_size(path: Path) -> int:
    """How much the parts of a file take unpacked, by its own table of contents, beyond which nothing is unpacked.

    Raises IntakeError where that is too much, and where a part declares entities: they stand for text that may be
    endless, and Excel writes none.
    """
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
        limit = environment().unpacked_limit
        if unpacked * PART_OF_EXCEL > bytes_of(limit):
            raise too_large(path, f"a tenth of {limit}")
        for part in archive.infolist():
            if not part.is_dir() and declares_entities(archive, part):
                raise IntakeError(f"{path}: {part.filename} in it declares a document type, as Excel never does")
    return unpacked


def declares_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a part of XML has a document type, which stands before its first element."""
    seen: list[str] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_: seen.append(DOCTYPE)
    parser.StartElementHandler = lambda *_: seen.append("element")
    with archive.open(part) as content:
        while not seen and (chunk := content.read(CHUNK)):
            try:
                parser.Parse(chunk)
            except expat.ExpatError:  # an image, or damaged: openpyxl says so where it is read
                break
    return DOCTYPE in seen


def holds_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        sheets = [part for part in archive.namelist() if part.startswith("xl/worksheets/")]
        return any(holds(archive, part, FORMULA) for part in sheets)


def holds(archive: zipfile.ZipFile, part: str, sought: bytes) -> bool:
    """Whether a part holds these bytes."""
    end = b""
    with archive.open(part) as content:
        while chunk := content.read(CHUNK):
            if sought in end + chunk:
                return True
            end = chunk[-len(sought) :]
    return False


def excel_text(cell: ReadOnlyCell) -> str:
    """A date without a time of day is a date, although Excel stores midnight."""
    from openpyxl.styles.numbers import is_datetime

    value = cell.value
    if isinstance(value, datetime) and value.time() == time() and is_datetime(cell.number_format) == "date":
        value = value.date()
    return cell_text(value)


def cell_text(value: object) -> str:
    """A cell as text that staging can read: numbers without exponent, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        number = format(Decimal(repr(value)), "f")
        return number.rstrip("0").rstrip(".") if "." in number else number
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def excel_records(rows: Iterator[list[str]], width: int) -> Iterator[tuple[list[str], str]]:
    """Like `records`: a row with values beside the header's columns is kept as text."""
    for row in rows:
        while row and not row[-1].strip():
            row.pop()
        if len(row) > width:
            yield [""] * width, ",".join(row)[:LONGEST_MALFORMED_LINE]
        elif row:
            yield row, ""
