"""The report: one file that needs nothing else, with the figures of the marts."""

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from cli.app import app
from reports.language import Language
from reports.pdf import NAMES
from reports.questions import Asking, Question, Row, of_one_build
from reports.report import report, write_report
from tests.conftest import PROJECT, Build

EN_SIGNALS = Language("en").say("report.signals") + "</h2>"
LIMIT = 6_000_000  # bytes: it is sent by mail


@pytest.fixture(scope="module")
def published(sample: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's marts as tables, as a refresh publishes them."""
    file = tmp_path_factory.mktemp("published") / "retention.duckdb"
    name = sample.warehouse.stem
    with duckdb.connect() as connection:
        connection.execute(f"attach '{sample.warehouse}' as {name} (read_only)")
        connection.execute(f"attach '{file}' as published")
        connection.execute("create schema published.marts")
        connection.execute(f"use {name}")
        tables = connection.execute(
            "select table_name from information_schema.tables where table_catalog = ? and table_schema = 'marts'",
            [name],
        ).fetchall()
        for (table,) in tables:
            connection.execute(f"create table published.marts.{table} as from marts.{table}")
    return file


def own(published: Path, folder: Path, *statements: str) -> Path:
    """A copy of the published file, changed."""
    file = folder / "changed.duckdb"
    file.write_bytes(published.read_bytes())
    with duckdb.connect(str(file)) as connection:
        for statement in statements:
            connection.execute(statement)
    return file


@pytest.fixture(scope="module", params=["de", "en"])
def written(request: pytest.FixtureRequest, published: Path) -> tuple[Language, str]:
    language = Language(request.param)
    return language, report(published, language)


class Outside(HTMLParser):
    """Addresses that a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("src", "href", "srcset", "data", "action") and value]


def test_it_is_one_file_that_loads_nothing(written: tuple[Language, str]) -> None:
    _, text = written
    page = Outside()
    page.feed(text)
    assert {address.partition(":")[0].partition("#")[0] for address in page.found} == {"", "data"}
    assert "default-src 'none'" in text
    assert len(text.encode()) < LIMIT


def test_its_key_figures_are_those_of_the_mart(written: tuple[Language, str], published: Path) -> None:
    language, text = written
    with duckdb.connect(str(published), read_only=True) as connection:
        rate, orders_a_customer, customers = connection.execute(
            """
            select customer_retention_rate, purchase_frequency, customers_at_end from marts.retention_kpis
            where period_grain = 'month' and is_complete order by period_start desc limit 1
            """
        ).fetchall()[0]
    cards = dict(re.findall(r'data-kpi="(\w+)".*?<div class="sk-value">(.*?)</div>', text, flags=re.DOTALL)[:7])
    assert unescape(cards["customer_retention_rate"]) == language.percent(rate)
    assert unescape(cards["purchase_frequency"]) == language.number(orders_a_customer, 2)
    assert unescape(cards["customers_at_end"]) == language.number(customers)


def test_its_triangle_is_that_of_the_mart(written: tuple[Language, str], published: Path) -> None:
    language, text = written
    with duckdb.connect(str(published), read_only=True) as connection:
        start, rate = connection.execute(
            """
            select cohort_start, retention_rate from marts.cohort_retention
            where cohort_grain = 'month' and dimension = 'all' and period_number = 1 and is_complete
            order by cohort_start desc limit 1
            """
        ).fetchall()[0]
    row = text.partition(f'<span class="sk-wide">{language.period("month", start)}</span>')[2].partition("</tr>")[0]
    cells = [unescape(cell) for cell in re.findall(r'<td class="sk-cell[^>]*>([^<]*)<', row)]
    assert cells[1].replace("\N{NARROW NO-BREAK SPACE}", "\xa0") == language.percent(rate, 0)


def test_it_says_what_signals_say(written: tuple[Language, str], published: Path) -> None:
    language, text = written
    chapter = unescape(text.partition(language.say("report.signals") + "</h2>")[2].partition("<h2")[0])
    with duckdb.connect(str(published), read_only=True) as connection:

        def latest(mart: str, start: str, *figures: str, where: str = "true") -> tuple[Any, ...]:
            return connection.execute(
                f"select {', '.join(figures)} from marts.{mart} where is_complete and {where} "
                f"order by {start} desc limit 1"
            ).fetchall()[0]

        score, margin = latest("nps", "period_start", "nps", "nps_margin", where="period_grain = 'quarter'")
        replied, satisfied = latest(
            "support_kpis", "period_start", "median_first_reply_minutes", "csat_score",
            where="period_grain = 'month' and channel = 'all'",
        )  # fmt: skip
        (critical,) = connection.execute(
            "select avg(case when health_band = 'critical' then 1 else 0 end) from marts.customers "
            "where health_band is not null and lifecycle_stage <> 'lost'"
        ).fetchall()[0]
        lost, stake = connection.execute(
            "select lost_next_month, revenue_at_stake from marts.lifecycle_kpis "
            "where is_next_month_complete and lifecycle_stage <> 'advocate' "
            "order by month_start desc, revenue_at_stake desc limit 1"
        ).fetchall()[0]
        mrr, churned = latest("subscription_kpis", "month_start", "mrr_at_end", "churned_mrr")
        cac, value, ratio = latest(
            "acquisition_economics", "cohort_month", "cac", "value_per_customer_12m", "ltv_to_cac",
            where="acquisition_channel = 'all' and value_per_customer_12m is not null",
        )  # fmt: skip
    for figure in (
        f"NPS {language.number(score)},", language.number(margin), language.value(replied, "minutes"),
        f"{language.percent(critical)} (", language.number(lost), language.money(stake, "EUR", 0),
        language.percent(satisfied), language.money(mrr, "EUR"), language.money(churned, "EUR"),
        language.money(cac, "EUR"), language.money(value, "EUR"), language.number(ratio, 1),
    ):  # fmt: skip
        assert figure in chapter


def test_a_shop_without_signals_has_no_chapter_on_them(published: Path, tmp_path: Path) -> None:
    emptied = [f"delete from marts.{mart}" for mart in ("nps", "support_kpis", "subscription_kpis", "signal_coverage")]
    emptied += ["update marts.acquisition_economics set cac = null", "delete from marts.lifecycle_kpis"]
    bare = own(published, tmp_path, *emptied, "update marts.customers set health_score = null, health_band = null")
    text = report(bare, Language("en"))
    assert EN_SIGNALS not in text and "<h2" in text
    one = own(published, tmp_path, *emptied[1:])
    assert report(one, Language("en")).partition(EN_SIGNALS)[2].count("<h3>Net promoter score (NPS)</h3>") == 1


def test_each_chart_has_words_and_its_figures(written: tuple[Language, str]) -> None:
    _, text = written
    charts = re.findall(r'role="img" aria-label="([^"]+)"><script type="application/json">(.*?)</script>', text)
    assert len(charts) >= 8
    assert all(len(alt) > 20 and json.loads(figure)["data"] for alt, figure in charts)
    assert text.count("<details>") >= len(charts)


def test_a_report_is_of_one_build_though_another_is_published_meanwhile(published: Path, tmp_path: Path) -> None:
    file = tmp_path / "retention.duckdb"
    own(published, tmp_path, "update marts.build set shop = 'before'").replace(file)

    def made(ask: Asking, build: Row) -> list[str]:
        own(published, tmp_path, "update marts.build set shop = 'newer'").replace(file)
        return [build["shop"], *(row["shop"] for row in ask(Question("build", "select shop from marts.build")))]

    assert of_one_build(file, made) == ["before", "before"]
    assert of_one_build(file, lambda ask, build: build["shop"]) == "newer"


def test_names_of_a_shop_cannot_become_a_part_of_the_page(published: Path, tmp_path: Path) -> None:
    """A channel, a shop: what the source sends is text."""
    evil = "</script><img src=x onerror=alert(1)>"
    tables = ("cohort_retention", "retention_curve", "retention_kpis_by_segment", "cohort_windows")
    renamed = [f"update marts.{table} set dimension_value = '{evil}' where dimension <> 'all'" for table in tables]
    changed = own(published, tmp_path, *renamed, f"update marts.build set shop = '{evil}'")
    text = report(changed, Language("en"))
    page = Outside()
    page.feed(text)
    assert "x" not in page.found
    assert text.count("<img src=x") == 0


def test_an_empty_shop_gives_sentences(published: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
    emptied = [f"delete from marts.{table}" for (table,) in tables if table not in ("build", "kpi_glossary")]
    empty = own(published, tmp_path, *emptied, "update marts.build set as_of_date = null")
    write_report(empty, tmp_path / "empty.html", "de")
    text = (tmp_path / "empty.html").read_text(encoding="utf-8")
    assert "Dafür gibt es in diesem Shop noch keine Daten." in text
    assert "noch keine Bestellung" in text


def test_a_build_of_an_earlier_version_lacks_parts_and_says_so(published: Path, tmp_path: Path) -> None:
    earlier = own(published, tmp_path, "drop table marts.cohort_windows")
    assert "The published build does not hold this yet (cohort_windows)." in report(earlier, Language("en"))


def test_the_command_says_where_it_is(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_PUBLISHED", str(published))
    monkeypatch.setenv("STAMMKUNDE_WAREHOUSE", str(tmp_path / "w.duckdb"))
    target = tmp_path / "bericht.html"
    done = CliRunner().invoke(app, ["report", "--to", str(target)], catch_exceptions=False)
    assert (done.exit_code, done.output.strip()) == (0, str(target))
    assert target.stat().st_mode & 0o777 == 0o644
    wrong = CliRunner().invoke(app, ["report", "--language", "fr"])
    assert str(wrong.exception) == "--language is 'fr': it must be de or en"


def test_a_pdf_needs_a_browser_and_says_so(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_PUBLISHED", str(published))
    monkeypatch.setenv("PATH", str(tmp_path))
    done = CliRunner().invoke(app, ["report", "--pdf", "--to", str(tmp_path / "r.html")])
    assert str(done.exception).startswith("a PDF needs Chromium or Chrome")
    assert NAMES[0] == "chromium"


@pytest.mark.parametrize(
    ("exposure", "modules"),
    [("retention_report", ("report", "outlook/trust")), ("retention_export", ("export",))],
)
def test_dbt_and_dagster_know_what_it_reads(sample: Build, exposure: str, modules: tuple[str, ...]) -> None:
    exposed = sample.manifest()["exposures"][f"exposure.stammkunde.{exposure}"]
    code = "".join((PROJECT / "reports" / f"{module}.py").read_text(encoding="utf-8") for module in modules)
    read = set(re.findall(r"questions\.(\w+)\(", code)) | {"build" for _ in re.findall(r"of_one_build\(", code)}
    marts = {mart for name, mart in asked_marts().items() if name in read}
    assert {node.rpartition(".")[2] for node in exposed["depends_on"]["nodes"]} == marts


def asked_marts() -> dict[str, str]:
    """The mart that each question reads."""
    _, *functions = re.split(r"\ndef ", (PROJECT / "reports" / "questions.py").read_text(encoding="utf-8"))
    found = [(text.partition("(")[0], re.search(r'Question\(\s*"(\w+)"', text)) for text in functions]
    lists = {text.partition("(")[0]: "customers" for text in functions if "return customers_who(" in text}
    return {**lists, **{name: asked[1] for name, asked in found if asked}}
