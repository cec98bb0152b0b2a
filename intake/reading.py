"""Files and tables as they are, brought into DuckDB: text as text, typed columns typed, no row lost.

A line that does not have the columns of its header is kept as it stands in `malformed_line`; it becomes a row without any
value, which staging quarantines.
"""

from __future__ import annotations

import csv
import gzip
import os
import shutil
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import duckdb

from .errors import IntakeError
from .mapping import Format, Table

EXTENSIONS = (".csv", ".csv.gz", ".txt", ".tsv", ".parquet", ".xlsx")
MOST_COLUMNS = 2_000
LONGEST_RECORD = 200  # lines that one quoted value may span
LONGEST_MALFORMED_LINE = 10_000  # characters that are kept of one
SIGNATURES = {b"PAR1": "a Parquet file", b"PK\x03\x04": "a zip or Excel file", b"%PDF": "a PDF file", b"\xd0\xcf\x11\xe0": "an old Excel file (.xls)"}
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """A text as an SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


def is_plain_csv(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Whether dbt can read the file itself: comma-separated UTF-8 in which every line has the header's columns."""
    if path.suffix != ".csv" or path.read_bytes()[:2] in (*UTF_16, b"\x1f\x8b"):
        return False
    header = read_header(path, Format())
    try:
        connection.execute(f"select count(*) from ({strict_reader(path, Format(), header)})").fetchall()
    except duckdb.Error:
        return False
    return True


def load_file(connection: duckdb.DuckDBPyConnection, table: str, path: Path, form: Format, work: Path) -> None:
    """Create `table` from one file: its columns, source_line, source_file and malformed_line."""
    check_readable(path)
    if path.suffix == ".parquet":
        load_parquet(connection, table, path)
    elif path.suffix == ".xlsx":
        load_excel(connection, table, path, form, work)
    else:
        load_delimited(connection, table, path, form, work)
    connection.execute(f"alter table {table} add column source_file varchar default {quoted(str(path))}")


def check_readable(path: Path) -> None:
    if path.is_dir():
        raise IntakeError(f"{path}: is a folder, not a file. Rename it, or put its files where the mapping names them")
    if not os.access(path, os.R_OK):
        raise IntakeError(f"{path}: cannot be read: permission denied")
    if path.stat().st_size == 0:
        raise IntakeError(f"{path}: is empty. Export it again, or take it away")


def load_parquet(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    try:
        connection.execute(
            f"create table {table} as select *, row_number() over () as source_line, cast(null as varchar) as malformed_line "
            f"from read_parquet({quoted(str(path))})"
        )
    except duckdb.Error as error:
        raise IntakeError(f"{path}: is not a readable Parquet file ({first_line(error)})") from error


def load_excel(connection: duckdb.DuckDBPyConnection, table: str, path: Path, form: Format, work: Path) -> None:
    import zipfile

    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError) as error:
        raise IntakeError(f"{path}: is not a readable Excel file ({error})") from error
    if form.sheet is not None and form.sheet not in book.sheetnames:
        raise IntakeError(f"{path}: has no sheet '{form.sheet}'; there is {', '.join(book.sheetnames)}")
    sheet = book[form.sheet] if form.sheet is not None else book.worksheets[0]
    rows = ([cell_text(value) for value in row] for row in sheet.iter_rows(values_only=True))
    header = form.header or tuple(next(rows, []))
    check_header(header, path)
    write_and_load(connection, table, header, ((list(row), "") for row in rows if any(row)), work)


def describe_rows(path: Path, rows: int) -> tuple[tuple[str, ...], list[list[str]]]:
    """Column names and the first rows, as text, of a Parquet or Excel file."""
    with duckdb.connect() as connection, tempfile.TemporaryDirectory() as work:
        load_file(connection, "head", path, Format(), Path(work))
        found = connection.execute(f"select * exclude (source_line, source_file, malformed_line) from head limit {rows}")
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
    header = form.header or read_header(readable, form, shown=path)
    check_header(header, path)
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
        lines = iter(file) if form.header else without_header(file, form)
        try:
            write_and_load(connection, table, header, records(lines, len(header), form), work)
        except UnicodeDecodeError as error:
            raise IntakeError(not_decodable(path, form)) from error


def strict_reader(path: Path, form: Format, header: Sequence[str]) -> str:
    columns = ", ".join(f"{quoted(column)}: 'varchar'" for column in header)
    return (
        f"select * from read_csv({quoted(str(path))}, auto_detect = false, header = {str(form.header is None).lower()}, "
        f"delim = {quoted(form.delimiter)}, quote = {quoted(form.quote)}, escape = {quoted(form.quote)}, "
        f"columns = {{{columns}}}, max_line_size = 4194304, parallel = false)"
    )


def decoded(path: Path, form: Format, work: Path) -> Path:
    """The file itself where it is UTF-8, else a copy that is: unpacked and decoded as declared."""
    start = path.open("rb").read(8)
    for signature, what in SIGNATURES.items():
        if start.startswith(signature):
            raise IntakeError(f"{path}: is {what}, not text. Give it the right ending, or export it as CSV")
    packed = start.startswith(b"\x1f\x8b")
    if not packed and form.encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        if start.startswith(UTF_16):
            raise IntakeError(f"{path}: is UTF-16. Say so in a mapping (format: {{encoding: utf-16}})")
        return path
    copy = work / f"decoded_{abs(hash(str(path)))}.csv"
    try:
        with (gzip.open(path, "rb") if packed else path.open("rb")) as source, copy.open("wb") as target:
            if form.encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
                shutil.copyfileobj(source, target)
            else:
                transcode(source, target, form.encoding)
    except UnicodeDecodeError as error:
        raise IntakeError(not_decodable(path, form)) from error
    except (EOFError, gzip.BadGzipFile, OSError) as error:
        raise IntakeError(f"{path}: is packed with gzip but damaged or cut off ({error}). Export it again") from error
    return copy


def transcode(source, target, encoding: str) -> None:
    import codecs

    decoder = codecs.getincrementaldecoder(encoding)("strict")
    while chunk := source.read(1 << 20):
        target.write(decoder.decode(chunk).encode("utf-8"))
    target.write(decoder.decode(b"", final=True).encode("utf-8"))


def not_decodable(path: Path, form: Format) -> str:
    opener = gzip.open if path.read_bytes()[:2] == b"\x1f\x8b" else Path.open
    with opener(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(form.encoding)
            except UnicodeDecodeError:
                return (
                    f"{path}, line {number}: is not {form.encoding}. Say how the file is written in a mapping, for example "
                    "format: {encoding: latin-1}; if the file mixes encodings, export it again"
                )
    return f"{path}: is not {form.encoding}"


def read_header(path: Path, form: Format, shown: Path | None = None) -> tuple[str, ...]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for fields in (
            (line.split() for line in file)
            if form.delimiter == "whitespace"
            else csv.reader(file, delimiter=form.delimiter, quotechar=form.quote)
        ):
            if any(field.strip() for field in fields):
                return tuple(field.strip() for field in fields)
            break
    raise IntakeError(f"{shown or path}, line 1: has no header: the first line must name the columns")


def check_header(header: Sequence[str], path: Path) -> None:
    if len(header) > MOST_COLUMNS:
        raise IntakeError(f"{path}, line 1: has {len(header):,} columns; more than {MOST_COLUMNS:,} is no export of orders")
    seen: set[str] = set()
    for position, column in enumerate(header, start=1):
        if not column.strip():
            raise IntakeError(f"{path}, line 1: column {position} has no name")
        if column.strip().lower() in seen:
            raise IntakeError(f"{path}, line 1: column '{column.strip()}' is there twice. Rename one of them")
        seen.add(column.strip().lower())


def without_header(lines: Iterator[str], form: Format) -> Iterator[str]:
    """The lines after the header, which may itself span several."""
    header = next(lines)
    while header.count(form.quote) % 2 and (more := next(lines, None)) is not None:
        header += more
    return lines


def records(lines: Iterator[str], width: int, form: Format) -> Iterator[tuple[list[str], str]]:
    """The fields of each record, and an empty text; or no fields, and the line that has not the header's columns."""
    ahead: deque[str] = deque()
    while (line := ahead.popleft() if ahead else next(lines, None)) is not None:
        if not line.strip():
            continue
        parts = [line]
        while odd_quotes(parts, form) and len(parts) < LONGEST_RECORD:
            following = ahead.popleft() if ahead else next(lines, None)
            if following is None:
                break
            parts.append(following)
        fields = [] if odd_quotes(parts, form) else split("".join(parts), form)
        if len(fields) == width:
            yield fields, ""
        else:
            ahead.extendleft(reversed(parts[1:]))
            yield [""] * width, line.rstrip("\r\n")[:LONGEST_MALFORMED_LINE]


def odd_quotes(parts: Sequence[str], form: Format) -> bool:
    return form.delimiter != "whitespace" and sum(part.count(form.quote) for part in parts) % 2 == 1


def split(record: str, form: Format) -> list[str]:
    if form.delimiter == "whitespace":
        return record.split()
    return next(csv.reader([record.rstrip("\r\n")] if "\n" not in record.rstrip("\r\n") else record.splitlines(True), delimiter=form.delimiter, quotechar=form.quote), [])


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
    with clean.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for number, (fields, malformed) in enumerate(rows, start=1):
            padded = [field.replace("\0", "\u2400") for field in [*fields, *[""] * width][:width]]
            writer.writerow([*padded, number, malformed.replace("\0", "\u2400")])
    columns = {**{column.strip(): "varchar" for column in header}, "source_line": "bigint", "malformed_line": "varchar"}
    declared = ", ".join(f"{quoted(column)}: {quoted(kind)}" for column, kind in columns.items())
    connection.execute(
        f"create table {table} as select * from read_csv({quoted(str(clean))}, auto_detect = false, header = false, "
        f"delim = ',', quote = '\"', escape = '\"', columns = {{{declared}}}, max_line_size = 67108864, parallel = false)"
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
                column.name: POSTGRES_TYPES.get(known.name, "varchar") if (known := psycopg.adapters.types.get(column.type_code)) else "varchar"
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
        f"create table {table} as select *, row_number() over () as source_line, cast(null as varchar) as malformed_line "
        f"from read_csv({quoted(str(clean))}, auto_detect = false, header = false, delim = ',', quote = '\"', escape = '\"', "
        f"columns = {{{declared}}}, max_line_size = 67108864, parallel = false)"
    )
    clean.unlink()


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
