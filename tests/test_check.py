"""`make check` says what a run would do and what to look at before."""

from __future__ import annotations

import atexit
import re
import subprocess
import sys
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import pytest

from intake.check import check, stage
from intake.errors import IntakeError
from intake.reporting.outcomes import shops_currency
from intake.reporting.rates import is_inverted, usual
from intake.reporting.what import negative_amounts
from intake.reporting.who import personal_numbers
from orchestration.quality.before_a_run import JUDGED, personal_data
from orchestration.quality.evidence import Noted, gathered
from orchestration.quality.gate import judge
from orchestration.quality.thresholds import load_thresholds
from orchestration.raw import measure
from stammkunde.dbt import Dbt, what_is_wrong
from stammkunde.errors import SettingError
from tests.conftest import PROJECT, SAMPLE, Build
from tests.dbt_at_once import DbtAtOnce, begin_at_once
from tests.refreshes import clean_environment

# The command, with dbt of the address that comes first.
AT_ONCE = """
import sys
from cli.app import main
from stammkunde.dbt import Dbt
from tests.dbt_at_once import begin_at_once
Dbt.command = begin_at_once(sys.argv.pop(1))
main()
"""


@cache
def dbt_of_checks() -> str:
    """The address of a server that knows the project as `check` names its warehouse."""
    dbt = DbtAtOnce({**clean_environment(), "STAMMKUNDE_WAREHOUSE": "check.duckdb"})
    atexit.register(dbt.stop)
    return dbt.address


def run_check(raw: Path, *, as_user: bool = False) -> subprocess.CompletedProcess[str]:
    """What a user sees who has never run a refresh: what stands in this clone's warehouse has no say. `as_user`: dbt
    parses the whole project first."""
    program = ["-m", "cli"] if as_user else ["-c", AT_ONCE, dbt_of_checks()]
    command = [sys.executable, *program, "check", "--raw", str(raw)]
    nowhere = PROJECT / "warehouse" / "no_shop"
    environment = {
        **clean_environment(),
        "STAMMKUNDE_WAREHOUSE": str(nowhere / "shop.duckdb"),
        "STAMMKUNDE_PUBLISHED": str(nowhere / "published" / "retention.duckdb"),
    }
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def report() -> subprocess.CompletedProcess[str]:
    return run_check(SAMPLE, as_user=True)


def test_the_outcomes_are_those_of_a_run(report: subprocess.CompletedProcess[str], sample: Build) -> None:
    assert report.returncode == 0, report.stderr
    for entity, outcome, reason, rows in sample.rows("select entity, outcome, reason, rows from marts.row_accounting"):
        shown = outcome if reason == "none" else f"{outcome}: {reason}"
        line = rf"^ +{rows:,} {re.escape(shown)}( |$)" if entity == "orders" else rf"^  {entity} .*\b{rows:,} {shown}\b"
        assert re.search(line, report.stdout, re.MULTILINE), (entity, shown)
    read = sample.rows("select entity, sum(rows) from marts.row_accounting group by entity")
    assert all(f"  {entity} {rows:,} read" in report.stdout for entity, rows in read)


def test_every_reason_has_up_to_three_examples_with_their_file(report: subprocess.CompletedProcess[str]) -> None:
    found = re.findall(r"^ +([\d,]+) (?:quarantined|excluded): \w+ +(.*) \(orders\.csv\)$", report.stdout, re.MULTILINE)
    assert len(found) > 5
    for rows, examples in found:
        assert len(re.findall(r"(?:'.*?'|empty)(?:, |$)", examples)) == min(int(rows.replace(",", "")), 3), examples


def test_no_mail_is_shown(report: subprocess.CompletedProcess[str], odd: subprocess.CompletedProcess[str]) -> None:
    assert "...@shop.de" in odd.stdout
    for printed in (report.stdout, odd.stdout):
        assert not re.search(r"[\w.]+(?<!\.\.\.)@", printed)


def test_under_its_own_name_a_file_is_one_line_with_what_is_not_used(report: subprocess.CompletedProcess[str]) -> None:
    assert re.match(r"orders\n  orders\.csv: [\d,]+ rows\n\w+\n", report.stdout)
    assert "not used of orders.csv: gift_note\n" in report.stdout


def test_what_is_odd_and_the_verdict_stand_on_the_last_screen(report: subprocess.CompletedProcess[str]) -> None:
    lines = report.stdout.splitlines()
    assert lines.index("What to look at") > len(lines) - 30
    assert lines[-1] == f"A run would work: make run RAW={SAMPLE}"


# What to look at ----------------------------------------------------------------------------------------------------

ODD_HEADER = "order_id,customer_id,customer_email,ordered_at,amount,refunded_amount,currency,status,is_test"


def write_odd_shop(raw: Path) -> None:
    """A shop with one of everything that `check` names."""
    rows: list[str] = []

    def order(customer="", email="", day="2024-02-01", amount="20", refund="", currency="EUR", state="paid", number=""):
        rows.append(f"{number or f'n{len(rows)}'},{customer},{email},{day},{amount},{refund},{currency},{state},")

    for position in range(60):
        order(
            1000 + position % 40, f"p{position % 40}@x.de", f"2024-0{1 + position % 9}-1{position % 10}", 10 + position
        )
    for position in range(5):
        order("GUEST", f"g{position}@y.de", "2024-02-03")
    for position in range(4):
        order(50 + position, "nomail@shop.de", "2024-02-04")
    for position in range(3):
        order(60 + position, "k.A.", "2024-02-05")
    for position in range(8):
        order("1.23457E+12", "", f"2024-02-1{position}")
    order("00123", day="2024-03-01")
    order("Laufkunde", day="2024-03-02", amount="21")
    order("Laufkunde", day="2024-03-03", amount="22")
    order("", day="2024-03-04", amount="23")
    order("7", day="1970-01-01")
    order("7", day="1900-01-01", amount="11")
    order("7", day="2024-05-01", amount="0")
    order("7", day="2024-05-02", amount="10", refund="15")
    order("7", day="2024-05-03", amount="100", currency="USD")
    order("7", day="2024-09-03", amount="100", currency="USD")
    order("7", day="2024-05-03", amount="101", currency="GBP")
    order("7", day="2024-05-04", amount="10", number="dup")
    order("8", day="2024-05-05", amount="70", number="dup")
    for position, state in enumerate(["Rückläufer", "zahlung\u00a0ausstehend", "xyz", "wc-on-hold", "storniert"]):
        order("7", day=f"2024-06-0{1 + position}", amount="10", state=state)
    order("7", day="2024-06-09", amount="9000", state="draft")
    (raw / "orders.csv").write_text("\n".join([ODD_HEADER, *rows]) + "\n")
    (raw / "customers.csv").write_text("customer_id,email\n123,a@b.de\n9,Anna Muster\n")
    lines = "n0,1,Geschenkgutschein 50,9.5\nn0,2,Gutscheinbuch der Region,0.5\nn1,1,Gift wrap,2\n"
    (raw / "order_lines.csv").write_text(f"order_id,line_number,product_name,amount\n{lines}")
    rates = "2024-05-01,USD,1.08\n2024-05-01,USD,0.93\n2024-05-01,GBP,0.85\n"
    (raw / "exchange_rates.csv").write_text(f"rate_date,currency,rate\n{rates}")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    raw = tmp_path_factory.mktemp("odd")
    write_odd_shop(raw)
    return run_check(raw)


@pytest.mark.parametrize(
    "said",
    [
        "customer_id 'GUEST' stands beside 5 different e-mails in 5 rows",
        "missing_values: ['0', '-1', 'none', 'n/a', 'undefined', '-', 'GUEST']",
        "customer_id 'Laufkunde' has 2 of 98 orders (2%)",
        "of them of nobody (neither customer_id nor e-mail)",
        "one e-mail ...@shop.de stands in 4 rows beside 4 different customer_ids (such as 50, 51, 52)",
        "4 rows have an e-mail that is none ('k.A.' 3 times)",
        "8 rows of orders.csv with an id in exponent form, such as 1.23457E+12",
        "1 customer_id is written with and without leading zeros: 00123 in orders.csv, 123 in customers.csv",
        "1 row has the number of another order and other values, and nothing says which is right: 10.00 EUR "
        "(dup: 70.00 EUR of 2024-05-05 counts, 10.00 EUR of 2024-05-04 does not)",
        "2 orders are of 1900-01-01, 1970-01-01 in orders.csv",
        "1 refund is above the amount, by up to 5.00",
        "1 order of 1 customer at 0.00 counts",
        "leave_out: {exchanges: {column:",
        "1 line is called gift cards (Geschenkgutschein 50): 9.50 EUR, revenue when they are sold and again",
        "1 GBP = 0.85 EUR on 2024-05-01, but 1 GBP is about 1.1765 EUR",
        "1 order in USD at a rate older than 35 days: up to 125 days "
        "(an order of 2024-09-03 at the rate of 2024-05-01)",
        "1 day has two rates of one currency that differ by more than a tenth: USD on 2024-05-01 0.93 and 1.08",
        "state draft does not count: 1 order, 9,000.00 EUR, 74%",
        "orders count in states that are not known here: xyz",
    ],
)
def test_what_is_odd_is_named(odd: subprocess.CompletedProcess[str], said: str) -> None:
    assert said in odd.stdout


def test_one_row_may_hold_a_name_instead_of_an_address(odd: subprocess.CompletedProcess[str]) -> None:
    assert "Muster" not in odd.stdout


def test_states_that_count_and_sound_otherwise_come_first(odd: subprocess.CompletedProcess[str]) -> None:
    states = odd.stdout.partition("States of the orders\n")[2].partition("\n\n")[0].splitlines()
    assert [re.sub(r"  +", "|", line.strip()) for line in states] == [
        "! Rückläufer|1|10.00 EUR|counts, though it sounds like refunded",
        "! zahlung<U+00A0>ausstehend|1|10.00 EUR|counts, though it means pending",
        "xyz|1|10.00 EUR|counts; a word that is not known here",
        "draft|1|9,000.00 EUR|does not count",
        "storniert|1|10.00 EUR|does not count",
        "paid|84|2,807.00 EUR, 200.00 USD, 101.00 GBP|counts",
        "wc-on-hold|1|10.00 EUR|counts",
    ]


def test_a_rate_is_a_sentence(odd: subprocess.CompletedProcess[str]) -> None:
    assert "  1 GBP = 0.85 EUR on 2024-05-01" in odd.stdout


def test_what_blocks_is_said_with_reasons_file_and_next_command(odd: subprocess.CompletedProcess[str]) -> None:
    assert odd.returncode == 1
    assert "!! 8 of 99 order rows cannot be used" in odd.stdout
    assert "allowed is at most 5 % (thresholds.yml)" in odd.stdout
    assert "A run would publish nothing: 8 of 99 order rows cannot be used" in odd.stderr
    assert "damaged_id 8 in orders.csv (docs/quarantine.md says" in odd.stderr
    assert "make check RAW=" in odd.stderr
    assert "A run would work" not in odd.stdout + odd.stderr


NAMES = ("Anna Muster", "Berta Beispiel", "de Vries, Jan", "Zoë Q. Ärmel-Groß")
PHONES = ("+49 171 5550199", "0049 30 1234567", "0171/5550188", "+1 555 0100 200")
EMAILS = ("anna@x.de", "BERTA@x.de", "jan@x.de", "zoe@x.de")


@pytest.mark.parametrize("is_said_to_be_personal", [False, pytest.param(True, marks=pytest.mark.long)])
def test_numbers_that_name_a_person_are_counted_and_not_shown(is_said_to_be_personal: bool, tmp_path: Path) -> None:
    """An e-mail in the place of a number is hashed anyway, as that of every guest: eight ids are numbers."""
    rows = [
        f'o{number},"{who}",2024-03-0{1 + number % 9},20\n' for number, who in enumerate((*NAMES, *PHONES, *EMAILS))
    ]
    (tmp_path / "orders.csv").write_text("order_id,customer_id,ordered_at,amount\n" + "".join(rows))
    if is_said_to_be_personal:
        (tmp_path / "mapping.yml").write_text("settings: {customer_id_is_personal: true}\n")
    found = run_check(tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    warned = "of 8 customer_ids 4 look like names and 4 look like telephone numbers: they name the person in every mart"
    assert (warned in found.stdout) is not is_said_to_be_personal
    assert ("settings: {customer_id_is_personal: true}" in found.stdout) is not is_said_to_be_personal
    assert [who for who in (*NAMES, *PHONES, *EMAILS) if who.lower() in found.stdout.lower()] == []


@pytest.mark.parametrize(
    "number", ["4711", "K-1044", "10 200 300", "DE-0171", "2024-03-01 0001", "Laufkunde", "a1b2c3d4"]
)
def test_numbers_of_usual_kinds_name_nobody(number: str) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema staging")
        connection.execute("create table staging.stg_orders (customer_id varchar, customer_email varchar)")
        several = [[number + "1" * times, None] for times in range(4)]
        connection.executemany("insert into staging.stg_orders values (?, ?)", several)
        connection.execute("create table staging.stg_customers (customer_id varchar, email varchar)")
        assert [*personal_numbers(connection)] == []


@pytest.mark.parametrize(
    ("currency", "rate", "inverted"),
    [
        ("USD", 0.93, False), ("USD", 1.075, True), ("GBP", 1.17, False), ("GBP", 0.855, True), ("JPY", 0.0065, False),
        ("JPY", 160, True), ("CHF", 0.94, False), ("CHF", 1.05, False), ("USD", 93, False),
    ],
)  # fmt: skip
def test_only_a_rate_whose_inverse_is_usual_is_inverted(currency: str, rate: float, inverted: bool) -> None:
    """A rate of the franc may be either way round; 93 is wrong, but its inverse is no better."""
    limits = usual(currency, "EUR")
    assert limits is not None
    assert is_inverted(rate, *limits) is inverted


def test_usual_rates_hold_for_other_reporting_currencies_too() -> None:
    limits = usual("JPY", "USD")
    assert limits is not None
    assert not is_inverted(0.0065, *limits)
    assert is_inverted(154, *limits)
    assert usual("XAU", "EUR") is None


# What stops ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unusable(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """The report on two orders that do not count: one at no time, one in a currency without a rate."""
    raw = tmp_path_factory.mktemp("unusable")
    rows = "o1,c1,never,10,EUR\no2,c1,2024-01-01,10,usd\n"
    (raw / "orders.csv").write_text(f"order_id,customer_id,ordered_at,amount,currency\n{rows}")
    return run_check(raw)


def test_a_folder_without_usable_orders_would_not_work(unusable: subprocess.CompletedProcess[str]) -> None:
    assert unusable.returncode == 1
    assert re.search(r"1 quarantined: invalid_ordered_at +o1 'never' \(orders\.csv\)", unusable.stdout)
    assert "no order would count" in unusable.stderr
    assert "Traceback" not in unusable.stderr


def test_a_shop_in_another_currency_is_told_the_setting(unusable: subprocess.CompletedProcess[str]) -> None:
    assert "If USD is the shop's currency, set reporting_currency to it" in unusable.stderr


@pytest.mark.parametrize(("usable", "found"), [("JPY", "USD"), ("EUR", None)])
def test_the_currency_without_rates_is_the_shop_s_where_nothing_is_in_the_reporting_currency(
    usable: str, found: str | None
) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema staging")
        rows = f"values ('{usable}', null), ('KWD', null), ('usd', 'unknown_currency')"
        connection.execute(f"create table staging.stg_orders as from ({rows}) as orders (currency, rejection_reason)")
        connection.execute(
            "create table staging.quarantined_orders as from staging.stg_orders where rejection_reason is not null"
        )
        assert shops_currency(connection, "EUR") == found


def test_rows_below_zero_are_said_to_be_refunds() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema staging")
        rows = "values ('negative_amount', '/in/orders.csv'), ('future_date', '/in/orders.csv')"
        query = "create table staging.quarantined_orders as from ({}) as orders (rejection_reason, source_file)"
        connection.execute(query.format(rows))
        (found,) = negative_amounts(connection)
        assert found.text == "1 row of orders.csv with an amount below zero: credit notes or returns?"
        connection.execute("delete from staging.quarantined_orders where rejection_reason = 'negative_amount'")
        assert [*negative_amounts(connection)] == []


def test_emails_that_readers_would_see_block() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema marts; create schema intermediate")
        orders = "values ('o1', 'ann@example.com', 'ann@example.com'), ('o2', 'web', null)"
        connection.execute(f"create table marts.orders as from ({orders}) as orders (order_id, sales_channel, detail)")
        customers = "values ('ann@example.com', 'DE'), ('web', 'post: ann@example.com')"
        connection.execute(
            f"create table intermediate.int_customers as from ({customers}) as customers (first_sales_channel, country)"
        )
        found = [*personal_data(connection)]
    assert [finding.text.split(" ")[0] for finding in found] == ["sales_channel", "detail", "country"]
    assert all(finding.blocks for finding in found)


def test_files_with_other_columns_point_to_map(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("ID,Purchase Date,Subtotal\n1,2024-01-01,5\n")
    with pytest.raises(IntakeError, match=rf"make map RAW={tmp_path / 'orders.csv'} proposes one"):
        list(check(tmp_path))
    (tmp_path / "orders.csv").rename(tmp_path / "export.csv")
    with pytest.raises(IntakeError, match=rf"make map RAW={tmp_path} proposes one"):
        list(check(tmp_path))
    blank = tmp_path / "my shop"
    blank.mkdir()
    with pytest.raises(IntakeError, match=rf"make map RAW='{blank}' proposes one"):
        list(check(blank))


def test_a_setting_that_cannot_be_meant_names_the_mapping(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order_id,customer_id,ordered_at,amount\n1,c,2024-01-01,5\n")
    (tmp_path / "mapping.yml").write_text("settings: {active_window_days: 0}\n")
    with pytest.raises(SettingError) as raised:
        list(check(tmp_path))
    said = f"{tmp_path / 'mapping.yml'}: the setting active_window_days is '0': must be at least 1"
    assert str(raised.value) == said


@pytest.fixture
def dbt_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dbt, "command", begin_at_once(dbt_of_checks()))


@pytest.mark.usefixtures("dbt_at_once")
def test_a_setting_that_dbt_judges_names_its_file_without_dbt_s_words(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order_id,customer_id,ordered_at,amount\n1,c,2024-01-01,5\n")
    (tmp_path / "mapping.yml").write_text("settings: {segment_dimensions: [shoe_size]}\n")
    with pytest.raises(IntakeError) as raised:
        list(check(tmp_path))
    assert str(raised.value) == (
        f"A run would fail: {tmp_path / 'mapping.yml'}: the setting segment_dimensions names 'shoe_size', which is no "
        "column of customers. There are no customers."
    )


def test_what_dbt_says_is_left_without_its_frame() -> None:
    printed = (
        "\x1b[0m03:08:28  Encountered an error:\nCompilation Error in operation x-on-run-start-0 (./dbt_project.yml)\n"
        "  the thing is wrong\n  \n  > in macro check (macros/check.sql)\n"
        "  > called by operation x (./dbt_project.yml)\n"
    )
    assert what_is_wrong(printed) == "the thing is wrong"
    printed = (
        "\x1b[31mFailure in model stg_orders (models/stg_orders.sql)\x1b[0m\n"
        "  Database Error in model stg_orders (models/stg_orders.sql)\n  full disk\n"
    )
    assert what_is_wrong(printed) == "stg_orders: full disk"
    printed = (
        "Encountered an error while running operation: Compilation Error in macro a (macros/a.sql)\n  no table\n"
        "  \n  > in macro b (macros/b.sql)\n"
    )
    assert what_is_wrong(printed) == "no table"
    printed = "Runtime Error\n  no memory\n\n  Traceback (most recent call last):\n    File x, line 1\n"
    assert what_is_wrong(printed) == "no memory"


@pytest.mark.usefixtures("dbt_at_once")
def test_every_check_of_the_gate_that_needs_no_build_before_can_be_judged(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "orders.csv").write_text("order_id,customer_id,ordered_at,amount\n1,c,2024-01-01,5\n")
    warehouse = stage(tmp_path / "raw", tmp_path, {}, "mapping.yml")
    today = date(2024, 1, 2)
    with gathered(Noted({"raw_entities": measure(tmp_path / "raw", today)}), today, warehouse) as evidence:
        results = judge(JUDGED, evidence, load_thresholds())
    assert {result.outcome for result in results} <= {"passed", "no_baseline"}
