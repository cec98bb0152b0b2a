"""What a raw folder may unpack to, and what it may take of the memory: small files that hold very much."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
import openpyxl
import pytest

from intake.errors import IntakeError
from intake.prepare import prepare
from intake.propose import propose
from intake.reading import excel
from tests.conftest import PROJECT

HEADER = "order_id,customer_id,ordered_at,amount\n"
ROW = "{},c1,2024-01-02,9.50\n"
MEGABYTE = 1_000_000
# A process that prepares a folder: what it says, and the most memory that it or a process of its own took.
PREPARED = """
import json, resource, sys
from pathlib import Path
from intake.errors import IntakeError
from intake.prepare import prepare
raw = Path(sys.argv[1])
said = ""
try:
    prepare(raw, raw.parent / "prepared")
except IntakeError as error:
    said = str(error)
# Not the greatest size that the system notes of this process: that begins with the one which has started it.
own = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
most = max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
print(json.dumps([said, most // 1000]))
"""


def prepared_apart(raw: Path, **limits: str) -> tuple[str, int]:
    given = {**os.environ, **{f"STAMMKUNDE_{name.upper()}": limit for name, limit in limits.items()}}
    finished = subprocess.run(
        [sys.executable, "-c", PREPARED, str(raw)], cwd=PROJECT, env=given, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    said, megabytes = json.loads(finished.stdout)
    return said, megabytes


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    return folder


# Packed text ---------------------------------------------------------------------------------------------------------


def pack(path: Path, *chunks: bytes, times: int = 1) -> Path:
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(HEADER.encode())
        for _ in range(times):
            for chunk in chunks:
                file.write(chunk)
    return path


def test_a_packed_file_may_not_unpack_to_more_than_the_setting(raw: Path) -> None:
    path = pack(raw / "orders.csv.gz", ROW.format("o1").encode() * 40_000, times=70)
    assert path.stat().st_size < MEGABYTE
    said, megabytes = prepared_apart(raw, unpacked_limit="50MB")
    assert said.startswith(
        f"{path} ({path.stat().st_size:,} bytes): unpacks to more than 50MB (STAMMKUNDE_UNPACKED_LIMIT)"
    )
    assert megabytes < 400
    assert not (raw.parent / "prepared").exists()


def test_the_limit_holds_for_all_files_of_a_folder_together(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (raw / "orders").mkdir()
    for number in range(3):
        pack(raw / "orders" / f"{number}.csv.gz", ROW.format(number).encode() * 400_000)
    monkeypatch.setenv("STAMMKUNDE_UNPACKED_LIMIT", "20MB")  # each has 9
    with pytest.raises(IntakeError, match=r"2\.csv\.gz .* unpacks to more than 20MB"):
        prepare(raw, raw.parent / "prepared")
    (raw / "orders" / "2.csv.gz").unlink()
    assert prepare(raw, raw.parent / "prepared").name == "prepared"


def test_another_encoding_is_no_way_around_the_limit(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack(raw / "orders.csv.gz", "ö,c,2024-01-01,1\n".encode("latin-1") * 500_000)
    mapping = "entities: {orders: {files: orders.csv.gz, format: {encoding: latin-1}, columns: %s}}\n"
    columns = "{order_id: order_id, customer_id: customer_id, ordered_at: ordered_at, amount: amount}"
    (raw / "mapping.yml").write_text(mapping % columns)
    monkeypatch.setenv("STAMMKUNDE_UNPACKED_LIMIT", "5MB")
    with pytest.raises(IntakeError, match="unpacks to more than 5MB"):
        prepare(raw, raw.parent / "prepared")


@pytest.mark.long
def test_a_line_without_an_end_takes_no_more_memory_than_a_row(raw: Path) -> None:
    """700 MB of one value: it is one row that cannot be used, and is kept as far as it can be shown."""
    pack(raw / "orders.csv.gz", ROW.format("o1").encode())
    with gzip.open(raw / "orders.csv.gz", "ab", compresslevel=1) as file:
        file.write(b"o2,")
        for _ in range(700):
            file.write(b"x" * MEGABYTE)
        file.write(b"\n" + ROW.format("o3").encode())
    said, megabytes = prepared_apart(raw)
    assert said == ""
    assert megabytes < 400
    query = (
        f"select order_id, length(malformed_line) from read_parquet('{raw.parent}/prepared/orders.parquet') order by 2"
    )
    assert duckdb.sql(query).fetchall() == [(None, 10_000), ("o1", None), ("o3", None)]


@pytest.mark.long
def test_a_quote_that_is_never_closed_takes_no_more_memory_than_a_row(raw: Path) -> None:
    line = b"x" * 4 * MEGABYTE + b"\n"
    pack(raw / "orders.csv.gz", ROW.format("o1").encode(), b'"', *[line] * 150)
    said, megabytes = prepared_apart(raw)
    assert said == ""
    assert megabytes < 400


@pytest.mark.long
def test_a_long_line_in_another_encoding_takes_no_more_memory_than_a_chunk(raw: Path) -> None:
    pack(raw / "orders.csv.gz", *[b"x" * MEGABYTE] * 500, b"\n\xe4,c,2024-01-01,1\n")
    said, megabytes = prepared_apart(raw)
    assert said.startswith(f"{raw}/orders.csv.gz, line 3: is not utf-8")
    assert megabytes < 400


# Parquet -------------------------------------------------------------------------------------------------------------


def test_a_parquet_file_may_not_unpack_to_more_than_the_setting(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = raw / "orders.parquet"
    duckdb.sql(
        "copy (select 'o' as order_id, 'c' as customer_id, date '2024-01-01' as ordered_at, 1 as amount "
        f"from range(5000000)) to '{path}' (format parquet)"
    )
    assert path.stat().st_size < MEGABYTE
    monkeypatch.setenv("STAMMKUNDE_UNPACKED_LIMIT", "10MB")  # of twenty million values
    with pytest.raises(IntakeError, match=r"orders\.parquet .* unpacks to more than 10MB"):
        prepare(raw, raw.parent / "prepared")
    monkeypatch.delenv("STAMMKUNDE_UNPACKED_LIMIT")
    assert prepare(raw, raw.parent / "prepared") == raw


# Excel ---------------------------------------------------------------------------------------------------------------

SHEET, TEXTS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"


def book(rows: int = 3) -> bytes:
    """An Excel file of a few orders, whose header stands among the shared texts, as Excel itself writes it."""
    written = openpyxl.Workbook()
    written.active.append(HEADER.strip().split(","))
    for number in range(rows):
        written.active.append(ROW.strip().format(f"o{number}").split(","))
    target = io.BytesIO()
    written.save(target)

    def header_shared(content: bytes) -> bytes:
        for number, name in enumerate(HEADER.strip().split(",")):
            own = f't="inlineStr"><is><t>{name}</t></is></c>'
            content = content.replace(own.encode(), f't="s"><v>{number}</v></c>'.encode())
        return content

    texts = "".join(f"<si><t>{name}</t></si>" for name in HEADER.strip().split(","))
    override = (
        f'<Override PartName="/{TEXTS}" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
    )
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return changed(
        target.getvalue(),
        {
            SHEET: header_shared,
            TEXTS: lambda _: f'<sst xmlns="{space}">{texts}</sst>'.encode(),
            "[Content_Types].xml": lambda content: content.replace(b"</Types>", override.encode()),
        },
    )


def changed(file: bytes, changes: Mapping[str, Callable[[bytes], bytes]]) -> bytes:
    """A file with some parts of it otherwise."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for part in dict.fromkeys([*source.namelist(), *changes]):
            content = source.read(part) if part in source.namelist() else b""
            copy.writestr(part, changes[part](content) if part in changes else content)
    return target.getvalue()


def before(end: bytes, *added: bytes, times: int = 1) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(end, b"".join(added) * times + end)


BOMBS = {
    "a row without an end": (SHEET, before(b"</sheetData>", b"<row>" + b"<c><v>1</v></c>" * 4_000_000 + b"</row>")),
    "texts without an end": (TEXTS, before(b"</sst>", b"<si><t>\xc3\xa4\xc3\xb6</t></si>", times=5_000_000)),
    "one text without an end": (TEXTS, before(b"</sst>", b"<si><t>" + b"x" * 80 * MEGABYTE + b"</t></si>")),
    "styles without an end": (STYLES, before(b"</cellXfs>", b"<xf/>", times=6_000_000)),
    "a part within a part, and so on": (SHEET, before(b"<sheetData>", b"<a>" * 6_000_000 + b"</a>" * 6_000_000)),
}


QUICK = "a row without an end"


@pytest.mark.parametrize(
    "name", [name if name == QUICK else pytest.param(name, marks=pytest.mark.long) for name in BOMBS]
)
def test_a_small_excel_file_does_not_take_all_memory(name: str, raw: Path) -> None:
    path = raw / "orders.xlsx"
    path.write_bytes(changed(book(), dict([BOMBS[name]])))
    assert path.stat().st_size < MEGABYTE
    said, megabytes = prepared_apart(raw, excel_memory="300MB")
    assert megabytes < 450
    if said:
        asked = "reading it takes more memory than 300MB (STAMMKUNDE_EXCEL_MEMORY)"
        assert (
            said.startswith(f"{path} ({path.stat().st_size:,} bytes): {asked}") or "not a readable Excel file" in said
        )
    assert said or name == "one text without an end"


def test_an_excel_file_may_unpack_to_a_tenth_of_the_setting(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (raw / "orders.xlsx").write_bytes(changed(book(), {SHEET: before(b"</sheetData>", b" " * 20 * MEGABYTE)}))
    monkeypatch.setenv("STAMMKUNDE_UNPACKED_LIMIT", "100MB")
    with pytest.raises(
        IntakeError, match=r"orders\.xlsx .* unpacks to more than a tenth of 100MB \(STAMMKUNDE_UNPACKED"
    ):
        prepare(raw, raw.parent / "prepared")
    with pytest.raises(IntakeError, match="unpacks to more than a tenth of 100MB"):
        [*propose(raw)]


def test_a_text_that_stands_in_many_cells_is_counted_each_time(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """10 kB in 10,000 rows are 100 MB for whoever writes them out."""

    cells = b'<row><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>'
    often = before(b"</sheetData>", cells, times=5_000)
    long = before(b"</t></si><si><t>customer_id", b" " * 10_000)
    (raw / "orders.xlsx").write_bytes(changed(book(), {SHEET: often, TEXTS: long}))
    monkeypatch.setenv("STAMMKUNDE_UNPACKED_LIMIT", "60MB")
    with pytest.raises(IntakeError, match="unpacks to more than 60MB"):
        prepare(raw, raw.parent / "prepared")


@pytest.mark.parametrize("small", [excel.SMALL, 0])
def test_a_process_of_its_own_reads_the_same(small: int, raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel, "SMALL", small)
    (raw / "orders.xlsx").write_bytes(book(5))
    prepared = prepare(raw, raw.parent / "prepared")
    read = duckdb.sql(f"select order_id, amount from read_parquet('{prepared}/orders.parquet') order by 1")
    assert read.fetchall() == [(f"o{number}", "9.50") for number in range(5)]
    assert any("orders.xlsx" in line for line in propose(raw / "orders.xlsx")) or small
    (raw / "orders.xlsx").write_bytes(changed(book(), {TEXTS: lambda content: content.replace(b"amount", b"total")}))
    with pytest.raises(IntakeError, match="column 'amount' is missing"):
        prepare(raw, raw.parent / "prepared")
    (raw / "orders.xlsx").write_bytes(changed(book(), {SHEET: lambda content: content[:-100]}))
    with pytest.raises(IntakeError, match="is not a readable Excel file"):
        prepare(raw, raw.parent / "prepared")


@pytest.mark.parametrize("size", ["much", "10", "80%", "-1GB", "1 PB"])
@pytest.mark.parametrize("name", ["UNPACKED_LIMIT", "EXCEL_MEMORY"])
def test_a_limit_is_a_size(name: str, size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from stammkunde.environment import environment
    from stammkunde.errors import SettingError

    monkeypatch.setenv(f"STAMMKUNDE_{name}", size)
    with pytest.raises(SettingError, match=f"STAMMKUNDE_{name} is '{size}': must be a size such as 10GB"):
        environment()


def test_sizes_are_what_they_say() -> None:
    from stammkunde.environment import bytes_of

    assert [bytes_of(size) for size in ("1KB", "1.5 MB", "10GB", "2gib")] == [1_000, 1_500_000, 10**10, 2 << 30]
