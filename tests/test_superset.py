"""Apache Superset on the published file: what is shipped for it, and its dashboard as people see it in a browser."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import duckdb
import psutil
import pytest
import yaml

from dashboard.superset.bundle import bundle, shipped, write_bundle
from dashboard.superset.start import CONFIG, PATH, PYTHON, READY, SECRET_KEY
from stammkunde.manifest import Manifest
from tests.browser import CHROMIUM, wait_for_answer
from tests.conftest import PROJECT, Build
from tests.published import published_copy
from tests.watched import STRACE, elsewhere, watching, works

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATIENCE = 120  # seconds after which something that is waited for will not come
TILES = {
    "Retention rate": ("customer_retention_rate", "rate"), "Churn rate": ("customer_churn_rate", "rate"),
    "Repeat rate": ("repeat_customer_rate", "rate"), "Order value": ("average_order_value", "money"),
    "Lifetime value": ("clv_by_lifespan", "money"), "Net revenue": ("net_revenue", "money"),
}  # fmt: skip
TABS = {"Overview": 15, "Periods and segments": 4, "Cohorts": 3, "Lifecycle and customers": 5}  # with their charts
PIXEL = "https://apachesuperset.gateway.scarf.sh/"  # built into Superset's pages; their content policy stops it
# A measure of one row, and sums of what may be added up.
ADDITIVE = {"count(*)", "sum(customers)", "sum(net_revenue)"}
ONE_ROW = re.compile(r"case when count\(\*\) = 1 then max\((\w+)\) end")

needs_superset = [
    pytest.mark.bi,
    pytest.mark.skipif(not PYTHON.exists(), reason="needs Superset in its own environment: make test-bi installs it"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def published(sample: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("superset")
    (folder / "published").mkdir()
    words = Manifest(sample.manifest()).words()
    return published_copy(sample.warehouse, folder / "published" / "retention.duckdb", words)


def files_of(published: Path, folder: str) -> dict[str, dict[str, Any]]:
    return {name: content for name, content in bundle(published).items() if name.startswith(f"{folder}/")}


def test_no_measure_adds_up_or_averages_rates() -> None:
    datasets = [yaml.safe_load(text) for name, text in shipped().items() if name.startswith("datasets/")]
    measures = [(metric["metric_name"], metric["expression"]) for dataset in datasets for metric in dataset["metrics"]]
    assert len(measures) > 20
    for name, expression in measures:
        one = ONE_ROW.fullmatch(expression)
        assert expression in ADDITIVE or (one and one.group(1) == name)


def test_a_measure_of_several_rows_is_nothing(published: Path) -> None:
    """Months and years asked together give no rate at all, never a mean of rates."""
    dataset = files_of(published, "datasets")["datasets/Stammkunde/retention_kpis.yaml"]
    asked = ", ".join(f"{metric['expression']} as m{number}" for number, metric in enumerate(dataset["metrics"]))
    with duckdb.connect(str(published), read_only=True) as connection:
        found = connection.execute(f"select {asked} from marts.retention_kpis").fetchone()
    assert found and set(found) == {None}


def test_columns_and_measures_say_what_the_marts_say(published: Path) -> None:
    datasets = files_of(published, "datasets").values()
    with duckdb.connect(str(published), read_only=True) as connection:
        comments = dict(
            connection.execute("select column_name, comment from duckdb_columns() where table_name = 'retention_kpis'")
            .fetchall()
        )  # fmt: skip
        terms = dict(connection.execute("select kpi, definition_en from marts.kpi_glossary").fetchall())
    kpis = next(dataset for dataset in datasets if dataset["table_name"] == "retention_kpis")
    assert {column["column_name"]: column["description"] for column in kpis["columns"]} == comments
    assert {metric["description"] for metric in kpis["metrics"]} <= set(terms.values())
    for dataset in datasets:
        assert all(column["description"] for column in dataset["columns"]), dataset["table_name"]
        assert all(metric["verbose_name"] for metric in dataset["metrics"]), dataset["table_name"]


def test_charts_name_what_their_dataset_has(published: Path) -> None:
    datasets = {dataset["uuid"]: dataset for dataset in files_of(published, "datasets").values()}
    charts = files_of(published, "charts")
    for name, chart in charts.items():
        dataset, params = datasets[chart["dataset_uuid"]], chart["params"]
        columns = {column["column_name"] for column in dataset["columns"]}
        used = {filter["subject"] for filter in params["adhoc_filters"] if filter["expressionType"] == "SIMPLE"}
        groups = params.get("groupby", [])
        used |= {
            params.get("x_axis"),
            *params.get("all_columns", []),
            *([groups] if isinstance(groups, str) else groups),
        }
        assert used - {None} <= columns, name
        measures = {params.get("metric"), *params.get("metrics", [])} - {None}
        assert measures <= {metric["metric_name"] for metric in dataset["metrics"]}, name
    (dashboard,) = files_of(published, "dashboards").values()
    parts = [part for part in dashboard["position"].values() if isinstance(part, dict)]
    placed = [part["meta"]["uuid"] for part in parts if part["type"] == "CHART"]
    assert sorted(placed) == sorted(chart["uuid"] for chart in charts.values())


def test_another_currency_and_place(published: Path, tmp_path: Path) -> None:
    other = tmp_path / "retention.duckdb"
    shutil.copy(published, other)
    with duckdb.connect(str(other)) as connection:
        connection.execute("update marts.build set reporting_currency = 'CHF'")
    write_bundle(other, tmp_path / "dashboard.zip")
    with ZipFile(tmp_path / "dashboard.zip") as file:
        kpis = yaml.safe_load(file.read("stammkunde/datasets/Stammkunde/retention_kpis.yaml"))
        database = yaml.safe_load(file.read("stammkunde/databases/stammkunde.yaml"))
    assert {metric["currency"]["symbol"] for metric in kpis["metrics"] if "currency" in metric} == {"CHF"}
    assert database["sqlalchemy_uri"] == f"duckdb:///{other}"
    assert database["extra"]["engine_params"]["connect_args"]["read_only"] is True


def test_the_content_policy_names_no_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret_key").write_text("secret\n")
    monkeypatch.setenv("SUPERSET_HOME", str(tmp_path))
    config = runpy.run_path(str(CONFIG))
    policy = config["TALISMAN_CONFIG"]["content_security_policy"]
    named = {source for sources in policy.values() for source in ([sources] if isinstance(sources, str) else sources)}
    assert named == {"'self'", "'none'", "'unsafe-inline'", "'strict-dynamic'", "blob:", "data:"}
    assert config["SECRET_KEY"] == "secret"


def test_without_superset_it_says_what_to_do(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dashboard.superset import start
    from stammkunde.errors import StammkundeError
    from stammkunde.places import Places

    monkeypatch.setattr(start, "PYTHON", Path("nowhere"))
    with pytest.raises(StammkundeError, match="make superset"):
        start.start(Places(None, None, published.with_name("w.duckdb"), published), 8088, None)


@dataclass
class Seen:
    """What the pages did besides showing themselves."""

    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)  # by the content policy, before anything was sent
    charts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # what charts got, by their number


@dataclass(frozen=True)
class Served:
    address: str
    published: Path
    home: Path
    password: str
    calls: Path
    process: subprocess.Popen[bytes]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def started(published: Path, port: int, output: Path, calls: Path | None) -> Iterator[subprocess.Popen[bytes]]:
    """Superset as `make superset` starts it, its connections watched where that is possible."""
    warehouse = published.parent.parent / "warehouse.duckdb"
    environment = {
        **os.environ,
        "STAMMKUNDE_WAREHOUSE": str(warehouse),
        "STAMMKUNDE_PUBLISHED": str(published),
        "STAMMKUNDE_SUPERSET_PORT": str(port),
    }
    command = [sys.executable, "-m", "dashboard.superset.start"]
    if calls:
        command = watching(calls, *command)
    with output.open("w") as printed:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=printed, stderr=subprocess.STDOUT)
    try:
        wait_for_answer(f"http://127.0.0.1:{port}/health", process, output)
        yield process
    finally:
        ends = psutil.Process(process.pid).children() if calls else [process]  # strace ends with what it watches
        for one in ends:
            one.terminate()
        process.wait(PATIENCE)


@pytest.fixture(scope="module")
def served(published: Path) -> Iterator[Served]:
    """Started for the first time: the password is made, and printed once."""
    folder = published.parent.parent
    port, output, calls = free_port(), folder / "output.txt", folder / "calls"
    with started(published, port, output, calls if works(STRACE, "-f", "true") else None) as process:
        password = re.search(r"admin with the password (\S+)", output.read_text())
        assert password, output.read_text()
        home = folder / "warehouse.superset"
        yield Served(f"http://127.0.0.1:{port}", published, home, password.group(1), calls, process)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def logged_in(chromium: Browser, served: Served, seen: Seen) -> Page:
    """The dashboard, after the login that leads to it."""
    page = chromium.new_context(viewport={"width": 1440, "height": 1000}, locale="en-GB").new_page()
    page.set_default_timeout(PATIENCE * 1000)

    def heard(message: Any) -> None:
        if message.type == "error" and PIXEL not in message.text:
            seen.errors.append(message.text)

    def answered(response: Any) -> None:
        if response.status >= 400:
            seen.errors.append(f"{response.status} {response.url}")
        number = re.search(r"slice_id%22%3A(\d+)", response.url)
        if number and response.ok:
            seen.charts[number.group(1)] = response.json()["result"][0]["data"]

    def asked(request: Any) -> None:
        if not request.url.startswith((served.address, "data:", "blob:")):
            seen.elsewhere.append(request.url)

    def failed(request: Any) -> None:
        if request.failure == "csp":
            seen.elsewhere.remove(request.url)
            seen.stopped.add(request.url)

    page.on("console", heard)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", asked)
    page.on("requestfailed", failed)
    page.on("response", answered)
    page.goto(f"{served.address}/{PATH}")
    # What the page of the login still asks for would bring a session without a user, after the one with.
    page.wait_for_load_state("networkidle")
    page.fill("#username", "admin")
    page.fill("#password", served.password)
    page.click("button[type=submit]")
    page.wait_for_url(f"{served.address}/{PATH}*")
    return page


def open_tab(page: Page, tab: str) -> None:
    """A tab of the dashboard, until all its charts are drawn."""
    page.get_by_role("tab", name=tab).click()
    drawn = """count => {
        const charts = [...document.querySelectorAll('[data-test=chart-grid-component]')]
            .filter(one => one.checkVisibility());
        return charts.length === count && charts.every(one => one.querySelector('[data-test=slice-container] > *'))
            && !document.querySelector('[data-test=loading-indicator]');
    }"""
    page.wait_for_function(drawn, arg=TABS[tab])


def chart(page: Page, name: str) -> Any:
    return page.locator(f'[data-test-chart-name="{name}"]')


def rows(published: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(published), read_only=True) as connection:
        return connection.execute(query).fetchall()


def shown(value: float, kind: str) -> str:
    return f"{value:.1%}" if kind == "rate" else f"{value:,.2f} €"


def assert_tiles(page: Page, published: Path) -> None:
    for grain, period in (("month", "%B %Y"), ("year", "%Y")):
        for title, (column, kind) in TILES.items():
            query = f"""select {column}, period_start from marts.retention_kpis
                where period_grain = '{grain}' and is_complete order by period_start desc limit 1"""
            ((value, start),) = rows(published, query)
            tile = chart(page, f"{title}, {grain}")
            found = tile.locator(".kicker").inner_text(), tile.locator(".header-line").inner_text().replace("\xa0", " ")
            assert found == (start.strftime(period), shown(value, kind)), title


# What charts got from Superset, and the same asked of the marts.
ASKED: dict[str, tuple[tuple[str, ...], str]] = {
    "Retained customer rate by acquisition channel, last complete year": (
        ("dimension_value", "retained_customer_rate"),
        """select dimension_value, retained_customer_rate from marts.retention_kpis_by_segment
        where period_grain = 'year' and dimension = 'acquisition_channel' and period_start = date '2025-01-01'""",
    ),
    "Retained customer rate by segment, last complete period": (
        ("dimension_value", "retained_customer_rate"),
        """select dimension_value, retained_customer_rate from marts.retention_kpis_by_segment
        where period_grain = 'month' and dimension = 'acquisition_channel' and period_start = date '2025-12-01'""",
    ),
    "Cohort retention: share of each month's new customers who ordered again so many months later": (
        ("cohort_month", "period_number", "retention_rate"),
        """select strftime(cohort_start, '%Y-%m'), period_number, retention_rate from marts.cohort_retention
        where cohort_grain = 'month' and dimension = 'all' and is_complete and period_number between 1 and 12""",
    ),
    "Customers by lifecycle stage now": (
        ("lifecycle_stage", "customers"),
        "select lifecycle_stage, count(*) from marts.customers group by lifecycle_stage",
    ),
    "Net revenue to date by RFM segment": (
        ("rfm_segment", "net_revenue_to_date"),
        "select rfm_segment, sum(net_revenue)::double from marts.customers group by rfm_segment",
    ),
}


class TestInABrowser:
    pytestmark = needs_superset

    def test_the_dashboard_shows_the_figures_of_the_marts(self, chromium: Browser, served: Served) -> None:
        seen = Seen()
        page = logged_in(chromium, served, seen)
        compared = set()
        for tab in TABS:
            open_tab(page, tab)
            assert page.locator("[role=alert]").count() == 0
            if tab == "Overview":
                assert_tiles(page, served.published)
            for name, (columns, query) in ASKED.items():
                if chart(page, name).count() and chart(page, name).is_visible():
                    got = seen.charts[chart(page, name).get_attribute("data-test-chart-id")]
                    wanted = rows(served.published, query)
                    assert len(wanted) > 4
                    assert sorted(tuple(row[column] for column in columns) for row in got) == sorted(wanted), name
                    compared.add(name)
        assert compared == set(ASKED)
        assert (seen.errors, seen.elsewhere) == ([], [])
        assert all(address.startswith(PIXEL) for address in seen.stopped)
        page.context.close()

    def test_filters_ask_again_at_once(self, chromium: Browser, served: Served) -> None:
        """All charts of a tab ask at the same time, from one file."""
        seen = Seen()
        page = logged_in(chromium, served, seen)
        open_tab(page, "Periods and segments")
        for place, chosen in enumerate(("quarter", "country")):
            page.locator("[data-test=form-item-value]").nth(place).click()
            page.locator(f".ant-select-item-option[title={chosen}]").click()
        seen.charts.clear()
        page.locator("[data-test=filter-bar__apply-button]").click()
        page.wait_for_load_state("networkidle")
        open_tab(page, "Periods and segments")
        number = chart(page, "Retained customer rate by segment, last complete period").get_attribute(
            "data-test-chart-id"
        )
        got = sorted((row["dimension_value"], row["retained_customer_rate"]) for row in seen.charts[number])
        query = """select dimension_value, retained_customer_rate from marts.retention_kpis_by_segment
            where period_grain = 'quarter' and dimension = 'country' and period_start = date '2025-10-01'"""
        assert got == sorted(rows(served.published, query)) and len(got) > 2
        assert len(seen.charts) == TABS["Periods and segments"]
        assert (seen.errors, seen.elsewhere) == ([], [])
        page.context.close()

    def test_a_publish_in_between_shows_on_the_next_view(self, chromium: Browser, served: Served) -> None:
        seen = Seen()
        page = logged_in(chromium, served, seen)
        open_tab(page, "Overview")
        kept, newer = (served.published.with_name(name) for name in ("kept.duckdb", "newer.duckdb"))
        shutil.copy(served.published, kept)
        shutil.copy(served.published, newer)
        with duckdb.connect(str(newer)) as connection:
            connection.execute("update marts.retention_kpis set customer_retention_rate = 0.4242 where is_complete")
        newer.replace(served.published)
        page.reload()
        open_tab(page, "Overview")
        tile = chart(page, "Retention rate, month").locator(".header-line")
        assert tile.inner_text() == "42.4%"
        kept.replace(served.published)
        page.reload()
        open_tab(page, "Overview")
        assert_tiles(page, served.published)
        assert (seen.errors, seen.elsewhere) == ([], [])
        page.context.close()

    def test_a_query_reads_the_marts_and_nothing_else(self, chromium: Browser, served: Served) -> None:
        page = logged_in(chromium, served, Seen())
        api = f"{served.address}/api/v1"
        token = page.request.get(f"{api}/security/csrf_token/").json()["result"]
        (database,) = page.request.get(f"{api}/database/").json()["result"]

        def asked(sql: str) -> tuple[bool, str]:
            answer = page.request.post(
                f"{api}/sqllab/execute/",
                data={"database_id": database["id"], "sql": sql, "schema": "marts", "runAsync": False},
                headers={"X-CSRFToken": token, "Referer": served.address},
            )
            return answer.ok, answer.text()

        assert asked("select count(*) as customers from marts.customers")[0]
        for sql, said in {
            f"select * from read_text('{served.home / SECRET_KEY}')": "disabled by configuration",
            f"attach '{served.home / 'other.duckdb'}'": "",
            "delete from marts.customers": "",
            "set enable_external_access = true": "",
        }.items():
            ok, text = asked(sql)
            assert not ok and said in text, (sql, text)
        page.context.close()

    def test_it_is_private_and_listens_on_this_machine_alone(self, served: Served) -> None:
        def mode(path: Path) -> int:
            return stat.S_IMODE(path.stat().st_mode)

        assert mode(served.home) == 0o700
        assert {mode(path) for path in served.home.iterdir()} == {0o600}
        top = psutil.Process(served.process.pid)
        listening = {
            connection.laddr.ip
            for process in [top, *top.children(recursive=True)]
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}

    def test_a_wrong_password_opens_nothing(self, chromium: Browser, served: Served) -> None:
        page = chromium.new_context().new_page()
        page.goto(f"{served.address}/login/")
        page.fill("#username", "admin")
        page.fill("#password", "guessed")
        page.click("button[type=submit]")
        page.wait_for_load_state()
        assert page.request.get(f"{served.address}/api/v1/chart/").status == 401
        page.context.close()

    def test_a_second_start_keeps_password_and_dashboards(
        self, chromium: Browser, served: Served, tmp_path: Path
    ) -> None:
        ready, key = ((served.home / name).read_bytes() for name in (READY, SECRET_KEY))
        port, output = free_port(), tmp_path / "output.txt"
        with started(served.published, port, output, None) as process:
            again = Served(f"http://127.0.0.1:{port}", served.published, served.home, served.password, output, process)
            page = logged_in(chromium, again, Seen())
            open_tab(page, "Overview")
            page.context.close()
        assert "password" not in output.read_text() and "made ready" not in output.read_text()
        assert [(served.home / name).read_bytes() for name in (READY, SECRET_KEY)] == [ready, key]

    def test_what_is_new_is_imported_again(self, chromium: Browser, served: Served, tmp_path: Path) -> None:
        """Another published file, with another currency and another definition: all of it takes the old one's place."""
        newer = served.published.with_name("other.duckdb")
        shutil.copy(served.published, newer)
        with duckdb.connect(str(newer)) as connection:
            connection.execute("update marts.build set reporting_currency = 'CHF'")
            connection.execute("update marts.retention_kpis set average_order_value = 12.5 where is_complete")
            connection.execute("comment on column marts.retention_kpis.net_revenue is 'defined anew'")
        port, output = free_port(), tmp_path / "output.txt"
        with started(newer, port, output, None) as process:
            again = Served(f"http://127.0.0.1:{port}", newer, served.home, served.password, output, process)
            page = logged_in(chromium, again, Seen())
            open_tab(page, "Overview")
            tile = chart(page, "Order value, month").locator(".header-line")
            assert tile.inner_text().replace("\xa0", " ") == "12.50 CHF"
            answer = page.request.get(f"{again.address}/api/v1/dataset/?q=(page_size:50)").json()["result"]
            number = next(dataset["id"] for dataset in answer if dataset["table_name"] == "retention_kpis")
            columns = page.request.get(f"{again.address}/api/v1/dataset/{number}").json()["result"]["columns"]
            assert "defined anew" in [column["description"] for column in columns]
            assert len(page.request.get(f"{again.address}/api/v1/chart/?q=(page_size:100)").json()["result"]) == 27
            page.context.close()

    def test_superset_itself_turned_to_no_other_machine(self, served: Served) -> None:
        """The last of these tests: all that was done above is in the log."""
        if not served.calls.exists():
            pytest.skip("strace is not installed, or not permitted")
        assert elsewhere(served.calls) == set()
