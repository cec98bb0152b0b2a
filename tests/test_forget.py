"""Who an erased person is, what staging leaves out of what the source sends again, and what a person may see."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import stat
import tempfile
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.person.erase import erase
from orchestration.person.export import export_person
from orchestration.person.find import PersonError, find_person, identifiers, related
from orchestration.person.published import without_words
from orchestration.publish.builds import kept, kept_in
from orchestration.publish.copy import write_parquet
from orchestration.quarantine import remember_quarantined
from orchestration.state import State
from stammkunde.files import REPLACED, UNREADABLE, content_hash
from stammkunde.places import Places
from stammkunde.salt import key_of
from stammkunde.suppression import Identifiers, SuppressionError, check_key, hashes_of
from tests.conftest import WAREHOUSE, Build, build_models, run_dbt
from tests.refreshes import named_copy, published_rows
from tests.test_personal_data import search

ANN = Identifiers(frozenset({"K17"}), frozenset({"ann@x.de"}), frozenset({"K17"}))
ORDERS = (
    # What names ann: her number or her e-mail, in whatever spelling.
    ("a1", "K17", ""),
    ("a2", " k17\u00a0", ""),
    ("a3", "", "ANN@X.de "),
    ("a4", "Ann@x.de", "bob@x.de"),
    ("a5", "99", "ann@x.de"),
    # Others.
    ("b1", "K170", ""),
    ("b2", "", "joann@x.de"),
    ("b3", "17", "bob@x.de"),
    ("b4", "", ""),
)


def write_shop(raw: Path) -> Path:
    raw.mkdir()
    with (raw / "orders.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("order_id", "customer_id", "customer_email", "ordered_at", "amount", "name"))
        writer.writerows((*row, "2025-01-01", "10.00", "Ann Example") for row in ORDERS)
        writer.writerow(("a6", "K17", "", "2025-01-01", "ten", "Ann Example"))
    (raw / "customers.csv").write_text(
        "customer_id,email,country,referred_by_customer_id\nK17,ann@x.de,DE,\n17,bob@x.de,AT,K17\n18,,CH,17\n"
    )
    (raw / "activities.csv").write_text(
        "activity_id,customer_id,occurred_at,activity_type,detail\nx,K17,2025-01-01,complaint,I am Ann\n"
        "y,17,2025-01-01,complaint,I am Bob\n"
    )
    (raw / "refunds.csv").write_text("refund_id,order_id,refunded_at,amount\nr1,a1,2025-01-02,4.00\n")
    return raw


def places_of(directory: Path) -> Places:
    return Places(
        directory / "raw", None, directory / WAREHOUSE, directory / "published" / "retention.duckdb", shop="x"
    )


def build_without(
    person: Identifiers, directory: Path, settings: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> Build:
    """The shop as a refresh builds it after a person was erased."""
    places = places_of(directory)
    key = key_of(places)
    State(places).write("suppressed", [{"identifier_hash": hashed} for hashed in hashes_of(person, key)])
    monkeypatch.setenv("DBT_ENV_SECRET_SUPPRESSION_KEY", key)
    return build_models(directory, write_shop(directory / "raw"), settings, data_tests=True)


def test_orders_of_an_erased_person_stay_and_belong_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = build_without(ANN, tmp_path, {"erased_orders": "anonymous"}, monkeypatch)
    orders = dict(build.rows("select order_id, customer_id from marts.orders"))
    assert {order for order, customer in orders.items() if customer is None} == {"a1", "a2", "a3", "a4", "a5", "b4"}
    assert build.rows("select sum(net_amount) from marts.orders") == [(86,)]
    assert build.rows("select customer_id from marts.customers order by 1") == [
        ("17",), ("K170",), *build.rows("select customer_id from marts.orders where order_id = 'b2'")
    ]  # fmt: skip
    accounted = "select entity, outcome, reason, rows from marts.row_accounting where entity <> 'refunds' order by all"
    assert build.rows(accounted) == [
        ("activities", "counted", "none", 1), ("activities", "excluded", "erased", 1),
        ("customers", "counted", "none", 2), ("customers", "excluded", "erased", 1),
        ("orders", "counted", "none", 9), ("orders", "quarantined", "invalid_amount", 1),
    ]  # fmt: skip
    # Nothing names her: not as whom somebody was referred by, not in a row that cannot be used.
    assert build.rows("select count(*) from staging.stg_customers where referred_by_customer_id = 'K17'") == [(0,)]
    assert build.rows("select customer_id, amount from staging.quarantined_orders") == [(None, None)]
    assert build.rows("select detail from staging.stg_activities order by 1") == [("I am Bob",), (None,)]


def test_orders_of_an_erased_person_go_where_the_setting_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = build_without(ANN, tmp_path, {"erased_orders": "removed"}, monkeypatch)
    assert build.rows("select order_id from marts.orders order by 1") == [("b1",), ("b2",), ("b3",), ("b4",)]
    accounted = "select outcome, reason, rows from marts.row_accounting where entity = 'orders' order by all"
    assert build.rows(accounted) == [
        ("counted", "none", 4), ("excluded", "erased", 5), ("quarantined", "invalid_amount", 1)
    ]  # fmt: skip
    excluded = "select order_id, customer_id, email_hash, exclusion_reason from staging.excluded_orders order by 1"
    assert build.rows(excluded) == [(f"a{number}", None, None, "erased") for number in range(1, 6)]
    assert build.rows("select outcome, reason from marts.row_accounting where entity = 'refunds'") == [
        ("excluded", "erased")
    ]


def test_dbt_alone_does_not_bring_an_erased_person_back(tmp_path: Path) -> None:
    places = places_of(tmp_path)
    State(places).write("suppressed", [{"identifier_hash": "some"}])
    build = run_dbt(["run", "--select", "stg_orders"], tmp_path, raw=write_shop(tmp_path / "raw"))
    assert build.exit_code != 0
    assert "dbt alone does not know them: run a refresh" in build.output
    with pytest.raises(SuppressionError, match="key: is gone"):
        check_key(places, is_empty=False)


def test_a_row_that_cannot_be_used_shows_its_values_for_some_time_only(tmp_path: Path) -> None:
    """The counts stay. What a refresh notes is as much as there are such rows, and the first day of each."""
    places, raw = places_of(tmp_path), write_shop(tmp_path / "raw")
    state, first, models = State(places), date(2025, 3, 1), ["run", "--select", "+quarantined_orders"]
    shown = "select amount, order_id, rejection_reason from staging.quarantined_orders"
    build = run_dbt(models, tmp_path, raw=raw, settings={"run_at": "2025-03-01T00:00:00Z"})
    assert build.rows(shown) == [("ten", "a6", "invalid_amount")]
    remember_quarantined(places, state, first)
    remember_quarantined(places, state, date(2025, 4, 1))
    assert [row["first_seen_on"] for row in state.rows("quarantined_rows")] == [first]
    last = run_dbt(models, tmp_path, raw=raw, settings={"run_at": "2025-05-30T00:00:00Z"})
    assert last.rows(shown) == [("ten", "a6", "invalid_amount")]
    past = run_dbt(models, tmp_path, raw=raw, settings={"run_at": "2025-05-31T00:00:00Z"})
    assert past.rows(shown) == [(None, None, "invalid_amount")]
    rejected = "select order_id, customer_id, amount from staging.stg_orders where rejection_reason is not null"
    assert past.rows(rejected) == [(None, None, None)]
    remember_quarantined(places, state, date(2025, 5, 31))
    assert [row["first_seen_on"] for row in state.rows("quarantined_rows")] == [first]


# Who is meant


PAIRS = [("1", "a@x"), ("1", "shared@x"), ("2", "shared@x"), ("3", None), (None, "guest@x"), ("1", "b@x"), ("4", "a@x")]


@pytest.mark.parametrize(
    ("given", "by_email", "numbers", "emails", "shared"),
    [
        (Identifiers(numbers=frozenset({"1"})), False, {"1"}, {"b@x"}, {"a@x", "shared@x"}),
        (Identifiers(numbers=frozenset({"1"})), True, {"1", "2", "4"}, {"a@x", "b@x", "shared@x"}, set()),
        (Identifiers(emails=frozenset({"b@x"})), False, {"1"}, {"b@x"}, {"a@x", "shared@x"}),
        (Identifiers(emails=frozenset({"guest@x"})), False, set(), {"guest@x"}, set()),
        (Identifiers(numbers=frozenset({"3"})), False, {"3"}, set(), set()),
        (Identifiers(numbers=frozenset({"7"})), False, {"7"}, set(), set()),
    ],
)
def test_a_person_is_all_that_names_one_customer(
    given: Identifiers, by_email: bool, numbers: set[str], emails: set[str], shared: set[str]
) -> None:
    found, of_others = related(given, PAIRS, by_email)
    assert (found.numbers, found.emails, of_others) == (numbers, emails, shared)


def test_an_email_of_several_customers_names_none() -> None:
    with pytest.raises(PersonError, match=r"2 customers have this e-mail: 1, 2\. Name each"):
        related(Identifiers(emails=frozenset({"shared@x"})), PAIRS, by_email=False)


@pytest.mark.parametrize(
    ("number", "email", "said"),
    [
        (None, None, "one of both"),
        ("1", "a@x.de", "one of both"),
        (None, "ann", "is no e-mail"),
        ("@", None, "no e-mail"),
    ],
)
def test_what_names_nobody_is_refused(number: str | None, email: str | None, said: str) -> None:
    with pytest.raises(PersonError, match=said):
        identifiers(number, email)


def test_numbers_and_emails_are_read_as_staging_reads_them() -> None:
    assert identifiers("\u00a017.0 ", None) == Identifiers(numbers=frozenset({"17"}))
    assert identifiers("Rene\u0301@X.de", None) == Identifiers(emails=frozenset({"ren\u00e9@x.de"}))
    assert identifiers(None, " ANN@x.de") == Identifiers(emails=frozenset({"ann@x.de"}))


def test_a_number_that_others_have_in_other_letters_is_known_by_its_own_alone(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,amount\n1,ab,2025-01-01,1\n2,AB,2025-01-01,1\n3,Cd,2025-01-01,1\n"
    )
    assert run_dbt(["run", "--select", "stg_exchange_rates"], tmp_path, raw=raw).exit_code == 0
    places = places_of(tmp_path)
    assert find_person(places, "ab").identifiers.also_in_any_case == frozenset()
    assert find_person(places, "cd") == find_person(places, "Cd")
    assert find_person(places, "Cd").identifiers.also_in_any_case == {"Cd"}
    assert find_person(places, "Cd").is_known
    assert not find_person(places, "no such number").is_known


def test_a_text_without_a_person_says_the_rest() -> None:
    text = without_words("'Ask ann@X.de or K17 (K17)'", ["K17", "ann@x.de"])
    assert duckdb.sql(f"select {text}").fetchall() == [("Ask (erased) or (erased) ((erased))",)]


# What outages and restores left

NAME, PHONE, EMAIL = "Zacharias Quendelbein", "+49 171 5550199", "zacharias.quendelbein@planted.example"
TEXT = f"{NAME}, {PHONE}, {EMAIL}"
OLD_SALT = "of records that were given up"
GUEST = "guest:" + hashlib.md5((OLD_SALT + EMAIL).encode(), usedforsecurity=False).hexdigest()
PLANTED = {"name": NAME, "phone": PHONE, "phone as digits": "5550199", "e-mail": EMAIL, "guest": GUEST}


def plant_in_build(file: Path) -> None:
    """The person as a customer, as a guest by the old salt, and in what somebody wrote; the manifest says so."""
    content = file.read_bytes()
    file.unlink()  # it may have another name, too
    file.write_bytes(content)
    with duckdb.connect(str(file)) as connection:
        for number, customer in (("c17", NAME), ("c18", PHONE), ("c19", GUEST)):
            for table in ("orders", "customers"):
                connection.execute(
                    f"update marts.{table} set customer_id = ? where customer_id = ?", [customer, number]
                )
        connection.execute("update marts.builds set accepted_reason = ?", [TEXT])
    manifest = json.loads(file.with_suffix(".json").read_text())
    file.with_suffix(".json").write_text(json.dumps({**manifest, "sha256": content_hash(file)}))


def plant_in_parquet(file: Path, column: str) -> None:
    """The person in every row of a text column."""
    with duckdb.connect() as connection:
        connection.execute(f"create table found as from read_parquet('{file}')")
        connection.execute(f"insert into found by name select '{TEXT}' as {column}")
        connection.execute(f"copy found to '{file}' (format parquet)")


@pytest.fixture
def left_behind(shop: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A shop with everything that outages and a restore may leave, and the person in all of it."""
    places = named_copy(shop, tmp_path / "shop", monkeypatch)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (kept_file,) = places.kept_builds.glob("*.duckdb")
    places.rebuilt.mkdir()
    past = places.as_of("2025-05-31")
    shutil.copy(kept_file, past)
    shutil.copy(kept_file.with_suffix(".json"), past.with_suffix(".json"))
    plant_in_build(past)
    plant_in_build(kept_file)
    write_parquet(kept_file, kept_file.with_suffix(""))
    places.published.unlink()
    os.link(kept_file, places.published)
    shutil.copy(kept_file.with_suffix(".json"), places.manifest)
    plant_in_parquet(kept_file.with_suffix(".excluded.parquet"), "exclusion_reason")
    plant_in_parquet(places.records / "builds.parquet", "accepted_reason")
    shutil.copytree(places.kept_builds, given_up(places.kept_builds))
    shutil.copytree(places.records, given_up(places.records))
    (given_up(places.records) / "salt").write_text(json.dumps({"small": OLD_SALT}))
    (given_up(places.records) / "validation_results.parquet").write_text(TEXT)
    (given_up(places.records) / "closed_months.parquet").write_text("damaged, and of nobody")
    (given_up(places.kept_builds) / "20250101T000000Z-aaaaaaaa.duckdb").write_text(TEXT)  # without a manifest
    shutil.copy(places.records / "builds.parquet", places.records / "builds.parquet.of_an_earlier_version-1")
    for path in (
        places.warehouse, places.prepared, places.published, places.manifest, past, kept_file,
        kept_file.with_suffix(".excluded.parquet"), places.records / "builds.parquet", places.records / "shops.json",
        places.state / "raw_values.parquet", given_up(places.records) / "builds.parquet",
    ):  # fmt: skip
        path.with_name(f"{path.name}{UNREADABLE}2").write_text(TEXT)
    for folder in (places.dagster_home.with_name(f"dagster{UNREADABLE}1"), places.state / "restore.abc" / "records"):
        folder.mkdir(parents=True)
        (folder / "notes.txt").write_text(TEXT)
    return places


def given_up(path: Path) -> Path:
    return path.with_name(f"{path.name}{REPLACED}1")


def test_what_outages_and_restores_left_holds_nothing_of_an_erased_person(left_behind: Places) -> None:
    places = left_behind
    (build,) = (folder.name for folder in places.kept_builds.iterdir() if folder.is_dir())
    before = search(places.warehouse.parent, PLANTED)
    assert len({place.partition(":")[0].partition(" ")[0] for place in before}) >= 21
    assert {
        f"shop.records{REPLACED}1/builds.parquet (rows)",
        "published/as_of/retention_2025-05-31.duckdb",
        f"published/builds/{build}/customers/customers.parquet (rows)",
    } <= before.keys()
    others = places.warehouse.with_name(f"other.duckdb{UNREADABLE}1")
    others.write_text("another shop's")
    for given in ({"customer_id": NAME}, {"customer_id": PHONE}, {"email": EMAIL}):
        erased = erase(places, find_person(places, **given), print)
        assert (erased.named, erased.left) == ([], [])
        assert erased.builds == 3  # that of readers, the one that was given up, and a past day
    assert search(places.warehouse.parent, PLANTED) == {}
    assert others.exists()
    # What is left is whole: the builds by their checksums, the history row by row.
    builds = [*kept(places), *kept_in(given_up(places.kept_builds))]
    assert len(builds) == 2
    assert all(build.is_whole for build in builds)
    assert json.loads(places.manifest.read_text())["sha256"] == content_hash(places.published)
    assert [row["accepted_reason"] for row in State(places).rows("builds")][-1] == ", ".join(["(erased)"] * 3)
    with duckdb.connect(str(given_up(places.kept_builds) / builds[1].file.name), read_only=True) as connection:
        orders = connection.execute("select count(*) from marts.orders where customer_id is null").fetchall()
    assert orders == published_rows(places, "select count(*) from marts.orders where customer_id is null")
    assert orders[0][0] > 0


def test_what_is_a_persons_own_is_named_and_not_changed(
    shop: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = named_copy(shop, tmp_path / "shop", monkeypatch)
    own = [
        places.records / "restored" / "mappings" / "0" / "mapping.yml",
        given_up(places.records) / "restored" / "settings.yml",
        tmp_path / "limits.yml",
    ]
    for file in own:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# for {EMAIL.upper()}\n")
    monkeypatch.setenv("STAMMKUNDE_THRESHOLDS", str(own[-1]))
    erased = erase(places, find_person(places, email=EMAIL), print)
    assert (sorted(erased.named), erased.left) == (sorted(own), [])
    assert all(EMAIL.upper() in file.read_text() for file in own)


# What a person may see


def test_all_rows_about_a_person_are_written_for_one_reader(tmp_path: Path) -> None:
    build = build_models(tmp_path, write_shop(tmp_path / "raw"))
    places = places_of(tmp_path)
    person = find_person(places, customer_id="17")
    folder, rows, unread = export_person(places, person)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert unread == []
    assert rows.keys() >= {
        "raw.orders", "raw.customers", "raw.activities", "staging.stg_orders", "marts.orders", "marts.customers",
        "files/orders.csv", "files/customers.csv", "files/activities.csv",
    }  # fmt: skip
    with (folder / "marts.orders.csv").open(encoding="utf-8", newline="") as file:
        bobs = {row["order_id"] for row in csv.DictReader(file)}
    assert bobs == {order for (order,) in build.rows("select order_id from marts.orders where customer_id = '17'")}
    whole = (folder / "files.orders.csv").read_text(encoding="utf-8")
    assert "Ann Example" in whole  # a column that no refresh reads
    assert "K170" not in whole
    with pytest.raises(FileExistsError):
        export_person(places, person, folder)
