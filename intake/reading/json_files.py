"""JSON: one object per line, or a whole document whose rows stand in a list, under a path where an envelope holds it.

Each object is a row, each of its keys a column of text. What lies deeper stays JSON text, of which a mapping names a
part by its path (intake/json_paths.py).
"""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from pathlib import Path

import duckdb

from stammkunde.database import identifier, path_literal, quoted

from ..errors import IntakeError, first_line
from ..json_paths import pointer, pointer_to, steps_of
from ..mapping import Format
from .encoding import decoded, not_decodable
from .header import NOTHING_WANTED, Wanted, usable_header
from .own_columns import MALFORMED_LINE, SOURCE_LINE
from .signatures import is_gzip

LINE_ENDINGS = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
EXTENSIONS = (".json", ".json.gz", *LINE_ENDINGS)
OTHER_GZ = (".csv.gz", ".txt.gz", ".tsv.gz")
LONGEST_LINE = 67_108_864  # bytes of one line, which may be a whole page of an API
LONGEST_MALFORMED = 10_000  # characters that are kept of what is no row


def is_json(path: Path) -> bool:
    """By the file's name; one that is only called `.gz`, as Segment calls its logs, by its first sign."""
    name = path.name.lower()
    return name.endswith(EXTENSIONS) or (name.endswith(".gz") and not name.endswith(OTHER_GZ) and begins_as_json(path))


def begins_as_json(path: Path) -> bool:
    try:
        with gzip.open(path, "rb") if is_gzip(path) else path.open("rb") as file:
            return file.read(64).removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"{"
    except (EOFError, OSError, zlib.error):
        return False


def load_json(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
    form: Format,
    work: Path,
    wanted: Wanted = NOTHING_WANTED,
) -> None:
    """Create `table` from a JSON file: its keys, source_line and malformed_line. Keys that differ only in upper and
    lower case are one column where no row has both."""
    rows = f"{table}_json"
    create_rows(connection, rows, path, form, work)
    try:
        keys = alike(connection, rows, keys_of(connection, rows), wanted, path)
        names = usable_header([first for first, *_ in keys], path) if keys else ()
        listed = "".join(
            f"coalesce({', '.join(map(value_of, alike_ones))}) as {identifier(name)}, "
            for alike_ones, name in zip(keys, names, strict=True)
        )
        connection.execute(
            f"create table {table} as select {listed}row_number() over (order by document, place) as {SOURCE_LINE}, "
            f"malformed as {MALFORMED_LINE} from {rows}"
        )
    finally:
        connection.execute(f"drop table if exists {rows}")


def value_of(key: str) -> str:
    return f"json_extract_string(item, {quoted(pointer_to(key))})"


def alike(
    connection: duckdb.DuckDBPyConnection, rows: str, keys: list[str], wanted: Wanted, path: Path
) -> list[list[str]]:
    """The keys of each column. Raises IntakeError where a row has two that are one here, and a rule reads them."""
    columns: dict[str, list[str]] = {}
    for key in keys:
        columns.setdefault(key.strip().lower(), []).append(key)
    found: list[list[str]] = []
    for several in columns.values():
        first, *others = several
        there = " + ".join(f"cast({value_of(key)} is not null as integer)" for key in several)
        if not others or not connection.execute(f"select count(*) from {rows} where {there} > 1").fetchall()[0][0]:
            found.append(several)
        elif wanted.names(first):
            raise IntakeError(
                f"{path}: has rows with '{first}' and '{others[0]}', which are one column here. Rename one of them"
            )
        else:
            found += [[key] for key in several]
    return found


def json_columns(connection: duckdb.DuckDBPyConnection, path: Path, form: Format, work: Path) -> tuple[str, ...]:
    """The keys that rows of a file have; none where there are no rows, or not where the format says. Raises IntakeError
    where there are rows, and none can be read: a file without columns would be taken for one without rows."""
    create_rows(connection, "json_head", path, form, work)
    try:
        keys = tuple(keys_of(connection, "json_head"))
        rows = connection.execute("select count(*) from json_head where item is null and is_there").fetchall()[0][0]
        if rows and not keys:
            raise IntakeError(f"{path}: none of its rows is a JSON object with names in it. Export it again")
        return keys
    finally:
        connection.execute("drop table if exists json_head")


def create_rows(connection: duckdb.DuckDBPyConnection, table: str, path: Path, form: Format, work: Path) -> None:
    """A table of the objects of a file, and of what is none, as it stands."""
    readable = decoded(path, form, work)
    documents = lines_reader(readable) if has_lines(readable, path) else whole(readable, path)
    where = json_path(form.rows)
    try:
        connection.execute(
            f"""
            create table {table} as
            with documents as (
                select
                    row_number() over () as document,
                    content,
                    case when json_valid(content) then content end as valid
                from {documents} as read (content)
            ),
            found as (
                select
                    document,
                    content,
                    json_extract(valid, {quoted(where)}) as value,
                from documents
                where trim(content) <> ''
            ),
            parts as (
                -- Without the content: it is the whole document, and would be there once more for each of its rows.
                select document, unnest(json_extract(value, '$[*]')) as part, null as content
                from found
                where json_type(value) = 'ARRAY'
                union all
                select document, value, content
                from found
                where coalesce(json_type(value), '') <> 'ARRAY'
            )
            select
                document,
                row_number() over (partition by document) as place,
                case when json_type(part) = 'OBJECT' then part end as item,
                case
                    when coalesce(json_type(part), '') <> 'OBJECT'
                        then left(coalesce(cast(part as varchar), content), {LONGEST_MALFORMED})
                end as malformed,
                part is not null or not json_valid(content) as is_there
            from parts
            """
        )
    except duckdb.Error as error:
        if "line_size" in str(error):
            raise IntakeError(
                f"{path}: has a line of more than {LONGEST_LINE:,} bytes, which is no row. Export it again, with one "
                "line for each row"
            ) from error
        if "unicode" in str(error).lower():
            raise IntakeError(not_decodable(path, form)) from error
        raise IntakeError(f"{path}: cannot be read as JSON ({first_line(error)}). Export it again") from error


def json_path(rows: str) -> str:
    """Where the rows of a document stand, as DuckDB has it."""
    return "".join(map(pointer, steps_of(rows))) or "$"


def has_lines(readable: Path, shown: Path) -> bool:
    """Whether each line is a document of its own: by the file's name, or because its first line is; or its second one,
    where the first is damaged, and not the beginning of a document around it."""
    if shown.name.lower().endswith(LINE_ENDINGS):
        return True
    with readable.open(encoding="utf-8-sig", errors="replace") as file:
        if is_document(file.readline(LONGEST_LINE)):
            return True
        if not is_document(file.readline(LONGEST_LINE)):
            return False
        file.seek(0)
        return not is_document(file.read())


def is_document(text: str) -> bool:
    try:
        return isinstance(json.loads(text, parse_constant=refused), dict | list)
    except (ValueError, RecursionError):
        return False


def lines_reader(path: Path) -> str:
    """What stands after `from` to read the lines of a file as they are."""
    return (
        f"read_csv({path_literal(path)}, auto_detect = false, compression = 'none', header = false, "
        f"delim = '\x01', quote = '', escape = '', columns = {{'content': 'varchar'}}, "
        f"max_line_size = {LONGEST_LINE}, strict_mode = false)"
    )


def whole(readable: Path, shown: Path) -> str:
    """The same for a file that is one document. Raises IntakeError for one that is cut off, as no row of it is sure."""
    try:
        json.loads(readable.read_text(encoding="utf-8-sig"), parse_constant=refused)
    except UnicodeDecodeError as error:
        raise IntakeError(f"{shown}: is not UTF-8. Export it again as JSON in UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise IntakeError(f"{shown}: is no whole JSON ({error}). Export it again") from error
    return f"(select ltrim(content, chr(65279)) from read_text({path_literal(readable)}))"


def refused(constant: str) -> None:
    """NaN and its like are no JSON: DuckDB would read nothing of the document."""
    raise ValueError(f"{constant} is no value of JSON")


def keys_of(connection: duckdb.DuckDBPyConnection, rows: str) -> list[str]:
    """The keys of all objects, in the order in which they come first."""
    found = connection.execute(
        f"""
        select key
        from (
            select unnest(json_keys(item)) as key, document, place
            from {rows}
            where item is not null
        )
        group by key
        order by min((document, place)), key
        """
    ).fetchall()
    return [key for (key,) in found]
