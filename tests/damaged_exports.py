"""Damage that exports of other systems really have: each makes the bytes of a damaged file out of those of a file.

None where it cannot be done to a file. The same file is always damaged in the same way.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Damage:
    name: str
    do: Callable[[bytes], bytes | None]
    loses: bool = False  # cells, which are then empty: nothing in the file says that there was something


# Files of any kind --------------------------------------------------------------------------------------------------


def page_of_an_error(content: bytes) -> bytes:
    return b'{"error": {"code": 429, "message": "Too many requests"}, "status": "error"}'


def wrong_encoding(content: bytes) -> bytes | None:
    """The first letter of the last quoted text, as latin-1 has an umlaut."""
    found = [match.start(1) for match in re.finditer(rb'"([A-Za-z])[^"]*"\s*[,}\]\n]', content)]
    found = found or [match.start(1) for match in re.finditer(rb",([A-Za-z])", content)]
    return content[: found[-1]] + b"\xfc" + content[found[-1] + 1 :] if found else None


ANY = [
    Damage("cut off in the middle", lambda content: content[: len(content) // 2]),
    Damage("cut off near its end", lambda content: content.rstrip()[:-4]),
    Damage("without its last byte", lambda content: content.rstrip()[:-1]),
    Damage("empty", lambda content: b""),
    Damage("only blanks", lambda content: b" \n\n  \n"),
    Damage("with a byte order mark", lambda content: b"\xef\xbb\xbf" + content),
    Damage("as UTF-16", lambda content: content.decode().encode("utf-16")),
    Damage("with a letter of latin-1", wrong_encoding),
    Damage(
        "with null bytes in the middle",
        lambda content: content[: len(content) // 2] + b"\0\0\0" + content[len(content) // 2 :],
    ),
    Damage("with null bytes at its end", lambda content: content + b"\0" * 64),
    Damage("packed", gzip.compress),
    Damage("packed and cut off", lambda content: gzip.compress(content)[:-12]),
    Damage("packed with wrong bytes", lambda content: gzip.compress(content)[:20] + b"\xff" * 20),
    Damage("packed twice", lambda content: gzip.compress(gzip.compress(content))),
    Damage("a web page", lambda content: b"<!DOCTYPE html>\n<html><body>Please log in</body></html>\n"),
    Damage("a zip file", lambda content: b"PK\x03\x04" + content),
    Damage("the envelope of an error", page_of_an_error),
    Damage("with other ends of lines", lambda content: content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")),
    Damage("with blank lines", lambda content: content.replace(b"\n", b"\n\n")),
    Damage("twice in one file", lambda content: content + content),
]

# JSON ---------------------------------------------------------------------------------------------------------------


def documents_of(content: bytes) -> list[Any] | None:
    """The documents of a JSON file: one, or one for each line."""
    try:
        return [json.loads(content)]
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in content.decode().splitlines() if line.strip()]
    except ValueError:
        return None


def written(documents: list[Any]) -> bytes:
    return "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents).encode()


def lists_of_rows(value: Any) -> Iterator[list[Any]]:
    """The first list of objects in a document, the outermost ones first."""
    if isinstance(value, list):
        if value and all(isinstance(part, dict) for part in value):
            yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from lists_of_rows(part)


def on_pages(change: Callable[[list[Any]], None]) -> Callable[[bytes], bytes | None]:
    """A damage to the list of the rows, wherever it stands; lines are a list as they are."""

    def do(content: bytes) -> bytes | None:
        documents = documents_of(content)
        if documents is None:
            return None
        is_lines = len(documents) > 1
        rows = documents if is_lines else next(lists_of_rows(documents[0]), None)
        if not rows or not isinstance(rows[0], dict):
            return None
        change(rows)
        return written(documents)

    return do


def on_first_row(change: Callable[[Row], object]) -> Callable[[bytes], bytes | None]:
    def first(rows: list[Any]) -> None:
        rows[0] = change(rows[0])

    return on_pages(first)


def on_all_rows(change: Callable[[Row], object]) -> Callable[[bytes], bytes | None]:
    def every(rows: list[Any]) -> None:
        rows[:] = [change(row) for row in rows]

    return on_pages(every)


def on_scalars(change: Callable[[Any], Any], where: Callable[[str, Any], bool]) -> Callable[[Row], Row]:
    """A change to each cell of a row that is one value, where it is of some kind."""
    return lambda row: {
        key: change(value) if value is not None and not isinstance(value, dict | list) and where(key, value) else value
        for key, value in row.items()
    }


def is_number(key: str, value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_text(key: str, value: Any) -> bool:
    return isinstance(value, str)


def wrapped(number: int, wrap: Callable[[Any], Any]) -> Callable[[Row], Row]:
    def change(row: Row) -> Row:
        names = [key for key, value in row.items() if value is not None and not isinstance(value, dict | list)]
        return {key: wrap(value) if key in names[number : number + 1] else value for key, value in row.items()}

    return change


def without(number: int) -> Callable[[Row], Row]:
    def change(row: Row) -> Row:
        names = list(row)[number : number + 1]
        return {key: value for key, value in row.items() if key not in names}

    return change


def renamed(row: Row) -> Row:
    """As an export in another language names them."""
    return {f"{key}_auf_deutsch": value for key, value in row.items()}


def one_renamed(number: int) -> Callable[[Row], Row]:
    def change(row: Row) -> Row:
        names = list(row)[number : number + 1]
        return {(f"{key}_neu" if key in names else key): value for key, value in row.items()}

    return change


ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.0+)?(Z|\+00:00)")


def in_another_zone(value: str) -> str:
    """The same instant, written in a zone in which it is the same day and three hours later, or earlier."""

    def shifted(match: re.Match[str]) -> str:
        hour = int(match[1][11:13])
        there, offset = (hour + 3, "+03:00") if hour < 21 else (hour - 3, "-03:00")
        return f"{match[1][:11]}{there:02}{match[1][13:]}{offset}"

    return ISO.sub(shifted, value)


def replaced(pattern: bytes, by: bytes, count: int = 1) -> Callable[[bytes], bytes | None]:
    def do(content: bytes) -> bytes | None:
        found, times = re.subn(pattern, by, content, count=count)
        return found if times else None

    return do


FIELDS = range(6)
OF_JSON = [
    Damage("a page twice", on_pages(lambda rows: rows.extend(list(rows)))),
    Damage("the first row twice", on_pages(lambda rows: rows.insert(0, rows[0]))),
    Damage("an empty page", on_pages(list.clear), loses=True),
    Damage("rows in the other order", on_pages(list.reverse)),
    Damage("a list in the place of an object", on_first_row(lambda row: [row])),
    Damage("a text in the place of an object", on_first_row(lambda row: "row")),
    Damage("a number in the place of an object", on_first_row(lambda row: 7)),
    Damage("nothing in the place of an object", on_first_row(lambda row: None)),
    Damage("an empty object", on_first_row(lambda row: {}), loses=True),
    Damage("objects as texts", on_all_rows(lambda row: json.dumps(row))),
    Damage("numbers as texts", on_all_rows(on_scalars(str, is_number))),
    Damage("numbers with a comma", on_all_rows(on_scalars(lambda value: f"{value},0", is_number))),
    Damage("numbers with decimals", on_all_rows(on_scalars(lambda value: f"{value}.0", is_number))),
    Damage("numbers in exponent form", on_all_rows(on_scalars(lambda value: f"{value:.5E}", is_number)), loses=True),
    Damage("texts with blanks around them", on_all_rows(on_scalars(lambda value: f"  {value}\t", is_text))),
    Damage("times in mixed zones", on_first_row(on_scalars(in_another_zone, is_text))),
    Damage("times without their zone", on_first_row(on_scalars(lambda value: ISO.sub(r"\1 Ortszeit", value), is_text))),
    Damage(
        "epochs in another unit",
        on_first_row(on_scalars(lambda value: value * 1000 if value > 10**8 else value, is_number)),
    ),
    Damage("headers of another language", on_all_rows(renamed)),
    Damage("names in capitals", on_all_rows(lambda row: {key.upper(): value for key, value in row.items()})),
    Damage("fields in the other order", on_all_rows(lambda row: dict(reversed(row.items())))),
    Damage(
        "rows in an envelope",
        lambda content: None if (found := documents_of(content)) is None else written([{"data": found}]),
    ),
    Damage("a comma behind the last row", replaced(rb"\]\s*$", b",]")),
    Damage("with single quotes", lambda content: content.replace(b'"', b"'")),
    Damage("with a comment", lambda content: b"// exported by hand\n" + content),
    Damage("with a name twice", replaced(rb'("\w+": *"[^"{}\[\]]*")', rb"\1, \1")),
    Damage("with NaN for a number", replaced(rb": *\d+([,}])", rb": NaN\1")),
    Damage("with a bare control character", replaced(rb'": *"(\w)', b'": "\x07\\1')),
    *(
        Damage(f"field {number} became an object", on_first_row(wrapped(number, lambda value: {"value": value})))
        for number in FIELDS
    ),
    *(
        Damage(f"field {number} became a list", on_first_row(wrapped(number, lambda value: [value])))
        for number in FIELDS
    ),
    *(
        Damage(f"field {number} became two values", on_first_row(wrapped(number, lambda value: [value, value])))
        for number in FIELDS
    ),
    *(Damage(f"field {number} is missing in a row", on_first_row(without(number)), loses=True) for number in FIELDS),
    *(Damage(f"field {number} has another name", on_all_rows(one_renamed(number)), loses=True) for number in FIELDS),
]

# Delimited text -----------------------------------------------------------------------------------------------------


def on_records(change: Callable[[list[list[str]]], object], delimiter: str = ",") -> Callable[[bytes], bytes | None]:
    """A damage to the records of a file, the first of which is its header."""

    def do(content: bytes) -> bytes | None:
        records = [record for record in csv.reader(io.StringIO(content.decode("utf-8-sig"))) if record]
        if len(records) < 2 or len(records[0]) < 2:
            return None
        change(records)
        target = io.StringIO()
        csv.writer(target, delimiter=delimiter, lineterminator="\n").writerows(records)
        return target.getvalue().encode()

    return do


def in_cells(change: Callable[[str], str]) -> Callable[[list[list[str]]], None]:
    def do(records: list[list[str]]) -> None:
        records[1:] = [[change(cell) for cell in record] for record in records[1:]]

    return do


def with_comma(cell: str) -> str:
    return cell.replace(".", ",") if re.fullmatch(r"-?\d+\.\d+", cell) else cell


def rename_all(records: list[list[str]]) -> None:
    records[0] = [f"{name} (deutsch)" for name in records[0]]


def double_column(records: list[list[str]]) -> None:
    records[:] = [[*record, record[0]] for record in records]


def rename(number: int) -> Callable[[list[list[str]]], None]:
    def do(records: list[list[str]]) -> None:
        records[0] = [f"{name} neu" if at == number else name for at, name in enumerate(records[0])]

    return do


def drop_column(number: int) -> Callable[[list[list[str]]], None]:
    def do(records: list[list[str]]) -> None:
        records[:] = [[cell for at, cell in enumerate(record) if at != number] for record in records]

    return do


def nothing(records: list[list[str]]) -> None:
    """The records as they are."""


OF_CSV = [
    Damage("a doubled header", on_records(lambda records: records.insert(1, list(records[0])))),
    Damage("the header once more at the end", on_records(lambda records: records.append(list(records[0])))),
    Damage("two exports in one file", on_records(lambda records: records.extend([list(record) for record in records]))),
    Damage("without a header", on_records(lambda records: records.pop(0))),
    Damage("the header alone", on_records(lambda records: records.__delitem__(slice(1, None)))),
    Damage("headers of another language", on_records(rename_all)),
    Damage("a title above the header", lambda content: b"Export of 2024-06-01\n\n" + content),
    Damage("totals below the table", lambda content: content.rstrip() + b"\nTotal: 7 rows\n"),
    Damage("semicolons for commas", on_records(nothing, ";")),
    Damage("tabs for commas", on_records(nothing, "\t")),
    Damage("numbers with a comma", on_records(in_cells(with_comma))),
    Damage("cells with blanks around them", on_records(in_cells(lambda cell: f" {cell} "))),
    Damage("a cell too many in a row", on_records(lambda records: records[1].append("x"))),
    Damage("a cell too few in a row", on_records(lambda records: records[1].pop())),
    Damage(
        "a row cut in the middle", on_records(lambda records: records[1].__delitem__(slice(len(records[1]) // 2, None)))
    ),
    Damage("a column twice", on_records(double_column)),
    Damage("a quote that stays open", lambda content: content.rstrip() + b'\n"open'),
    Damage("rows in the other order", on_records(lambda records: records.__setitem__(slice(1, None), records[:0:-1]))),
    Damage("times in mixed zones", on_records(in_cells(in_another_zone))),
    *(Damage(f"column {number} has another name", on_records(rename(number)), loses=True) for number in range(5)),
    *(Damage(f"without column {number}", on_records(drop_column(number)), loses=True) for number in range(5)),
]

BY_ENDING: Mapping[str, list[Damage]] = {
    ".json": ANY + OF_JSON,
    ".jsonl": ANY + OF_JSON,
    ".ndjson": ANY + OF_JSON,
    ".csv": ANY + OF_CSV,
}
