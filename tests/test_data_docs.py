"""The page of the checks opens without a network, leads nowhere else, and says what every check found."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from orchestration.quality import data_docs
from orchestration.quality.checks import Check, Suite, Table
from orchestration.quality.data_docs import OUTCOMES, TEMPLATES, write_data_docs
from orchestration.quality.evidence import Evidence, Noted, gathered
from orchestration.quality.gate import judge
from orchestration.quality.results import Acceptance, Result
from orchestration.quality.suites import SUITES
from orchestration.quality.thresholds import Threshold, load_thresholds
from tests.conftest import PROJECT

HOSTILE = """x<script>alert(1)</script><img src=//elsewhere.example/a onerror=alert(1)>&"'{{ 7 * 7 }}"""
DAYS = [date(2024, 5, day) for day in range(1, 32)]
FACTS = {"Build": "20240502T050000Z-1234", "Compared with": f"a build of {HOSTILE}"}


class Orders:
    """Evidence of a suite of its own: 31 days whose order ids are hostile."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence

    def aggregate(self, suite: str, table: Table):
        import pandas as pd

        if suite != "late":
            return self.evidence.aggregate(suite, table)
        return pd.DataFrame({"day": pd.to_datetime(DAYS), "late_share": [0.0, *range(1, 31)], "order_ids": HOSTILE})


LATE = Suite(
    "late",
    "Do orders <b>come</b> in time?",
    (
        Table(
            "days",
            ("day",),
            (
                Check("late_orders", "late_share", "Few orders are late", "{day}: {order_ids} are late"),
                Check("accepted_orders", "late_share", "Some orders are late", "{day}: {order_ids}"),
                Check("unasked", "late_share", "Nobody asked <b>this</b>", ""),
            ),
        ),
    ),
)


@dataclass
class Docs:
    folder: Path
    results: list[Result] = field(default_factory=list)

    def page(self) -> Page:
        return Page(self.folder / "index.html")


class Page(HTMLParser):
    """A page as a browser reads it: its elements with their attributes, its text and its styles."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.tags, self.attributes, self.ids = path, set(), [], set()
        self.text, self.styles, self._in_style = "", "", False
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._in_style = tag == "style"
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                assert value not in self.ids, value
                self.ids.add(value)
            elif name == "style":
                self.styles += f"{value}\n"

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.styles += data
        else:
            self.text += f" {data}"

    def links(self) -> list[str]:
        return [value for tag, name, value in self.attributes if name == "href" and tag == "a"]


def raw_rows(**rows: int) -> list[dict[str, object]]:
    none = {"malformed_rows": 0, "first_date": None, "last_date": None}
    dates = {"first_date": date(2024, 1, 5), "last_date": date(2024, 5, 1)}
    return [{"entity": "orders", "rows": 100, **none, **dates}] + [
        {"entity": HOSTILE if entity == "hostile" else entity, "rows": count, **none} for entity, count in rows.items()
    ]


def judged() -> list[Result]:
    thresholds = {
        "raw": load_thresholds()["raw"],
        "late": {
            "late_orders": Threshold("fail", None, 0.5),
            "accepted_orders": Threshold("fail", None, 29.5),
            "unasked": Threshold("off"),
        },
    }
    before = raw_rows(hostile=30, refunds=30)
    given = Acceptance("b1", "they are right", frozenset({("late", "accepted_orders")}))
    noted = Noted({"raw_entities": raw_rows(hostile=3)}, {"raw_entities": before})
    with gathered(noted, date(2024, 5, 2)) as evidence:
        return judge(["raw", "late"], Orders(evidence), thresholds, given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docs]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(SUITES, "late", LATE)
        written = Docs(tmp_path_factory.mktemp("quality") / "data_docs", judged())
        write_data_docs(written.folder, written.results, FACTS)
        yield written


def test_it_is_one_file_and_stays_where_it_is(docs: Docs) -> None:
    assert [path.name for path in docs.folder.parent.rglob("*")] == ["data_docs", "index.html"]


def test_the_page_asks_no_other_host_and_runs_nothing(docs: Docs) -> None:
    page = docs.page()
    assert not page.tags & {"script", "img", "iframe", "object", "embed", "base", "form"}
    for tag, attribute, value in page.attributes:
        assert not attribute.startswith("on"), (tag, attribute)
        if attribute in ("src", "href", "srcset", "action", "poster", "data"):
            assert not re.match(r"\s*([a-z+.-]+:)?//|javascript:", value, re.IGNORECASE), (tag, value)
    assert not re.search(r"@import|url\(|https?:", page.styles)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert any(attribute == "content" and value.startswith(policy) for _, attribute, value in page.attributes)


def test_what_stands_in_the_data_is_text(docs: Docs) -> None:
    """A script in an order id, an entity and a fact; also in the words of a suite and a check."""
    page = docs.page()
    hostile = " ".join(HOSTILE.split())
    assert f"2024-05-31: {hostile} are late" in page.text
    assert f"a build of {hostile}" in page.text
    assert f"{hostile} 3 30 10 %" in page.text
    assert "Do orders <b>come</b> in time?" in page.text
    assert "Nobody asked <b>this</b>" in page.text
    assert "<script" not in page.source


def test_every_link_leads_somewhere(docs: Docs) -> None:
    page = docs.page()
    assert len(page.links()) > 5
    for link in page.links():
        assert link.startswith("#"), link
        assert link[1:] in page.ids, link


def test_the_page_shows_every_result(docs: Docs) -> None:
    page = docs.page()
    assert {result.outcome for result in docs.results} == {
        "passed", "warned", "failed", "accepted", "no_baseline", "off",
    }  # fmt: skip
    for result in docs.results:
        for shown in (result.explanation, result.asks, result.observed or "", result.expected, result.check_name):
            assert " ".join(shown.split()) in page.text
        assert f"{result.suite}.{result.check_name}" in page.ids
    for suite in ("raw", "late"):
        assert SUITES[suite].asks in page.text if suite in SUITES else suite in page.ids
    for outcome, (sign, word, meaning) in OUTCOMES.items():
        count = sum(result.outcome == outcome for result in docs.results)
        assert f"{count} {sign} {word}" in page.text
        assert f"{sign} {word} {meaning}" in page.text
    assert f"{docs.results[-1].judged_at:%Y-%m-%d at %H:%M} UTC" in page.text
    assert "2 checks block publishing" in page.text
    assert "Build 20240502T050000Z-1234" in page.text


def test_what_did_not_pass_shows_the_rows_that_break_it(docs: Docs) -> None:
    text = docs.page().text
    assert "1 row breaks it: entity rows before is missing refunds 30 1" in text
    hostile = " ".join(HOSTILE.split())
    assert f"entity rows rows before rows ratio refunds 0 30 0 % {hostile} 3 30 10 %" in text
    assert "30 rows break it; the worst 20 are: day order ids late share" in text
    assert f"2024-05-31 {hostile} 30 2024-05-30 {hostile} 29" in text
    assert "2024-05-12" in text
    assert "2024-05-11" not in text


def test_a_sound_refresh_says_that_nothing_blocks(docs: Docs, tmp_path: Path) -> None:
    sound = [result for result in docs.results if result.outcome == "passed"]
    write_data_docs(tmp_path, sound)
    text = Docs(tmp_path).page().text
    assert "Nothing blocks publishing" in text
    assert "To look at" not in text
    write_data_docs(tmp_path, [])
    assert "Nothing was judged" in Docs(tmp_path).page().text


def test_a_check_that_could_not_judge_is_shown_without_rows(docs: Docs, tmp_path: Path) -> None:
    broken = replace(docs.results[0], outcome="failed", observed=None, worst=None, explanation="raw.a could not judge")
    write_data_docs(tmp_path, [broken])
    text = Docs(tmp_path).page().text
    assert "1 check blocks publishing" in text
    assert "raw.a could not judge Observed nothing" in text


def test_the_page_holds_no_path_of_the_machine(docs: Docs) -> None:
    for path in (str(PROJECT), str(docs.folder), "/tmp/", sys.prefix):
        assert path not in docs.page().source


def test_a_crash_leaves_the_earlier_page(docs: Docs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "docs"
    write_data_docs(folder, docs.results)
    earlier = (folder / "index.html").read_text(encoding="utf-8")

    def crash(*_: object, **__: object) -> None:
        raise OSError("no space left")

    for patched_in, name in ((data_docs, "rendered"), (Path, "replace")):
        with monkeypatch.context() as patched, pytest.raises(OSError, match="no space left"):
            patched.setattr(patched_in, name, crash)
            write_data_docs(folder, [])
        assert (folder / "index.html").read_text(encoding="utf-8") == earlier
    write_data_docs(folder, [])  # and takes over what the crash left
    assert [path.name for path in folder.iterdir()] == ["index.html"]
    assert "Nothing was judged" in (folder / "index.html").read_text(encoding="utf-8")


def test_the_page_needs_nothing_of_great_expectations() -> None:
    program = (
        "import sys, orchestration.quality.data_docs; "
        "print(sorted({'great_expectations', 'pandas', 'orchestration.quality.gate'} & set(sys.modules)))"
    )
    finished = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert finished.stdout == "[]\n"


# Colours: nothing is told by them alone, and all text can be read


def themes() -> dict[str, dict[str, str]]:
    """The named colours of the light and the dark page and of paper."""
    blocks = re.findall(r":root \{(.*?)\}", (TEMPLATES / "style.css").read_text(encoding="utf-8"), re.DOTALL)
    light, dark, paper = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in blocks)
    return {"light": light, "dark": dark, "paper": paper}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark", "paper"])
def test_all_text_has_enough_contrast(theme: str) -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    colours = themes()[theme]
    assert colours.keys() == themes()["light"].keys()
    pairs = [(text, paper) for text in ("text", "dim", "link") for paper in ("page", "paper", "soft")]
    pairs += [(kind, f"{kind}-soft") for kind in ("passed", "warned", "failed", "accepted", "off")]
    pairs += [("passed", "paper"), ("failed", "paper")]
    for text, paper in pairs:
        assert contrast(colours[text], colours[paper]) >= 4.5, (text, paper)


def test_every_outcome_has_a_sign_of_its_own() -> None:
    assert len({sign for sign, _, _ in OUTCOMES.values()}) == len({word for _, word, _ in OUTCOMES.values()}) == 6
