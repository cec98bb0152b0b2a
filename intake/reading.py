"""Files and tables as they are, brought into DuckDB: text as text, typed columns typed, no row lost.

A line that does not have the columns of its header is kept as it stands in `malformed_line`; it becomes a row without
any value, which staging quarantines.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import shutil
import sys
import tempfile
import warnings
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path

import duckdb

from .errors import IntakeError
from .mapping import Format, Table

EXTENSIONS = (".csv", ".csv.gz", ".txt", ".tsv", ".parquet", ".xlsx")
MOST_COLUMNS = 2_000
LONGEST_RECORD = 200  # lines that one quoted value may span
LARGEST_RECORD = 8_000_000  # characters of one row
LONGEST_MALFORMED_LINE = 10_000  # characters that are kept of one
# How files written here are read: they are known to be whole, and quoted values may hold any line end.
CLEAN = "max_line_size = 67108864, parallel = false, new_line = '\\n'"
LONGEST_NAME = 60  # characters of a column that a message shows
OWN_COLUMNS = ("source_line", "source_file", "malformed_line")  # that loading adds
GZIP = b"\x1f\x8b"
SIGNATURES = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip or Excel file",
    b"%PDF": "a PDF file",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls)",
    b"SQLite": "a SQLite database",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"<!DOCTYPE": "a web page",
    b"<!doctype": "a web page",
    b"<html": "a web page",
    b"<?xml": "an XML file",
}
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """A text as an SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


def columns_that_dbt_reads(connection: duckdb.DuckDBPyConnection, path: Path) -> set[str] | None:
    """Names of the columns of a file that dbt can read itself: whole Parquet, or comma-separated UTF-8 in which every
    line has the header's columns. None for a file that must be converted."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        reader = f"read_parquet({quoted(literal(path))})"
        header = parquet_columns(connection, path)
        every_value = "bit_xor(hash(columns(*)))"
    elif suffix == ".csv" and not starts_with(path, (*UTF_16, GZIP, *SIGNATURES)):
        header = read_header(path, Format())
        reader = strict_reader(path, Format(), header) if usable_header(header, path) == header else ""
        every_value = "count(columns(*))"
    else:
        return None
    known = {column.strip().lower() for column in header}
    if not reader or known & {*OWN_COLUMNS, "read_from"}:
        return None
    try:
        connection.execute(f"select {every_value} from ({reader})").fetchall()
    except duckdb.Error:
        return None
    return known


def starts_with(path: Path, beginnings: tuple[bytes, ...]) -> bool:
    with path.open("rb") as file:
        return file.read(16).startswith(beginnings)


def literal(path: Path) -> str:
    """A path for DuckDB, to which *, ? and [ in it would be a pattern."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in str(path))


def load_file(connection: duckdb.DuckDBPyConnection, table: str, path: Path, form: Format, work: Path) -> None:
    """Create `table` from one file: its columns, source_line, source_file and malformed_line."""
    check_readable(path)
    if path.suffix.lower() == ".parquet":
        load_parquet(connection, table, path)
    elif path.suffix.lower() == ".xlsx":
        load_excel(connection, table, path, form, work)
    else:
        load_delimited(connection, table, path, form, work)
    connection.execute(f"alter table {table} add column source_file varchar default {quoted(str(path))}")


def check_readable(path: Path) -> None:
    if path.is_dir():
        raise IntakeError(f"{path}: is a folder, not a file. Rename it, or put its files where the mapping names them")
    if not path.exists():
        raise IntakeError(f"{path}: is a link that leads nowhere. Put the file itself there, or take the link away")
    if not path.is_file():
        raise IntakeError(f"{path}: is no ordinary file. Put a file there, or take it away")
    if "\\" in path.name:  # DuckDB's patterns pass over such a file
        raise IntakeError(f"{path}: has a backslash in its name. Rename it")
    if not os.access(path, os.R_OK):
        raise IntakeError(f"{path}: cannot be read: permission denied. Give this user the right to read it")
    if path.stat().st_size == 0:
        raise IntakeError(f"{path}: is empty. Export it again, or take it away")


def parquet_columns(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[str, ...]:
    try:
        found = connection.execute(f"describe select * from read_parquet({quoted(literal(path))})").fetchall()
    except duckdb.Error as error:
        raise IntakeError(f"{path}: is not a readable Parquet file ({first_line(error)}). Export it again") from error
    columns = tuple(str(column) for column, *_ in found)
    check_header(columns, path)
    return columns


def load_parquet(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    columns = parquet_columns(connection, path)
    named = zip(columns, usable_header(columns, path), strict=True)
    listed = ", ".join(f"{name(column)} as {name(usable)}" for column, usable in named)
    try:
        connection.execute(
            f"create table {table} as select {listed}, row_number() over () as source_line, "
            f"cast(null as varchar) as malformed_line from read_parquet({quoted(literal(path))})"
        )
    except duckdb.Error as error:
        raise IntakeError(f"{path}: is a damaged Parquet file ({first_line(error)}). Export it again") from error


def load_excel(connection: duckdb.DuckDBPyConnection, table: str, path: Path, form: Format, work: Path) -> None:
    if starts_with(path, (b"\xd0\xcf\x11\xe0",)):
        raise IntakeError(f"{path}: is an old Excel file, or one with a password. Save it as .xlsx without a password")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of openpyxl, on styles and dates that it does not know
            rows = excel_rows(path, form)
            header = usable_header(form.header or tuple(next(rows, [])), path)
            write_and_load(connection, table, header, excel_records(rows, len(header)), work)
    except IntakeError:
        raise
    except Exception as error:  # a damaged file makes openpyxl stumble anywhere
        raise IntakeError(f"{path}: is not a readable Excel file ({first_line(error)}). Save it again") from error


def excel_rows(path: Path, form: Format) -> Iterator[list[str]]:
    """The rows of the declared sheet, else of the first. A formula that was saved without its value is kept as it is
    written, so that staging can show it."""
    import openpyxl

    with zipfile.ZipFile(path) as archive:
        sheets = [part for part in archive.namelist() if part.startswith("xl/worksheets/")]
        has_formulas = any(b"<f" in archive.read(part) for part in sheets)
    for_values, for_formulas = (
        openpyxl.load_workbook(path, read_only=True, data_only=with_values) for with_values in (True, False)
    )
    names = [sheet.title for sheet in for_values.worksheets]
    if not names:
        raise IntakeError(f"{path}: has no sheet with cells")
    if form.sheet is not None and form.sheet not in names:
        raise IntakeError(f"{path}: has no sheet '{form.sheet}'; there is {', '.join(names)}")
    sheet, formulas = (book[form.sheet or names[0]] for book in (for_values, for_formulas))
    for each in (sheet, formulas):
        each.reset_dimensions()  # some programs write them wrongly: rows and columns outside would be lost
    if has_formulas:
        for row, written in zip(sheet.iter_rows(), formulas.iter_rows(), strict=True):
            yield [
                excel_text(cell) or (str(formula.value) if formula.value is not None else "")
                for cell, formula in zip(row, written, strict=True)
            ]
    else:
        for row in sheet.iter_rows():
            yield [excel_text(cell) for cell in row]
    for book in (for_values, for_formulas):
        book.close()


def excel_text(cell) -> str:
    """A date without a time of day is a date, although Excel stores midnight."""
    from openpyxl.styles.numbers import is_datetime

    value = cell.value
    if isinstance(value, datetime) and value.time() == time() and is_datetime(cell.number_format) == "date":
        value = value.date()
    return cell_text(value)


def excel_records(rows: Iterator[list[str]], width: int) -> Iterator[tuple[list[str], str]]:
    """Like `records`: a row with values beside the header's columns is kept as text."""
    for row in rows:
        while row and not row[-1].strip():
            row.pop()
        if len(row) > width:
            yield [""] * width, ",".join(row)[:LONGEST_MALFORMED_LINE]
        elif row:
            yield row, ""


def describe_rows(path: Path, rows: int) -> tuple[tuple[str, ...], list[list[str]]]:
    """Column names and the first rows, as text, of a Parquet or Excel file."""
    with duckdb.connect() as connection, tempfile.TemporaryDirectory() as work:
        load_file(connection, "head", path, Format(), Path(work))
        found = connection.execute(f"select * exclude ({', '.join(OWN_COLUMNS)}) from head limit {rows}")
        header = tuple(column[0] for column in found.description or ())
        return header, [["" if value is None else str(value) for value in row] for row in found.fetchall()]


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


def load_delimited(connection: duckdb.DuckDBPyConnection, table: str, path: Path, form: Format, work: Path) -> None:
    readable = decoded(path, form, work)
    header = usable_header(form.header or read_header(readable, form, shown=path), path)
    if form.delimiter != "whitespace":
        reader = strict_reader(readable, form, header)
        try:
            connection.execute(
                f"create table {table} as select *, row_number() over () as source_line, "
                f"cast(null as varchar) as malformed_line from ({reader})"
            )
            return
        except duckdb.Error:
            connection.execute(f"drop table if exists {table}")
    with readable.open(encoding="utf-8-sig", errors="strict", newline="") as file:
        try:
            if form.header is None:
                header_record(file, form)
            write_and_load(connection, table, header, records(file, len(header), form), work)
        except UnicodeDecodeError as error:
            raise IntakeError(not_decodable(path, form)) from error


def strict_reader(path: Path, form: Format, header: Sequence[str]) -> str:
    """Never with parallel = false: DuckDB 2.0.0 then drops all rows after a quote that is not closed, without error."""
    has_header = str(form.header is None).lower()
    columns = ", ".join(f"{quoted(column)}: 'varchar'" for column in header)
    return (
        f"select * from read_csv({quoted(literal(path))}, auto_detect = false, header = {has_header}, "
        f"delim = {quoted(form.delimiter)}, quote = {quoted(form.quote)}, escape = {quoted(form.quote)}, "
        f"columns = {{{columns}}}, max_line_size = 4194304)"
    )


def decoded(path: Path, form: Format, work: Path) -> Path:
    """The file itself where it is UTF-8, else a copy that is: unpacked and decoded as declared."""
    check_text(path, path, form)
    packed = starts_with(path, (GZIP,))
    if not packed and is_utf_8(form):
        return path
    copy = work / f"decoded_{abs(hash(str(path)))}.csv"
    try:
        with gzip.open(path, "rb") if packed else path.open("rb") as source, copy.open("wb") as target:
            if is_utf_8(form):
                shutil.copyfileobj(source, target)
            else:
                transcode(source, target, form.encoding)
    except UnicodeDecodeError as error:
        raise IntakeError(not_decodable(path, form)) from error
    except (EOFError, OSError, zlib.error) as error:
        if not packed:
            raise
        raise IntakeError(f"{path}: is packed with gzip but damaged or cut off ({error}). Export it again") from error
    check_text(copy, path, form)
    return copy


def is_utf_8(form: Format) -> bool:
    return form.encoding.lower().replace("_", "-") in ("utf-8", "utf8")


def check_text(path: Path, shown: Path, form: Format) -> None:
    """What begins like another kind of file is none that could be read as text."""
    with path.open("rb") as file:
        start = file.read(512)
    packed_twice = {GZIP: "packed with gzip twice"} if path != shown else {}
    for signature, what in {**SIGNATURES, **packed_twice}.items():
        if start.startswith(signature):
            raise IntakeError(f"{shown}: is {what}, not text. Give it the right ending, or export it as CSV")
    first = start.split(b"\n")[0]
    looks_wide = first.count(b"\0") * 3 > len(first) and not start.startswith(GZIP)
    if is_utf_8(form) and (start.startswith(UTF_16) or looks_wide):
        raise IntakeError(f"{shown}, line 1: is UTF-16. Say so in a mapping (format: {{encoding: utf-16}})")


def transcode(source, target, encoding: str) -> None:
    import codecs

    decoder = codecs.getincrementaldecoder(encoding)("strict")
    while chunk := source.read(1 << 20):
        target.write(decoder.decode(chunk).encode("utf-8"))
    target.write(decoder.decode(b"", final=True).encode("utf-8"))


def not_decodable(path: Path, form: Format) -> str:
    where = f"{path}"
    if "\n".encode(form.encoding) == b"\n":
        opener = gzip.open if starts_with(path, (GZIP,)) else Path.open
        with opener(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    line.decode(form.encoding)
                except UnicodeDecodeError:
                    where = f"{path}, line {number}"
                    break
    return (
        f"{where}: is not {form.encoding}. Say how the file is written in a mapping, for example "
        "format: {encoding: latin-1}; if the file mixes encodings or is cut off, export it again"
    )


def read_header(path: Path, form: Format, shown: Path | None = None) -> tuple[str, ...]:
    try:
        with path.open(encoding="utf-8-sig", errors="strict", newline="") as file:
            record = header_record(file, form)
    except UnicodeDecodeError as error:
        raise IntakeError(not_decodable(shown or path, form)) from error
    if record is None:
        raise IntakeError(f"{shown or path}, line 1: a quote in the header is not closed. Close it, or export it again")
    fields = [field.strip() for field in split(record, form)]
    if not any(fields):
        raise IntakeError(f"{shown or path}, line 1: has no header: the first line must name the columns")
    return tuple(fields)


def header_record(lines: Iterator[str], form: Format) -> str | None:
    """The first line, with those that a quoted name spans. None where a quote stays open."""
    record = line = next(lines, "")
    for _ in range(LONGEST_RECORD):
        if not quote_stays_open(line, form, line is not record):
            return record
        line = next(lines, "")
        record += line
    return None


def usable_header(header: Sequence[str], path: Path) -> tuple[str, ...]:
    """Names that a table can have: a column without a name, as spreadsheets append them, gets one that nothing maps."""
    usable = [
        f"{column} in the file" if column.strip().lower() in OWN_COLUMNS else column.strip() or f"column {position}"
        for position, column in enumerate(header, start=1)
    ]
    if not any(column.strip() for column in header):
        raise IntakeError(f"{path}, line 1: has no header: the first line must name the columns")
    check_header(usable, path)
    return tuple(usable)


def check_header(header: Sequence[str], path: Path) -> None:
    if len(header) > MOST_COLUMNS:
        raise IntakeError(
            f"{path}, line 1: has {len(header):,} columns; more than {MOST_COLUMNS:,} is no export of orders. "
            "Leave out what is not needed"
        )
    seen: set[str] = set()
    for position, column in enumerate(header, start=1):
        if not column.strip():
            raise IntakeError(f"{path}, line 1: column {position} has no name. Give it one, or take it away")
        if column.strip().lower() in seen:
            raise IntakeError(f"{path}, line 1: column '{shortened(column)}' is there twice. Rename one of them")
        seen.add(column.strip().lower())


def shortened(column: str) -> str:
    column = column.strip()
    return column if len(column) <= LONGEST_NAME else column[: LONGEST_NAME - 3] + "..."


def records(lines: Iterator[str], width: int, form: Format) -> Iterator[tuple[list[str], str]]:
    """The fields of each record, and an empty text; or no fields, and the line that has not the header's columns."""
    ahead: deque[str] = deque()
    while (line := ahead.popleft() if ahead else next(lines, None)) is not None:
        if not line.strip():
            continue
        parts = [line]
        is_open = quote_stays_open(line, form, False)
        while is_open and len(parts) < LONGEST_RECORD:
            following = ahead.popleft() if ahead else next(lines, None)
            if following is None:
                break
            parts.append(following)
            is_open = quote_stays_open(following, form, True)
        fields = [] if is_open or sum(map(len, parts)) > LARGEST_RECORD else split("".join(parts), form)
        if len(fields) == width or (len(fields) > width and not any(fields[width:])):  # a separator after each row
            yield fields[:width], ""
        else:
            ahead.extendleft(reversed(parts[1:]))
            yield [""] * width, line.rstrip("\r\n")[:LONGEST_MALFORMED_LINE]


def quote_stays_open(line: str, form: Format, is_open: bool) -> bool:
    """Whether a quoted value goes on after the line. A quote opens a value only where the value begins."""
    if form.delimiter == "whitespace":
        return False
    position = line.find(form.quote)
    while position >= 0:
        if not is_open:
            before = position - 1
            while before >= 0 and line[before] == " ":
                before -= 1
            is_open = before < 0 or line[before] == form.delimiter
        elif line.startswith(form.quote, position + 1):
            position += 1  # twice: a quote within the value
        else:
            is_open = False
        position = line.find(form.quote, position + 1)
    return is_open


def split(record: str, form: Format) -> list[str]:
    """The fields of one record; none where quotes stand where they must not."""
    if form.delimiter == "whitespace":
        return record.split()
    csv.field_size_limit(sys.maxsize)
    lines = io.StringIO(record.rstrip("\r\n"), newline="")
    try:
        return next(
            csv.reader(lines, delimiter=form.delimiter, quotechar=form.quote, skipinitialspace=True, strict=True), []
        )
    except csv.Error:
        return []


def write_and_load(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    header: Sequence[str],
    rows: Iterator[tuple[list[str], str]],
    work: Path,
) -> None:
    """Through a clean file: DuckDB reads it far faster than rows can be handed over one by one."""
    clean = work / f"{table}.csv"
    width = len(header)
    with clean.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for number, (fields, malformed) in enumerate(rows, start=1):
            padded = [field.replace("\0", "\u2400") for field in [*fields, *[""] * width][:width]]
            writer.writerow([*padded, number, malformed.replace("\0", "\u2400")])
    columns = {**{column.strip(): "varchar" for column in header}, "source_line": "bigint", "malformed_line": "varchar"}
    declared = ", ".join(f"{quoted(column)}: {quoted(kind)}" for column, kind in columns.items())
    connection.execute(
        f"create table {table} as select * from read_csv({quoted(str(clean))}, auto_detect = false, header = false, "
        f"delim = ',', quote = '\"', escape = '\"', columns = {{{declared}}}, {CLEAN})"
    )
    clean.unlink()


def load_table(connection: duckdb.DuckDBPyConnection, table: str, source: Table, base: Path, work: Path) -> None:
    """Create `table` from a table of a DuckDB file or of PostgreSQL, with its types."""
    if source.duckdb is not None:
        load_duckdb(connection, table, source, base / source.duckdb)
    else:
        load_postgres(connection, table, source, work)
    shown = quoted(f"{source.duckdb or 'postgres'}: {source.name}")
    connection.execute(f"alter table {table} add column source_file varchar default {shown}")


def load_duckdb(connection: duckdb.DuckDBPyConnection, table: str, source: Table, path: Path) -> None:
    if not path.exists():
        raise IntakeError(f"{path}: does not exist (table '{source.name}' is to be read from it)")
    try:
        connection.execute(f"attach {quoted(str(path))} as shop (read_only)")
    except duckdb.Error as error:
        raise IntakeError(f"{path}: cannot be opened as a DuckDB file ({first_line(error)})") from error
    try:
        qualified = ".".join(name(part) for part in source.name.split("."))
        connection.execute(
            f"create table {table} as select *, row_number() over () as source_line, "
            f"cast(null as varchar) as malformed_line from shop.{qualified}"
        )
    except duckdb.Error as error:
        raise IntakeError(f"{path}: table '{source.name}' cannot be read ({first_line(error)})") from error
    finally:
        connection.execute("detach shop")


POSTGRES_TYPES = {
    "bool": "boolean", "int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "double", "float8": "double",
    "date": "date", "timestamp": "timestamp", "timestamptz": "timestamp with time zone",
}  # fmt: skip


def load_postgres(connection: duckdb.DuckDBPyConnection, table: str, source: Table, work: Path) -> None:
    try:
        import psycopg
        from psycopg import sql
    except ImportError as error:
        raise IntakeError("reading from PostgreSQL needs psycopg: .venv/bin/pip install 'psycopg[binary]'") from error

    address = os.environ.get(source.postgres or "")
    if not address:
        raise IntakeError(f"environment variable {source.postgres} is not set: it must hold the address of PostgreSQL")
    clean = work / f"{table}.csv"
    relation = sql.SQL(".").join(sql.Identifier(part) for part in source.name.split("."))
    try:
        with psycopg.connect(address) as database, database.cursor() as cursor:
            cursor.execute("set timezone to 'UTC'")
            cursor.execute("set datestyle to 'ISO'")
            cursor.execute(sql.SQL("select * from {} limit 0").format(relation))
            columns = {
                column.name: POSTGRES_TYPES.get(known.name, "varchar")
                if (known := psycopg.adapters.types.get(column.type_code))
                else "varchar"
                for column in cursor.description or ()
            }
            copy = sql.SQL("copy (select * from {}) to stdout (format csv, force_quote *)").format(relation)
            with clean.open("wb") as file, cursor.copy(copy) as rows:
                for block in rows:
                    file.write(block)
    except psycopg.Error as error:
        raise IntakeError(f"PostgreSQL ({source.postgres}), table '{source.name}': {first_line(error)}") from error
    declared = ", ".join(f"{quoted(column)}: {quoted(kind)}" for column, kind in columns.items())
    connection.execute(
        f"create table {table} as select *, row_number() over () as source_line, "
        f"cast(null as varchar) as malformed_line "
        f"from read_csv({quoted(str(clean))}, auto_detect = false, header = false, delim = ',', "
        f"quote = '\"', escape = '\"', columns = {{{declared}}}, {CLEAN})"
    )
    clean.unlink()


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
