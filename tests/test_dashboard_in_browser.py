"""Dashboard and report as people see them: in a real browser, as wide as a laptop and a phone, in both languages."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from reports import actions, audit, overview
from reports.events import KINDS
from reports.glossary import Glossary
from reports.language import Language
from reports.questions import (
    Question,
    actions_by_rule,
    answer,
    at_risk,
    first_purchases,
    glossary,
    kpis,
    nps,
    provenance,
    retention_audit,
    rfm_cells,
    subscriber_cohorts,
    subscriptions,
    support,
)
from reports.questions import outlook as questions_of_outlook
from reports.report import write_report
from tests.browser import CHROMIUM, wait_for_answer
from tests.conftest import PROJECT, Build
from tests.published import predict, published_copy

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Download, Locator, Page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian: apt-get install chromium)")

# A choice of each page, and what it writes into the address.
CHOSEN = {
    "overview": ("Quartal", "grain=quarter"), "cohorts": ("Quartal", "grain=quarter"),
    "lifecycle": ("Alle Kunden", "flow=all"), "customers": ("wer zuerst verloren geht", "order=by_days"),
    "economics": ("zwölf Monate", "span=12"), "feedback": ("Quartal", "grain=quarter"),
    "products": ("Produkt", "level=product"), "quality": ("Jahr", "grain=year"),
}  # fmt: skip
PATIENCE = 60  # seconds after which something that is waited for will not come
# Seconds from opening a page to its first figures: 3 are wanted, but other tests may share the machine.
FAR_TOO_LONG = 15
WIDTHS = {"laptop": (1366, 768), "phone": (390, 844)}
LANGUAGES = {"de": Language("de"), "en": Language("en")}
PAGES = {
    "overview": "/",
    "cohorts": "/cohorts",
    "lifecycle": "/lifecycle",
    "customers": "/customers",
    "economics": "/economics",
    "feedback": "/feedback",
    "products": "/products",
    "outlook": "/outlook",
    "actions": "/actions",
    "audit": "/audit",
    "quality": "/quality",
}
# How many a page has at least.
CHARTS = {
    "overview": 4, "cohorts": 4, "lifecycle": 12, "customers": 3, "economics": 7, "feedback": 9, "products": 3,
    "outlook": 4, "actions": 2, "audit": 1, "quality": 1,
}  # fmt: skip
FIGURES = ".sk-card, .sk-grid, .sk-said"  # the first that a page shows
CONTROLS = (
    "main button, main input, main summary, section[data-testid=stSidebar] a, section[data-testid=stSidebar] button"
)
CHART = "[data-testid=stPlotlyChart]"
FITS = "(main => main.scrollWidth <= main.clientWidth)(document.querySelector('[data-testid=stMain]'))"
# Where a page other than the first is opened by its address, Streamlit first asks below it where its server is.
PROBES = re.compile(rf"/({'|'.join(PAGES)})/_stcore/(health|host-config)$")


@dataclass
class Seen:
    """What a page did besides showing itself."""

    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Served:
    address: str
    published: Path


@pytest.fixture(scope="module")
def served(sample: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The dashboard of a published file, started as a user starts it."""
    folder = tmp_path_factory.mktemp("dashboard")
    published = folder / "published" / "retention.duckdb"
    published.parent.mkdir()
    published_copy(sample.warehouse, published)
    predict(published)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "STAMMKUNDE_WAREHOUSE": str(folder / "warehouse.duckdb"),
        "STAMMKUNDE_PUBLISHED": str(published),
        "HOME": str(folder),  # nobody's own settings of Streamlit
    }
    command = [sys.executable, "-m", "cli", "dashboard", "--port", str(port)]
    with (folder / "output.txt").open("w") as output:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_for_answer(f"http://127.0.0.1:{port}/_stcore/health", process, folder / "output.txt")
        yield Served(f"http://127.0.0.1:{port}", published)
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def opened(chromium: Browser, served: Served, path: str, size: tuple[int, int], seen: Seen) -> Page:
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, locale="fr-FR", color_scheme="dark")
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)

    def heard(message: Any) -> None:
        if message.type in ("error", "warning") and not PROBES.search(message.location.get("url", "")):
            seen.errors.append(f"{message.text} {message.location}")

    def asked(request: Any) -> None:
        if not request.url.startswith((served.address, served.address.replace("http", "ws"), "data:", "blob:")):
            seen.elsewhere.append(request.url)

    page.on("console", heard)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", asked)
    page.goto(served.address + path)
    return page


# The page may be made a second time at once, as what was chosen is written into the address: it is finished when it was
# not being made for a second.
AT_REST = """() => {
    if (!document.querySelector('[data-testid=stApp][data-test-script-state=notRunning]')) {
        window.restingSince = undefined;
        return false;
    }
    window.restingSince ??= performance.now();
    return performance.now() - window.restingSince > 1000;
}"""


def finished(page: Page, name: str) -> None:
    """Until the page is made to its end, and every chart is drawn."""
    drawn = f"all.length >= {CHARTS[name]} && all.every(one => one.querySelector('svg'))"
    page.wait_for_function(f"(all => {drawn})([...document.querySelectorAll('{CHART}')])")
    page.wait_for_function(AT_REST)


# One of each page is quick; together they have both widths and both languages.
QUICK = (
    ("overview", "laptop", "de"), ("cohorts", "phone", "en"), ("lifecycle", "phone", "de"),
    ("customers", "laptop", "en"), ("economics", "phone", "en"), ("feedback", "phone", "de"),
    ("products", "laptop", "de"), ("quality", "phone", "de"),
    ("audit", "phone", "de"), ("outlook", "phone", "en"), ("actions", "phone", "de"),
)  # fmt: skip


WITH_KEYS = ("overview", "customers", "actions")  # choices, a list with links, a page without choices
REPORTS = (("laptop", "en"), ("phone", "de"))
STORIES = (("laptop", "de"), ("phone", "en"))


@pytest.mark.parametrize(
    ("name", "width", "code"),
    [
        pytest.param(*one, id="-".join(one), marks=() if one in QUICK else pytest.mark.long)
        for one in product(PAGES, WIDTHS, LANGUAGES)
    ],
)
def test_a_page_shows_figures_fits_and_asks_nobody(
    chromium: Browser, served: Served, name: str, width: str, code: str
) -> None:
    seen, language = Seen(), LANGUAGES[code]
    started = time.monotonic()
    page = opened(chromium, served, f"{PAGES[name]}?lang={code}", WIDTHS[width], seen)
    page.wait_for_selector(FIGURES)
    took = time.monotonic() - started
    finished(page, name)
    assert page.locator("html").get_attribute("lang") == code
    assert page.locator("h1").inner_text() == language.say(f"{name}.title")
    assert_figures(page, name, served.published, language)
    assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0
    assert page.evaluate(FITS), "nothing is cut off at the side"
    charts = page.locator(CHART).count()
    assert charts >= CHARTS[name]
    assert page.locator(f"{CHART}[aria-label], {CHART} [aria-label]").count() == charts, "a chart without words"
    assert seen == Seen()
    assert took < FAR_TOO_LONG
    page.context.close()


def assert_figures(page: Page | Locator, name: str, published: Path, language: Language) -> None:
    if name == "overview":
        latest = overview.complete(answer(published, kpis("month")))[-1]
        terms = Glossary(answer(published, glossary()), language)
        for kpi in overview.MEASURES:
            card = page.locator(f'[data-kpi="{kpi}"]')
            assert card.locator(".sk-value").inner_text() == language.value(latest[kpi], terms.term(kpi).unit, "EUR")
            assert terms.term(kpi).name in card.inner_text()
        return
    if name == "lifecycle":
        rows = answer(
            published,
            Question(
                "retention_kpis",
                """
                select period_start, churned_customers + new_customers_lost as lost, reactivated_customers as back
                from marts.retention_kpis where period_grain = 'month' and is_complete
                order by period_start desc limit 2
                """,
            ),
        )
        became = language.say("lifecycle.slipped")
        text = page.locator(".sk-said", has_text=became).inner_text()
        assert language.period("month", rows[0]["period_start"]) in text
        for row in rows:
            assert {language.number(row["lost"]), language.number(row["back"])} <= set(re.findall(r"[\d.,]*\d", text))
        return
    if name == "customers":
        total = answer(published, at_risk())[0]
        text = page.locator(".sk-said").first.inner_text()
        assert language.number(total["customers"]) in text and language.money(total["net_revenue"], "EUR", 0) in text
        cells = page.locator(".sk-rfm td b").all_inner_texts()
        assert cells == [language.number(row["customers"]) for row in answer(published, rfm_cells())]
        return
    if name == "economics":
        latest = overview.complete(answer(published, subscriptions()))[-1]
        assert page.locator('[data-kpi="mrr_at_end"] .sk-value').inner_text() == language.money(
            latest["mrr_at_end"], "EUR"
        )
        sizes = [cell.strip() for cell in page.locator(".sk-grid .sk-size").all_inner_texts()]
        cohorts = [row for row in answer(published, subscriber_cohorts()) if row["period_number"] == 0][-12:]
        assert sizes == [language.number(row["cohort_subscribers"]) for row in cohorts]
        return
    if name == "actions":
        said = page.locator(".sk-said").first.inner_text()
        rows = answer(published, actions_by_rule())
        assert all(sentence in said for sentence in actions.sentences_of_today(rows, language))
        return
    if name == "audit":
        said = page.locator(".sk-said").first.inner_text()
        assert all(sentence in said for sentence in audit.sentences(answer(published, retention_audit()), language))
        return
    if name == "outlook":
        total = answer(published, questions_of_outlook())[0]
        orders = page.locator('[data-kpi="expected_orders_90d"] .sk-value').inner_text()
        assert orders == language.number(total["expected_orders_90d"])
        return
    if name == "feedback":
        latest = overview.complete(answer(published, nps("month")))[-1]
        text = page.locator(".sk-said").first.inner_text()
        said = (f"NPS {language.number(latest['nps'])},", language.period("month", latest["period_start"]))
        assert all(part in text for part in said)
        replied = overview.complete([row for row in answer(published, support("month")) if row["channel"] == "all"])[-1]
        minutes = language.value(replied["median_first_reply_minutes"], "minutes")
        assert page.locator('[data-kpi="median_first_reply_minutes"] .sk-value').inner_text() == minutes
        return
    if name == "products":
        everybody = answer(published, first_purchases("category"))[0]
        text = page.locator(".sk-said").first.inner_text()
        assert language.percent(everybody["second_order_rate_90d"]) in text
        assert language.number(everybody["mature_customers"]) in text
        return
    if name == "quality":
        build = answer(published, provenance())[0]
        text = page.locator(".sk-said").first.inner_text()
        for column in ("raw_order_rows", "orders", "customers"):
            assert language.number(build[column]) in text
        return
    rows = answer(
        published,
        Question(
            "cohort_retention",
            """
            select retention_rate from marts.cohort_retention
            where cohort_grain = 'month' and dimension = 'all'
            qualify dense_rank() over (order by cohort_start desc) = 5
            order by period_number
            """,
        ),
    )
    cells = page.locator(".sk-grid").first.locator("tbody tr").nth(-6).locator(".sk-cell").all_inner_texts()
    digits = [re.sub(r"\D", "", cell.split("\n")[0]) for cell in cells]
    assert digits == [re.sub(r"\D", "", language.percent(row["retention_rate"], 0)) for row in rows]


@pytest.mark.parametrize(
    ("width", "code"),
    [
        pytest.param(*one, id="-".join(one), marks=() if one in REPORTS else pytest.mark.long)
        for one in product(WIDTHS, LANGUAGES)
    ],
)
def test_the_report_shows_figures_fits_and_asks_nobody(
    chromium: Browser, served: Served, tmp_path: Path, width: str, code: str
) -> None:
    """As it is opened from a mail: one file, no server."""
    write_report(served.published, tmp_path / "report.html", code)
    seen = Seen()
    page = opened(chromium, Served(tmp_path.as_uri(), served.published), "/report.html", WIDTHS[width], seen)
    page.wait_for_function(
        "(all => all.length > 5 && all.every(one => one.querySelector('svg')))"
        "([...document.querySelectorAll('.sk-plot')])"
    )
    assert page.locator("html").get_attribute("lang") == code
    assert_figures(page.locator("section").first, "overview", served.published, LANGUAGES[code])
    assert_figures(page, "cohorts", served.published, LANGUAGES[code])
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.locator(".sk-plot[role=img][aria-label]").count() == page.locator(".sk-plot").count()
    folded = page.locator("details").first
    folded.locator("summary").focus()
    page.keyboard.press("Enter")
    assert folded.locator("table").is_visible()
    assert seen == Seen()
    page.context.close()


def test_a_publish_in_between_changes_the_figures(chromium: Browser, served: Served) -> None:
    seen = Seen()
    page = opened(chromium, served, "/?lang=en", WIDTHS["laptop"], seen)
    card = page.locator('[data-kpi="customers_at_end"] .sk-value')
    before = card.inner_text()
    kept = served.published.with_name("kept.duckdb")
    newer = served.published.with_name("newer.duckdb")
    shutil.copy(served.published, kept)
    shutil.copy(served.published, newer)
    with duckdb.connect(str(newer)) as connection:
        connection.execute("update marts.retention_kpis set customers_at_end = 4242")
    newer.replace(served.published)
    page.get_by_role("radio", name="Quarter").click()  # any view after the publish
    page.wait_for_function("document.querySelector('[data-kpi=customers_at_end] .sk-value').innerText === '4,242'")
    kept.replace(served.published)
    page.get_by_role("radio", name="Month").click()
    page.wait_for_function(f"document.querySelector('[data-kpi=customers_at_end] .sk-value').innerText === {before!r}")
    assert seen == Seen()
    page.context.close()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in WITH_KEYS else pytest.mark.long) for name in PAGES]
)
def test_the_keyboard_reaches_every_control(chromium: Browser, served: Served, name: str) -> None:
    page = opened(chromium, served, f"{PAGES[name]}?lang=de", WIDTHS["laptop"], Seen())
    page.wait_for_selector(FIGURES)
    finished(page, name)
    # Of the options of one choice the keyboard reaches one; arrows lead to the others. The arrow that folds the sidebar
    # is there for the mouse alone.
    page.evaluate(
        """controls => [...document.querySelectorAll(controls)]
            .filter(one => one.checkVisibility() && one.tabIndex >= 0)
            .filter(one => !one.closest('[data-testid=stSidebarCollapseButton]'))
            .forEach((one, place) => {
                const group = one.closest('[role=radiogroup]');
                one.dataset.control = group ? group.ariaLabel : place + one.innerText.slice(0, 20);
            })""",
        CONTROLS,
    )
    wanted = set(page.evaluate("[...document.querySelectorAll('[data-control]')].map(one => one.dataset.control)"))
    assert len(wanted) > 8
    reached = set()
    for _ in range(3 * len(wanted) + 40):
        if wanted <= reached:
            break
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.dataset.control"))
    assert wanted <= reached
    if name in CHOSEN:  # actions and the audit have no choice of a few options
        before = page.url
        option, written = CHOSEN[name]
        page.get_by_role("radio", name=option).focus()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(written))
        assert page.url != before
    page.context.close()


def test_a_hint_opens_for_mouse_and_keyboard(chromium: Browser, served: Served) -> None:
    page = opened(chromium, served, "/?lang=de", WIDTHS["laptop"], Seen())
    finished(page, "overview")
    term = page.locator('[data-kpi="customer_churn_rate"] .sk-term')
    hint = term.locator(".sk-tip")
    term.hover()
    assert hint.is_visible()
    page.mouse.move(0, 0)
    assert not hint.is_visible()
    term.focus()
    assert hint.is_visible()
    assert "Anteil der Kunden" in hint.inner_text()
    page.context.close()


def test_a_table_downloads_as_csv(chromium: Browser, served: Served, tmp_path: Path) -> None:
    page = opened(chromium, served, "/?lang=de&grain=year", WIDTHS["laptop"], Seen())
    page.wait_for_selector(".sk-card")
    finished(page, "overview")
    page.locator("summary").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Als CSV laden").first.click()
    file = tmp_path / "file.csv"
    download.value.save_as(file)
    head, *lines = file.read_text(encoding="utf-8-sig").splitlines()
    assert head.startswith("Jahr;") and download.value.suggested_filename.startswith("kpis_year_")
    years = answer(served.published, kpis("year"))
    assert len(lines) == len(years)
    assert lines[1].split(";")[-1] == str(years[-2]["customers_at_end"])
    page.context.close()


def downloaded_again_if_cleared_away(page: Page, button: str) -> Download:
    """A file that is made at the click may be cleared away when another page ends just then: a second click gets it."""
    from playwright.sync_api import TimeoutError as NothingCameError

    for patience in (PATIENCE / 4, PATIENCE):
        try:
            with page.expect_download(timeout=patience * 1000) as download:
                page.get_by_role("button", name=button).first.click()
            return download.value
        except NothingCameError:
            continue
    raise AssertionError("nothing was downloaded")


@pytest.mark.parametrize(
    ("width", "code"),
    [
        pytest.param(*one, id="-".join(one), marks=() if one in STORIES else pytest.mark.long)
        for one in product(WIDTHS, LANGUAGES)
    ],
)
def test_the_story_of_one_customer_fits_and_downloads_whole(
    chromium: Browser, served: Served, tmp_path: Path, width: str, code: str
) -> None:
    seen, language = Seen(), LANGUAGES[code]
    (longest,) = answer(
        served.published,
        Question(
            "customer_events",
            "select customer_id, count(*) as events from marts.customer_events "
            "group by customer_id order by count(distinct event_group) desc, events desc, customer_id limit 1",
        ),
    )
    page = opened(chromium, served, f"/customers?lang={code}&customer={longest['customer_id']}", WIDTHS[width], seen)
    page.get_by_role("heading", name=language.say("events.title")).wait_for()
    page.wait_for_function(AT_REST)
    assert page.evaluate(FITS), "nothing is cut off at the side"
    chart = page.locator(
        f"{CHART}[aria-label*='{longest['customer_id']}'], {CHART} [aria-label*='{longest['customer_id']}']"
    )
    page.locator(CHART).last.locator(".ytick text").first.wait_for()  # charts come after the figures
    lanes = {text.strip() for text in page.locator(CHART).last.locator(".ytick text").all_text_contents()}
    assert lanes == {language.say(f"events.kind.{kind}") for kind in KINDS}
    assert chart.count() == 1
    table = page.locator("table", has_text=language.say("events.what"))
    assert table.locator("tbody tr").count() == 15
    with page.expect_download() as download:
        page.get_by_role("button", name=language.say("common.download")).last.click()
    file = tmp_path / "file.csv"
    download.value.save_as(file)
    _, *lines = file.read_text(encoding="utf-8-sig").splitlines()
    assert download.value.suggested_filename.startswith("events_") and len(lines) == longest["events"]
    assert seen == Seen()
    page.context.close()


def test_the_list_of_those_nearly_lost_downloads_whole(chromium: Browser, served: Served, tmp_path: Path) -> None:
    page = opened(chromium, served, "/customers?lang=de", WIDTHS["laptop"], Seen())
    page.wait_for_selector(FIGURES)
    finished(page, "customers")
    shown = page.locator("tbody").first.locator("tr").count()
    download = downloaded_again_if_cleared_away(page, "Als CSV laden")
    file = tmp_path / "file.csv"
    download.save_as(file)
    _, *lines = file.read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == answer(served.published, at_risk())[0]["customers"] > shown
    page.context.close()
