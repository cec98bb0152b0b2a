"""The Data Docs open without a network, lead nowhere else, and say what every check found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from orchestration.quality.evidence import Evidence
from orchestration.quality.suites import SUITES, Check, Suite, Table
from orchestration.quality.thresholds import Threshold, load_thresholds
from tests.conftest import PROJECT

HOSTILE = """x<img src=//elsewhere.example/a onerror=alert(1)>&"'$check${{ 7 * 7 }}"""
DAYS = [date(2024, 5, day) for day in range(1, 32)]


def pairs() -> Suite:
    """Two columns that should be equal."""
    import pandas as pd

    frame = pd.DataFrame({"day": pd.to_datetime(DAYS), "left": range(31), "right": [None] + [0.5] * 30})
    check = Check("left_is_right", "left", "Left is right", "{day}: {left} is not {right}", equals="right")
    unasked = Check("unasked", "left", "Nobody asked <b>this</b>", "")
    return Suite("pairs", (Table("days", ("day",), lambda _: frame, (check, unasked)),))


@dataclass
class Docs:
    folder: Path
    results: list = field(default_factory=list)

    def pages(self) -> dict[str, Page]:
        return {str(path.relative_to(self.folder)): Page(path) for path in sorted(self.folder.rglob("*.html"))}


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
                self.ids.add(value)
            elif name == "style":
                self.styles += f"{value}\n"

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.styles += data
        else:
            self.text += data

    def links(self) -> list[str]:
        return [value for tag, name, value in self.attributes if name == "href" and tag == "a"]


def evidence() -> Evidence:
    now = [
        {
            "entity": "orders",
            "rows": 100,
            "malformed_rows": 0,
            "first_date": date(2024, 1, 5),
            "last_date": date(2024, 5, 1),
        },
        {"entity": HOSTILE, "rows": 3, "malformed_rows": 0, "first_date": None, "last_date": None},
    ]
    before = [
        {
            "entity": "orders",
            "rows": 100,
            "malformed_rows": 0,
            "first_date": date(2024, 1, 5),
            "last_date": date(2024, 5, 1),
        },
        {"entity": HOSTILE, "rows": 30, "malformed_rows": 0, "first_date": None, "last_date": None},
        {"entity": "refunds", "rows": 30, "malformed_rows": 0, "first_date": None, "last_date": None},
    ]
    return Evidence(now, before, date(2024, 5, 2))


def judged(folder: Path) -> Docs:
    from orchestration.quality.gate import judge

    thresholds = {
        "raw": load_thresholds()["raw"],
        "pairs": {"left_is_right": Threshold("fail"), "unasked": Threshold("off")},
    }
    return Docs(folder, judge(["raw", "pairs"], evidence(), thresholds, docs=folder))


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docs]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(SUITES, "pairs", pairs)
        yield judged(tmp_path_factory.mktemp("quality") / "data_docs")


def test_paths_are_short_and_stable(docs: Docs) -> None:
    tables = ("pairs.days", "raw.entities", "raw.freshness", "raw.lines", "raw.orders", "raw.other_entities")
    files = {str(path.relative_to(docs.folder)) for path in docs.folder.rglob("*") if path.is_file()}
    assert files == {"index.html"} | {
        f"{folder}/{table}.html" for folder in ("suites", "validations") for table in tables
    }
    assert [path.name for path in docs.folder.parent.iterdir()] == ["data_docs"]


def test_no_page_asks_another_host(docs: Docs) -> None:
    for name, page in docs.pages().items():
        assert not page.tags & {"script", "img", "iframe", "object", "embed", "base", "form"}, name
        for tag, attribute, value in page.attributes:
            assert not attribute.startswith("on"), (name, tag, attribute)
            if attribute in ("src", "href", "srcset", "action", "poster", "data"):
                assert not re.match(r"\s*([a-z+.-]+:)?//|javascript:", value, re.IGNORECASE), (name, tag, value)
        assert not re.search(r"@import|url\(|https?:", page.styles), name
        policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        assert any(attribute == "content" and value.startswith(policy) for _, attribute, value in page.attributes), name


def test_every_link_leads_somewhere(docs: Docs) -> None:
    pages = docs.pages()
    by_path = {page.path.resolve(): page for page in pages.values()}
    for name, page in pages.items():
        assert page.links(), name
        for link in page.links():
            file, _, anchor = link.partition("#")
            target = by_path.get((page.path.parent / file).resolve() if file else page.path.resolve())
            assert target, (name, link)
            assert not anchor or anchor in target.ids, (name, link)


def test_the_index_shows_every_result(docs: Docs) -> None:
    from orchestration.quality.data_docs import OUTCOMES

    index = docs.pages()["index.html"]
    assert {result.outcome for result in docs.results} == {"passed", "warned", "failed", "off"}
    for result in docs.results:
        for shown in (result.explanation, result.observed or "", result.expected, result.check_name):
            assert " ".join(shown.split()) in index.text
        assert f"{result.suite}.{result.check_name}" in index.ids
    for outcome, (sign, word, _) in OUTCOMES.items():
        count = sum(result.outcome == outcome for result in docs.results)
        assert f"{count} {sign} {word}" in index.text
    assert f"{docs.results[-1].judged_at:%Y-%m-%d at %H:%M} UTC" in index.text
    assert "2 checks block publishing." in index.text
    assert "validations/raw.other_entities.html" in index.links()
    assert "suites/raw.other_entities.html" in index.links()


def test_the_page_of_a_failing_check_shows_the_keys_of_its_rows(docs: Docs) -> None:
    pages = docs.pages()
    assert "entity is_missing refunds 1" in pages["validations/raw.entities.html"].text
    others = pages["validations/raw.other_entities.html"].text
    assert f"entity rows_ratio refunds 0 {HOSTILE} 0.1" in others
    days = pages["validations/pairs.days.html"].text
    assert "left_is_right: 31 rows break it, the first 20 are day left right" in days
    assert "2024-05-01 0 nothing 2024-05-02 1 0.5" in days
    assert "2024-05-20" in days
    assert "2024-05-21" not in days
    assert "✕ failed" in days
    assert "✓ passed" in pages["validations/raw.freshness.html"].text


def test_the_page_of_a_suite_says_what_its_checks_mean(docs: Docs) -> None:
    page = docs.pages()["suites/raw.orders.html"]
    assert "values must be greater than or equal to 0.85." in page.text
    assert "The export of orders has not shrunk" in page.text


def test_no_page_holds_a_path_of_the_machine(docs: Docs, tmp_path: Path) -> None:
    import great_expectations
    import pandas as pd

    from orchestration.quality.data_docs import write_data_docs
    from orchestration.quality.gate import validate

    # What cannot be compared raises in Great Expectations, which keeps the traceback.
    check = Check("order", "letter", "Letters are numbers", "no")
    table = Table("letters", ("letter",), lambda _: None, (check,))
    frame = pd.DataFrame({"letter": ["a", "b"]})
    passed, context = validate([(Suite("odd", (table,)), table, frame, {check: Threshold("fail", min=1.0)})])
    assert passed == {("odd", "order"): False}
    odd = Docs(tmp_path / "docs")
    write_data_docs(context, odd.folder, [])
    assert "exception" in odd.pages()["validations/odd.letters.html"].text
    machine = (str(PROJECT), str(Path(great_expectations.__file__).parent), str(tmp_path), str(docs.folder), "/tmp/")
    for page in [*docs.pages().values(), *odd.pages().values()]:
        assert not any(path in page.source for path in machine), page.path


def test_a_crash_leaves_the_earlier_pages(docs: Docs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration.quality import data_docs

    monkeypatch.setitem(SUITES, "pairs", pairs)
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "index.html").write_text("earlier", encoding="utf-8")

    def crash(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="no space left"):
        patched.setattr(data_docs, "index_content", crash)
        judged(folder)
    assert [path.name for path in folder.iterdir()] == ["index.html"]
    assert (folder / "index.html").read_text(encoding="utf-8") == "earlier"

    # The next write clears what was left, and takes back pages that a crash had moved aside.
    folder.rename(tmp_path / "docs.earlier")
    with monkeypatch.context() as patched, pytest.raises(OSError, match="no space left"):
        patched.setattr(data_docs, "write_pages", crash)
        judged(folder)
    assert (folder / "index.html").read_text(encoding="utf-8") == "earlier"
    judged(folder)
    assert "Quality checks" in (folder / "index.html").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["docs"]


def test_a_page_that_cannot_be_rendered_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration.quality import data_docs

    monkeypatch.setitem(SUITES, "pairs", pairs)
    monkeypatch.setattr(data_docs, "broken_rows", None)  # Great Expectations logs what a page raises, and goes on
    with pytest.raises(data_docs.DataDocsError, match=r"the page of pairs\.days in validations could not be rendered"):
        judged(tmp_path / "docs")
    assert not (tmp_path / "docs").exists()
