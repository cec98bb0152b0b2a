"""The marts in PostgreSQL are those of the published file, whole, whatever is read or goes wrong meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.copies.postgres import PostgresCopyError, copy
from orchestration.copies.renew import renew
from stammkunde.places import Places
from tests.refreshes import RefreshServer, command_of_another_shell, last_build, webhook

WORDS = {"table": "Orders that count.", "customer_id": "Whose order; null if nobody's. It's \"quoted\"."}


def published(file: Path, build_id: str = "b1", marker: int = 1, rows: int = 3, extra: str = "") -> Path:
    """A published file with every type that marts have, and texts that CSV may spoil."""
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("create schema marts")
        connection.execute(f"create table marts.build as select '{build_id}' as build_id")
        connection.execute(
            f"""
            create table marts.orders as
            select
                i as order_number,
                {marker} as marker,
                [null, '', '\\N', 'Ä "b", \n c;', 'null'][1 + i % 5] as customer_id,
                cast(i + 0.125 as decimal(18, 4)) as net_amount,
                case when i = 1 then null else i / 3 end as share,
                i % 2 = 0 as is_complete,
                date '2024-02-29' + cast(i as int) as order_date,
                timestamptz '2024-03-31 01:30:00.123456+01:00' as ordered_at,
                timestamp '2024-03-31 02:30:00' as built_at{extra}
            from range({rows}) as _(i)
            """
        )
        connection.execute(f"comment on table marts.orders is '{WORDS['table']}'")
        quoted = WORDS["customer_id"].replace("'", "''")
        connection.execute(f"comment on column marts.orders.customer_id is '{quoted}'")
    return file


@pytest.fixture
def database(postgres: str) -> Iterator[Any]:
    """A connection to a database without a schema `marts`."""
    import psycopg

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("drop schema if exists marts cascade")
        connection.execute("drop schema if exists reports cascade")
        connection.execute("set timezone to 'UTC'")
        yield connection


def rows(database: Any, query: str) -> list[tuple]:
    return database.execute(query).fetchall()


def test_all_rows_arrive_with_their_types(database: Any, postgres: str, tmp_path: Path) -> None:
    file = published(tmp_path / "r.duckdb", rows=10)
    assert copy(file, postgres) == "PostgreSQL has build b1: 2 tables in the schema marts"
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        wanted = connection.execute("from marts.orders order by order_number").fetchall()
    found = rows(database, "select * from marts.orders order by order_number")
    assert [tuple(map(str, row)) for row in found] == [tuple(map(str, row)) for row in wanted]
    types = "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'marts.orders'::regclass"
    assert [kind for (kind,) in rows(database, f"{types} and attnum > 0 order by attnum")] == [
        "bigint", "integer", "text", "numeric(18,4)", "double precision", "boolean", "date",
        "timestamp with time zone", "timestamp without time zone",
    ]  # fmt: skip


def test_tables_and_columns_say_what_they_are(database: Any, postgres: str, tmp_path: Path) -> None:
    copy(published(tmp_path / "r.duckdb"), postgres)
    said = rows(
        database, "select obj_description('marts.orders'::regclass), col_description('marts.orders'::regclass, 3)"
    )
    assert said == [(WORDS["table"], WORDS["customer_id"])]


def test_readers_may_read_and_nothing_else(database: Any, postgres: str, tmp_path: Path) -> None:
    import psycopg

    copy(published(tmp_path / "r.duckdb"), postgres)
    database.execute("set role stammkunde_readers")
    assert rows(database, "select count(*) from marts.orders") == [(3,)]
    for statement in ("delete from marts.orders", "create table marts.mine (i int)", "drop table marts.orders"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute(statement)
    database.execute("reset role")


def test_views_and_tables_of_others_stay(database: Any, postgres: str, tmp_path: Path) -> None:
    copy(published(tmp_path / "r.duckdb"), postgres)
    database.execute("create schema reports")
    database.execute("create view reports.revenue as select sum(net_amount) as revenue from marts.orders")
    database.execute("create table marts.own as select 1 as i")
    copy(published(tmp_path / "r.duckdb", "b2", rows=5), postgres)
    assert [str(revenue) for (revenue,) in rows(database, "select revenue from reports.revenue")] == ["10.6250"]
    assert rows(database, "select i from marts.own") == [(1,)]


def test_tables_follow_the_marts(database: Any, postgres: str, tmp_path: Path) -> None:
    """A column comes, goes and changes its type; a mart that is gone goes."""
    file = published(tmp_path / "r.duckdb", extra=", 'x' as note, 7 as old")
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table marts.given_up as select 1 as i")
    copy(file, postgres)
    copy(published(tmp_path / "r.duckdb", "b2", extra=", 2.5 as note, true as is_new"), postgres)
    assert rows(database, "select note, is_new from marts.orders limit 1") == [(2.5, True)]
    columns = (
        "select column_name from information_schema.columns where table_schema = 'marts' and table_name = 'orders'"
    )
    assert ("old",) not in rows(database, columns)
    assert rows(database, "select to_regclass('marts.given_up')") == [(None,)]


def test_a_column_that_a_view_needs_keeps_the_copy_whole_as_it_was(
    database: Any, postgres: str, tmp_path: Path
) -> None:
    copy(published(tmp_path / "r.duckdb", extra=", 7 as old"), postgres)
    database.execute("create schema reports")
    database.execute("create view reports.old as select old from marts.orders")
    with pytest.raises(PostgresCopyError, match=r"cannot drop column old .* view reports\.old depends on"):
        copy(published(tmp_path / "r.duckdb", "b2", rows=9), postgres)
    assert rows(database, "select build_id, (select count(*) from marts.orders) from marts.build") == [("b1", 3)]


def test_a_table_of_another_owner_is_not_overwritten(database: Any, postgres: str, tmp_path: Path) -> None:
    database.execute("create schema marts")
    database.execute("create table marts.orders as select 'mine' as i")
    with pytest.raises(PostgresCopyError, match=r"a table marts\.orders that no refresh made: rename it"):
        copy(published(tmp_path / "r.duckdb"), postgres)
    assert rows(database, "select i from marts.orders") == [("mine",)]


def test_readers_see_one_build_or_the_other(database: Any, postgres: str, tmp_path: Path) -> None:
    """Four readers ask without a pause while ten builds are copied: no error, and never rows of two builds."""
    import psycopg

    def copy_build(number: int) -> None:
        copy(published(tmp_path / "r.duckdb", f"b{number}", marker=number, rows=2_000), postgres)

    copy_build(0)
    question = """
        select (select build_id from marts.build), min(marker), max(marker), count(*) from marts.orders
    """
    done, seen, wrong = threading.Event(), [set() for _ in range(4)], []

    def read(found: set[int]) -> None:
        try:
            with psycopg.connect(postgres, autocommit=True) as connection:
                while not done.is_set():
                    build_id, lowest, highest, number = connection.execute(question).fetchall()[0]
                    if (f"b{lowest}", lowest, number) != (build_id, highest, 2_000):
                        wrong.append((build_id, lowest, highest, number))
                    found.add(lowest)
        except psycopg.Error as error:
            wrong.append(error)

    readers = [threading.Thread(target=read, args=(found,)) for found in seen]
    for reader in readers:
        reader.start()
    for number in range(1, 11):
        copy_build(number)
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert len(set().union(*seen)) > 3


def test_a_copy_that_fails_is_told_without_the_address_and_made_with_the_next(
    database: Any, postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Places(tmp_path / "raw", None, tmp_path / "w.duckdb", published(tmp_path / "r.duckdb"))
    said: list[str] = []
    monkeypatch.setenv("STAMMKUNDE_REPORT_LANGUAGES", "none")
    monkeypatch.setenv("STAMMKUNDE_POSTGRES_URL", "postgresql://shop:secret-word@127.0.0.1:1/sales")
    (failed,) = renew(places, said.append)
    assert failed.startswith("The copy in PostgreSQL is still that of an earlier build: ")
    assert not any(part in failed + "".join(said) for part in ("secret-word", "sales", "127.0.0.1"))
    monkeypatch.setenv("STAMMKUNDE_POSTGRES_URL", postgres)
    assert renew(places, said.append) == []
    assert rows(database, "select build_id from marts.build") == [("b1",)]


def test_nothing_is_made_of_nothing_that_is_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAMMKUNDE_POSTGRES_URL", raising=False)
    places = Places(None, None, tmp_path / "w.duckdb", tmp_path / "none.duckdb")
    assert renew(places, print) == []


# Whole refreshes


def test_a_refresh_is_published_without_its_copy_and_says_so(places: Places, server: RefreshServer) -> None:
    with webhook() as (address, received):
        unreachable = "postgresql://shop:secret-word@127.0.0.1:1/sales"
        given = {"STAMMKUNDE_WEBHOOK": address, "STAMMKUNDE_POSTGRES_URL": unreachable}
        status, output = server.run(places, {**given, "STAMMKUNDE_REPORT_LANGUAGES": "de"})
    assert status == 0, output
    assert f"to read: {places.report('de')}" in output
    assert "<title>Kundenbindung: small</title>" in places.report("de").read_text(encoding="utf-8")
    build = last_build(places)
    assert build["outcome"] == "published"
    assert str(build["reason"]).startswith("The copy in PostgreSQL is still that of an earlier build")
    assert "Readers of the published file have new figures; a copy or a list could not be made." in received[0]["text"]
    assert "secret-word" not in output + received[0]["text"] + str(build["reason"])


@pytest.mark.long
def test_refresh_rollback_and_erasure_reach_the_copy(
    database: Any, postgres: str, places: Places, server: RefreshServer
) -> None:
    address = {"STAMMKUNDE_POSTGRES_URL": postgres}
    first = str(last_build(places)["build_id"])
    status, output = server.run(places, address)
    assert status == 0, output
    second = str(last_build(places)["build_id"])
    of_c7 = "select count(*) > 0 from marts.orders where customer_id = 'c7'"
    assert rows(database, f"select build_id, ({of_c7}) from marts.build") == [(second, True)]
    done = command_of_another_shell(places, "rollback", environment=address)
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(database, f"select build_id, ({of_c7}) from marts.build") == [(first, True)]
    erase = ("forget", "--customer-id", "c7", "--yes", "--no-refresh")
    done = command_of_another_shell(places, *erase, environment=address)
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(database, f"select build_id, ({of_c7}) from marts.build") == [(first, False)]
    assert rows(database, "select obj_description('marts.orders'::regclass) is not null") == [(True,)]
