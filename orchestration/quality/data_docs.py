"""The page that shows what the gate found: one file that needs neither a network nor scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from orchestration.quality.suites import SUITES
from stammkunde.files import replaced

if TYPE_CHECKING:
    from orchestration.quality.results import Result

TEMPLATES = Path(__file__).with_name("pages")
# Of each outcome: its sign, its word, and what it means for the build.
OUTCOMES = {
    "failed": ("✕", "failed", "blocks publishing"),
    "warned": ("!", "warned", "is shown and blocks nothing"),
    "accepted": ("◐", "accepted", "failed, and a person let it pass"),
    "passed": ("✓", "passed", "holds"),
    "no_baseline": ("○", "not compared", "there is no published build before to compare with"),
    "off": ("□", "off", "is switched off in the thresholds"),
}
TO_LOOK_AT = ("failed", "warned", "accepted")


def write_data_docs(folder: Path, results: Sequence[Result], facts: Mapping[str, str] | None = None) -> None:
    """Replaces index.html in `folder` by the page of these results; `facts` are shown above them.

    A page that cannot be written leaves the one that was there.
    """
    page = rendered(results, facts or {})
    with replaced(folder / "index.html") as path:
        path.write_text(page, encoding="utf-8")


def rendered(results: Sequence[Result], facts: Mapping[str, str]) -> str:
    """The page. Whatever stands in the data is text there: Jinja escapes it."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    counts = Counter(result.outcome for result in results)
    return environment.get_template("index.html").render(
        outcomes=OUTCOMES,
        counts=[(outcome, counts[outcome]) for outcome in OUTCOMES if counts[outcome] or outcome != "off"],
        failed=counts["failed"],
        facts=facts,
        to_look_at=[result for outcome in TO_LOOK_AT for result in results if result.outcome == outcome],
        suites=by_suite(results),
        asks={name: suite.asks for name, suite in SUITES.items()},
        judged_at=max((result.judged_at for result in results), default=None),
    )


def by_suite(results: Sequence[Result]) -> dict[str, list[Result]]:
    suites: dict[str, list[Result]] = {}
    for result in results:
        suites.setdefault(result.suite, []).append(result)
    return suites
