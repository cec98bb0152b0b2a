"""Raw files are told apart by what they hold, not by when they were written, and not read while they are written."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import pytest

from intake.entities import entities
from intake.errors import IntakeError
from intake.find import discover
from orchestration.raw import File, files_below, fingerprint, measure, still_written

HEADER = "order_id,customer_id,ordered_at,amount\n"


def hash_of(folder: Path, mapping: Path | None = None) -> str:
    return fingerprint(files_below(folder, mapping))[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    raw = tmp_path / "raw"
    (raw / "orders").mkdir(parents=True)
    (raw / "orders" / "2023.csv").write_text(HEADER + "o1,c1,2023-05-01,10\n")
    (raw / "orders" / "2024.csv").write_text(HEADER + "o2,c1,2024-05-01,10\n")
    (raw / "customers.csv").write_text("customer_id\nc1\n")
    return raw


# Fingerprint


def test_equal_contents_are_equal_wherever_and_whenever_they_were_written(folder: Path, tmp_path: Path) -> None:
    before = hash_of(folder)
    for path in folder.rglob("*.csv"):
        os.utime(path, (1, 1))
    assert hash_of(folder) == before
    assert hash_of(Path(shutil.copytree(folder, tmp_path / "elsewhere"))) == before


def test_a_changed_byte_a_new_name_and_another_place_are_changes(folder: Path) -> None:
    seen = {hash_of(folder)}
    path = folder / "orders" / "2024.csv"
    changes = [
        lambda: path.write_text(HEADER + "o2,c1,2024-05-01,11\n"),
        lambda: path.rename(folder / "orders" / "2024b.csv"),
        lambda: (folder / "orders" / "2024b.csv").rename(folder / "2024b.csv"),
        lambda: (folder / "2024b.csv").unlink(),
        lambda: (folder / "empty.csv").touch(),
    ]
    for number, change in enumerate(changes, start=2):
        change()
        seen.add(hash_of(folder))
        assert len(seen) == number


def test_contents_that_change_places_are_a_change(folder: Path) -> None:
    before = hash_of(folder)
    first, second = folder / "orders" / "2023.csv", folder / "orders" / "2024.csv"
    contents = first.read_text(), second.read_text()
    first.write_text(contents[1])
    second.write_text(contents[0])
    assert hash_of(folder) != before


def test_hidden_files_are_no_part_of_it(folder: Path) -> None:
    before = hash_of(folder)
    (folder / ".DS_Store").write_text("x")
    (folder / "_notes.csv").write_text("x")
    (folder / ".git").mkdir()
    (folder / ".git" / "orders.csv").write_text("x")
    assert hash_of(folder) == before


def test_the_mapping_is_part_of_it_wherever_it_lies(folder: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "shop.yml"
    assert hash_of(folder, mapping) == hash_of(folder)
    mapping.write_text("preset: a")
    first = hash_of(folder, mapping)
    mapping.write_text("preset: b")
    assert len({first, hash_of(folder, mapping), hash_of(folder)}) == 3


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert files_below(tmp_path / "nowhere") == []


def test_files_whose_state_is_known_are_not_read_again(folder: Path) -> None:
    files = files_below(folder)
    found, hashes = fingerprint(files)
    (folder / "customers.csv").unlink()
    assert fingerprint(files, hashes) == (found, hashes)
    with pytest.raises(FileNotFoundError):
        fingerprint(files, {state: known for state, known in hashes.items() if "customers" not in state})


# Files that are still written


@pytest.mark.parametrize(
    ("name", "changed_at", "is_written"),
    [
        ("orders.csv", 939.0, False),
        ("orders.csv", 940.0, False),
        ("orders.csv", 940.1, True),
        ("orders.csv", 1000.0, True),
        ("orders.csv", 5000.0, True),  # dated in the future
        ("orders.csv.part", 1.0, True),
        ("orders/2024.CSV.TMP", 1.0, True),
        ("orders.csv.crdownload", 1.0, True),
        ("orders.csv.filepart", 1.0, True),
        ("partial.csv", 1.0, False),
    ],
)
def test_files_are_left_alone_until_they_have_rested(name: str, changed_at: float, is_written: bool) -> None:
    file = File(Path(name), name, 10, changed_at)
    assert still_written([file], 1000.0, 60.0) == ([file] if is_written else [])


def test_a_copy_with_an_old_date_is_new(folder: Path) -> None:
    before = time.time() - 1  # of what the file system rounds off
    path = folder / "customers.csv"
    os.utime(path, (1, 1))
    assert next(file for file in files_below(folder) if file.path == path).changed_at >= before


# The sensor: what a look at the folder leads to


@dataclass
class Shop:
    """A raw folder, looked at every 100 seconds. Each write is dated a minute after the look before, unless it is dated
    otherwise."""

    folder: Path
    now: float = field(default_factory=lambda: time.time() + 1000)
    cursor: str | None = None
    refreshed: str | None = None

    def write(self, name: str, content: str, *, seconds_ago: float = 40) -> None:
        """As it will stand there at the next look."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / name).write_text(content)
        self.touch(name, seconds_ago=seconds_ago)

    def touch(self, name: str, *, seconds_ago: float = 40) -> None:
        changed_at = self.now + 100 - seconds_ago
        os.utime(self.folder / name, (changed_at, changed_at))

    def look(self, *, starts: bool = True) -> str:
        """What a look leads to. A refresh that starts notes what it reads."""
        from orchestration.automation import look

        self.now += 100
        seen = look(files_below(self.folder), self.now, self.cursor, self.refreshed, settle_seconds=30)
        self.cursor = seen.cursor
        if not seen.refresh:
            return seen.reason
        assert seen.refresh == hash_of(self.folder)
        if starts:
            self.refreshed = seen.refresh
        return "refresh"


AGAIN = "the raw files have changed: one more look, to be sure"
SAME = "the raw files are those of the last refresh"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "raw")


def test_files_are_refreshed_once_when_two_looks_found_them_alike(shop: Shop) -> None:
    shop.write("orders.csv", "a")
    assert [shop.look() for _ in range(4)] == [AGAIN, "refresh", SAME, SAME]


def test_an_empty_folder_starts_nothing_and_forgets_nothing(shop: Shop) -> None:
    assert shop.look() == "the raw folder is empty"
    shop.write("orders.csv", "a")
    assert [shop.look() for _ in range(3)] == [AGAIN, "refresh", SAME]
    (shop.folder / "orders.csv").unlink()
    assert [shop.look() for _ in range(2)] == ["the raw folder is empty"] * 2
    shop.write("orders.csv", "a")
    assert [shop.look() for _ in range(2)] == [AGAIN, SAME]


def test_a_file_that_is_being_written_is_waited_for(shop: Shop) -> None:
    written = "orders.csv is still being written"
    shop.write("orders.csv", "a", seconds_ago=29)
    assert shop.look() == written
    shop.write("orders.csv", "ab", seconds_ago=0)
    assert shop.look() == written
    assert [shop.look() for _ in range(2)] == ["refresh", SAME]
    shop.write("customers.csv.part", "a")
    assert [shop.look() for _ in range(2)] == ["customers.csv.part is still being written"] * 2
    (shop.folder / "customers.csv.part").rename(shop.folder / "customers.csv")
    assert [shop.look() for _ in range(3)] == [AGAIN, "refresh", SAME]


def test_a_file_that_grows_between_any_two_looks_is_never_read(shop: Shop) -> None:
    for size in range(1, 6):
        shop.write("orders.csv", "a" * size)
        assert shop.look() == AGAIN
    assert shop.look() == "refresh"


def test_files_that_were_only_touched_start_nothing(shop: Shop) -> None:
    shop.write("orders.csv", "a")
    assert [shop.look() for _ in range(2)] == [AGAIN, "refresh"]
    shop.touch("orders.csv")
    assert [shop.look() for _ in range(3)] == [AGAIN, SAME, SAME]
    shop.write("orders.csv", "a")
    assert [shop.look() for _ in range(3)] == [AGAIN, SAME, SAME]


def test_files_that_change_back_are_refreshed_again(shop: Shop) -> None:
    for content in ("a", "b", "a", "b"):
        shop.write("orders.csv", content)
        assert [shop.look() for _ in range(3)] == [AGAIN, "refresh", SAME]


def test_what_was_asked_for_is_not_asked_for_again_before_it_starts(shop: Shop) -> None:
    shop.write("orders.csv", "a")
    assert [shop.look(starts=False) for _ in range(4)] == [AGAIN, "refresh", SAME, SAME]


def test_files_that_changed_back_before_they_were_read_are_asked_for_anew(shop: Shop) -> None:
    """The refresh that was asked for `b` found `a`: nothing has read `b` when it comes again."""
    shop.write("orders.csv", "a")
    assert [shop.look() for _ in range(2)] == [AGAIN, "refresh"]
    shop.write("orders.csv", "b")
    assert [shop.look(starts=False) for _ in range(2)] == [AGAIN, "refresh"]
    shop.write("orders.csv", "a")
    assert [shop.look() for _ in range(2)] == [AGAIN, SAME]
    shop.write("orders.csv", "b")
    assert [shop.look() for _ in range(3)] == [AGAIN, "refresh", SAME]


def test_a_new_sensor_does_not_repeat_the_last_refresh(shop: Shop) -> None:
    shop.write("orders.csv", "a")
    shop.refreshed = hash_of(shop.folder)
    assert [shop.look() for _ in range(2)] == [AGAIN, SAME]


def test_the_last_refresh_is_the_latest_that_noted_what_it_read(tmp_path: Path) -> None:
    from orchestration.automation import last_fingerprint
    from orchestration.state import State
    from stammkunde.places import Places

    places = Places(tmp_path / "raw", None, tmp_path / "shop.duckdb", tmp_path / "published.duckdb", shop="a")
    assert last_fingerprint(places) is None
    state = State(places)
    state.note("b1", outcome="published", raw_fingerprint="one", shop="a")
    state.note("b2", outcome="failed", raw_fingerprint="two", shop="a")
    state.note("b3", outcome="running", shop="a")
    state.note("b4", outcome="published", raw_fingerprint="three", shop="b")
    assert last_fingerprint(places) == "two"


# What is measured before dbt starts


def measured(folder: Path, today: date = date(2024, 6, 1)) -> dict[str, dict[str, object]]:
    return {str(row["entity"]): row for row in measure(folder, today)}


def test_every_entity_is_measured_also_those_that_are_missing(folder: Path) -> None:
    found = measured(folder)
    assert list(found) == list(entities())
    orders = [folder / "orders" / "2023.csv", folder / "orders" / "2024.csv"]
    assert found["orders"] == {
        "entity": "orders",
        "files": 2,
        "bytes": sum(path.stat().st_size for path in orders),
        "rows": 2,
        "malformed_rows": 0,
        "first_date": date(2023, 5, 1),
        "last_date": date(2024, 5, 1),
    }
    assert (found["customers"]["rows"], found["customers"]["files"]) == (1, 1)
    assert (found["customers"]["first_date"], found["customers"]["last_date"]) == (None, None)
    assert found["activities"] == {
        "entity": "activities", "files": 0, "bytes": 0, "rows": 0, "malformed_rows": 0,
        "first_date": None, "last_date": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("days", "first", "last"),
    [
        (["2024-01-05", "2024-03-01"], date(2024, 1, 5), date(2024, 3, 1)),
        (["2024-06-01T23:59:59Z", " 2024-05-31 08:00 "], date(2024, 5, 31), date(2024, 6, 1)),
        (["2024-01-05", "2024-06-02", "2999-01-01"], date(2024, 1, 5), date(2024, 1, 5)),
        (["2999-01-01"], None, None),
        (["31.12.2023", "2024-02-30", "never", "", "2024-02-01"], date(2024, 2, 1), date(2024, 2, 1)),
    ],
    ids=["span", "times", "future", "only future", "other texts"],
)
def test_the_span_is_that_of_iso_dates_up_to_today(
    tmp_path: Path, days: list[str], first: date | None, last: date | None
) -> None:
    (tmp_path / "orders.csv").write_text(HEADER + "".join(f"o{day},c1,{day},1\n" for day in days))
    found = measured(tmp_path)["orders"]
    assert (found["rows"], found["first_date"], found["last_date"]) == (len(days), first, last)


def test_parquet_files_are_measured_by_their_types_with_the_lines_that_were_none(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select 'o' || i as order_id, timestamp '2024-01-01 10:00' + interval (i) day as "Ordered_At",
                    case when i % 4 = 0 then 'a broken line' end as malformed_line
                from range(10) as _(i)
            ) to '{tmp_path / "orders.parquet"}' (format parquet)
            """
        )
    found = measured(tmp_path)["orders"]
    assert (found["rows"], found["malformed_rows"]) == (10, 3)
    assert (found["first_date"], found["last_date"]) == (date(2024, 1, 1), date(2024, 1, 10))


# What lies beside


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("orders_2023.csv", HEADER, "is called like orders, but would not be read. Either put it with the other files"),
        ("Orders (2).csv", HEADER, "put it with the other files of orders into the folder orders/"),
        ("Orders.xlsx", "x", "is called like orders"),
        ("Exchange-Rates.csv", "rate_date,currency,rate\n", "call it exchange_rates.csv"),
        ("january.csv", HEADER, "has the columns of orders, but would not be read"),
        ("plans.csv", "subscription_id,customer_id,started_at,monthly_amount\n", "has the columns of subscriptions"),
    ],
)
def test_a_file_that_would_be_passed_over_is_an_error(folder: Path, name: str, content: str, said: str) -> None:
    (folder / name).write_text(content)
    with pytest.raises(IntakeError) as raised:
        discover(folder)
    assert str(folder / name) in str(raised.value)
    assert said in str(raised.value)
    assert "or take it away" in str(raised.value)


def test_a_folder_that_would_be_passed_over_is_an_error(folder: Path) -> None:
    (folder / "Customers").mkdir()
    with pytest.raises(IntakeError, match=r"Customers: is called like customers, but would not be read"):
        discover(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("prices.csv", "product_id,price\n"),
        ("newsletter.csv", "customer_id,sent_at\n"),
        ("notes.txt", "the export of May"),
        ("intake_outcomes.parquet", "x"),
        ("_orders_old.csv", HEADER),
        ("order_status.csv", "status,meaning\n"),
        ("kaputt.csv", "\xff\xfe"),
    ],
)
def test_what_is_nobodys_data_may_lie_beside(folder: Path, name: str, content: str) -> None:
    (folder / name).write_bytes(content.encode("latin-1"))
    assert {item.entity.name for item in discover(folder)} == {"orders", "customers"}


def test_the_same_file_under_two_names_is_read_once(folder: Path) -> None:
    shutil.rmtree(folder / "orders")
    (folder / "export.csv").write_text(HEADER)
    (folder / "orders.csv").symlink_to("export.csv")
    assert {item.entity.name for item in discover(folder)} == {"orders", "customers"}
