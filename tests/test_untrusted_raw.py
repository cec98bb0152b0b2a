"""Whoever delivers a raw folder gets nothing read that does not lie in it, and nothing run."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from intake.errors import IntakeError
from intake.find import discover
from intake.prepare import prepare
from intake.propose import propose
from orchestration.raw import files_below
from stammkunde.database import connect
from tests.test_limits import SHEET, TEXTS, before, book, changed

ORDERS = "order_id,customer_id,ordered_at,amount\no1,c1,2024-01-02,9.50\n"
COLUMNS = "{order_id: order_id, customer_id: customer_id, ordered_at: ordered_at, amount: amount}"
SECRET = "root:x:0:0,of nobody's business"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A folder with orders, and beside it a file that is none of its business."""
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "orders.csv").write_text(ORDERS)
    (tmp_path / "secret.csv").write_text(ORDERS.replace("o1", SECRET.partition(",")[0]))
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "part.csv").write_text(ORDERS)
    return folder


def mapped(raw: Path, source: str) -> None:
    (raw / "mapping.yml").write_text(f"entities: {{orders: {{{source}, columns: {COLUMNS}}}}}\n")


def error_of(raw: Path) -> str:
    with pytest.raises(IntakeError) as raised:
        prepare(raw, raw.parent / "prepared")
    assert SECRET.partition(",")[0] not in str(raised.value)
    assert not (raw.parent / "prepared").exists()
    return str(raised.value)


# Paths ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern", ["../secret.csv", "*/../../secret.csv", "../*.csv", "/etc/passwd", "{tmp}/secret.csv"]
)
def test_a_pattern_names_files_of_the_folder_only(pattern: str, raw: Path) -> None:
    shown = pattern.replace("{tmp}", str(raw.parent))
    mapped(raw, f"files: '{shown}'")
    assert f"mapping.yml: entity 'orders': files '{shown}' lead out of the raw folder" in error_of(raw)


def link(name: str, target: str) -> Callable[[Path], None]:
    def make(raw: Path) -> None:
        (raw / name).parent.mkdir(exist_ok=True)
        (raw / name).unlink(missing_ok=True)
        (raw / name).symlink_to(target)

    return make


@pytest.mark.parametrize(
    ("make", "source", "named"),
    [
        (link("orders.csv", "../secret.csv"), None, "orders.csv"),
        (link("customers.csv", "/etc/passwd"), None, "customers.csv"),
        (link("refunds", "../others"), None, "refunds/part.csv"),
        (link("refunds/part.csv", "../../secret.csv"), None, "refunds/part.csv"),
        (link("a.csv", "../secret.csv"), "files: a.csv", "a.csv"),
        (link("b", "../others"), "files: 'b/*.csv'", "b/part.csv"),
        (link("chain.csv", "middle.csv"), "files: chain.csv", "chain.csv"),
        (link("mapping.yml", "../secret.csv"), None, "mapping.yml"),
    ],
)
def test_no_link_leads_out(make: Callable[[Path], None], source: str | None, named: str, raw: Path) -> None:
    make(raw)
    (raw / "middle.csv").symlink_to("../secret.csv")
    if source:
        mapped(raw, source)
    assert error_of(raw).startswith(f"{raw / named}: is or lies in a link that leads out of the raw folder")


def test_a_link_within_the_folder_is_a_file_of_it(raw: Path) -> None:
    (raw / "orders.csv").rename(raw / "of 2024.csv")
    (raw / "orders.csv").symlink_to("of 2024.csv")
    assert [item.files for item in discover(raw)] == [(raw / "orders.csv",)]
    linked = raw.parent / "linked"
    linked.symlink_to(raw)  # whoever names the folder may name a link to it
    assert [item.files for item in discover(linked)] == [(linked / "orders.csv",)]


def test_what_lies_beside_is_not_looked_into_either(raw: Path) -> None:
    """It looks like orders, and the fingerprint of a folder is published: it would tell of what a link names."""
    (raw / "notes.csv").symlink_to("../secret.csv")
    assert [item.files for item in discover(raw)] == [(raw / "orders.csv",)]
    assert [file.name for file in files_below(raw)] == ["orders.csv"]
    (raw / "orders.csv").unlink()
    with pytest.raises(IntakeError, match="holds no file that could be mapped"):
        [*propose(raw)]


# DuckDB files --------------------------------------------------------------------------------------------------------


def delivered(raw: Path, *statements: str) -> None:
    with duckdb.connect(str(raw / "shop.duckdb")) as shop:
        for statement in statements:
            shop.execute(statement.replace("{secret}", str(raw.parent / "secret.csv")))
    (raw / "orders.csv").unlink()


READ = "select * from read_csv('{secret}', all_varchar = true)"


@pytest.mark.parametrize(
    ("statements", "table", "said"),
    [
        ((f"create view orders as {READ}",), "orders", "'orders' is a view, and only tables are read of a file"),
        (("create schema s", f"create view s.orders as {READ}"), "s.orders", "'s.orders' is a view"),
        ((f"create macro orders() as table {READ}",), "orders()", "has no table 'orders()'"),
        ((f"create macro orders() as table {READ}",), "orders", "has no table 'orders'"),
        (("create table a as select 1 as b",), "read_csv('{secret}')", "has no table 'read_csv("),
        (("create table a as select 1 as b",), 'a" union select * from b --', "has no table"),
        (("create table a as select 1 as b",), "information_schema.tables", "has no table 'information_schema.tables'"),
    ],
)
def test_only_tables_are_read_of_a_duckdb_file(statements: tuple[str, ...], table: str, said: str, raw: Path) -> None:
    delivered(raw, *statements)
    name = table.replace("{secret}", str(raw.parent / "secret.csv")).replace('"', '\\"')
    mapped(raw, f'table: {{duckdb: shop.duckdb, name: "{name}"}}')
    error = error_of(raw)
    assert f"{raw / 'shop.duckdb'}: " in error
    assert said in error


def test_a_table_is_read_beside_what_else_lies_in_the_file(raw: Path) -> None:
    delivered(
        raw,
        "create schema sales",
        "create table sales.orders as select 170141183460469231731687303715884105727::hugeint as order_id, 'c' as "
        "customer_id, timestamptz '2024-01-01 10:00:00+02' as ordered_at, 1.005::decimal(9, 3) as amount",
        f"create macro trim(a) as (select any_value(b.order_id) from ({READ}) as b)",
        f"create view customers as {READ}",
    )
    mapped(raw, "table: {duckdb: shop.duckdb, name: Sales.ORDERS}")
    file = prepare(raw, raw.parent / "prepared") / "orders.parquet"
    read = duckdb.sql(f"select order_id, customer_id, amount, timezone('UTC', ordered_at) from read_parquet('{file}')")
    ((order_id, customer_id, amount, ordered_at),) = read.fetchall()
    assert (order_id, customer_id, f"{amount}") == ("170141183460469231731687303715884105727", "c", "1.005")
    assert f"{ordered_at}" == "2024-01-01 08:00:00"


@pytest.mark.parametrize("path", ["../shop.duckdb", "{tmp}/shop.duckdb", "link.duckdb"])
def test_a_duckdb_file_lies_in_the_folder(path: str, raw: Path) -> None:
    delivered(raw, f"create table orders as {READ}")
    (raw / "shop.duckdb").rename(raw.parent / "shop.duckdb")
    (raw / "link.duckdb").symlink_to("../shop.duckdb")
    shown = path.replace("{tmp}", str(raw.parent))
    mapped(raw, f"table: {{duckdb: {shown}, name: orders}}")
    assert f"the DuckDB file '{shown}' lies outside of the raw folder" in error_of(raw)


def test_a_file_of_another_database_loads_no_extension(raw: Path) -> None:
    import sqlite3

    with sqlite3.connect(raw / "shop.db") as shop:
        shop.execute("create table orders (order_id text)")
    mapped(raw, "table: {duckdb: shop.db, name: orders}")
    (raw / "orders.csv").unlink()
    assert f"{raw / 'shop.db'}: cannot be opened as a DuckDB file" in error_of(raw)


def test_no_connection_fetches_or_loads_an_extension() -> None:
    with connect() as connection:
        settings = "select name, value from duckdb_settings() where name like 'auto%known_extensions' order by 1"
        assert connection.execute(settings).fetchall() == [
            ("autoinstall_known_extensions", "false"),
            ("autoload_known_extensions", "false"),
        ]
        with pytest.raises(duckdb.Error, match="httpfs"):
            connection.execute("select * from read_csv('https://127.0.0.1:9/orders.csv')")


def test_dbt_fetches_and_loads_no_extension_either() -> None:
    import yaml

    from stammkunde.places import PROJECT

    settings = yaml.safe_load((PROJECT / "profiles.yml").read_text())["stammkunde"]["outputs"]["duckdb"]["settings"]
    switches = ("autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions")
    assert [settings[name] for name in switches] == [False, False, False]


# Excel and YAML ------------------------------------------------------------------------------------------------------

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
DECLARED = {
    "entities that stand for a billion": f'<!DOCTYPE sst [<!ENTITY l0 "ha">{LAUGHS}]>',
    "an entity that stands for a file": '<!DOCTYPE sst [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
    "a document type elsewhere": '<!DOCTYPE sst SYSTEM "http://127.0.0.1:9/x.dtd">',
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("part", [SHEET, TEXTS, "xl/workbook.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("name", DECLARED)
def test_an_excel_file_declares_no_entities(name: str, part: str, encoding: str, raw: Path) -> None:
    def declared(content: bytes) -> bytes:
        text = content.decode().partition("?>")[2] if content.startswith(b"<?xml") else content.decode()
        start = f'<?xml version="1.0" encoding="{encoding}"?><!-- of somebody -->{DECLARED[name]}'
        return f"{start}{text.replace('<t>amount</t>', '<t>&l9;</t>')}".encode(encoding)

    (raw / "orders.csv").unlink()
    (raw / "orders.xlsx").write_bytes(changed(book(), {part: declared}))
    assert error_of(raw) == f"{raw / 'orders.xlsx'}: {part} in it declares a document type, as Excel never does"


def test_a_part_of_an_excel_file_is_never_written_under_its_name(raw: Path) -> None:
    tricks = {f"{'../' * depth}planted.xml": lambda _: b"<a/>" for depth in range(1, 9)}
    (raw / "orders.csv").unlink()
    (raw / "orders.xlsx").write_bytes(changed(book(), {**tricks, "/tmp/planted.xml": lambda _: b"<a/>"}))
    assert prepare(raw, raw.parent / "prepared").name == "prepared"
    assert not [*raw.parent.rglob("planted.xml")]
    assert not any((raw / f"{'../' * depth}planted.xml").exists() for depth in range(1, 9))


def test_a_mapping_of_a_few_lines_does_not_stand_for_endless_ones(raw: Path) -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))]
    (raw / "mapping.yml").write_text("\n".join(lines))
    assert "mapping.yml: is not valid YAML (it stands for more than 100,000 values)" in error_of(raw)
    (raw / "mapping.yml").write_text("#" * 1_000_001)
    assert "mapping.yml: has more than 1,000,000 bytes, which is no mapping" in error_of(raw)
    (raw / "mapping.yml").write_text(f"entities: {{orders: {{files: orders.csv, columns: &same {COLUMNS}}}}}\n")
    assert prepare(raw, raw.parent / "prepared").name == "prepared"


def test_an_image_in_an_excel_file_is_none_of_xml(raw: Path) -> None:
    (raw / "orders.csv").unlink()
    image = io.BytesIO(b"\x89PNG\r\n<!DOCTYPE html>")
    (raw / "orders.xlsx").write_bytes(
        changed(book(), {"xl/media/logo.png": lambda _: image.getvalue(), SHEET: before(b"</sheetData>")})
    )
    assert prepare(raw, raw.parent / "prepared").name == "prepared"
