"""Who an erased person is, what staging leaves out of what the source sends again, and what a person may see."""

from __future__ import annotations

import csv
import stat
from datetime import date
from pathlib import Path

import pytest

from orchestration.person.export import export_person
from orchestration.person.find import PersonError, find_person, identifiers, related
from orchestration.person.published import shown_without
from orchestration.quarantine import remember_quarantined
from orchestration.state import State
from stammkunde.places import Places
from stammkunde.salt import key_of
from stammkunde.suppression import Identifiers, SuppressionError, check_key, hashes_of
from tests.conftest import WAREHOUSE, Build, build_models, run_dbt

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
    assert shown_without("Ask ann@X.de or K17 (K17)", ["K17", "ann@x.de"]) == "Ask (erased) or (erased) ((erased))"


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
