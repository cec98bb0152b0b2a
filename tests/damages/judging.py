"""The gate of one shop: a published baseline, and refreshes of other exports that are judged against it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestration.quality.thresholds import DEFAULT
from stammkunde.places import Places
from tests.damages.exports import Export
from tests.forks import ForkServer
from tests.refreshes import clean_environment, places_in


@dataclass(frozen=True)
class Answer:
    """What became of one refresh: passed, warned, blocked or failed, and what readers would see."""

    verdict: str
    blocked_by: tuple[str, ...]
    warned_by: tuple[str, ...]
    says: tuple[str, ...]  # what the checks that block say
    figures: Sequence[Sequence[Any]] | None  # period, whether it is complete, retention, revenue and orders
    build_id: str | None

    @property
    def is_caught(self) -> bool:
        return self.verdict in ("blocked", "failed")


class Gate:
    """Refreshes of exports in one folder, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "work"
        self.work.mkdir(parents=True, exist_ok=True)
        self.places: Places = places_in(self.work)
        self.server = ForkServer("tests.damages.refreshing", {**clean_environment(), **self.places.environment()})
        (folder / "thresholds.yml").write_text(yaml.safe_dump(thresholds()), encoding="utf-8")

    def begin(self, shop: str, export: Export) -> Answer:
        """Publish an export as the first of a shop, whole."""
        shutil.rmtree(self.work)
        self.work.mkdir()
        return self.refresh(shop, export, whole=True, publish=True)

    def keep(self, name: str) -> None:
        """Keep the state as it is, to go back to."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        shutil.copytree(self.work, self.folder / name, symlinks=True)

    def restore(self, name: str) -> None:
        shutil.rmtree(self.work)
        shutil.copytree(self.folder / name, self.work, symlinks=True)

    def refresh(
        self, shop: str, export: Export, *, publish: bool = False, whole: bool = False, **request: object
    ) -> Answer:
        """Refresh from an export: judged, and published where asked for and not held back."""
        export.write(self.places.raw)  # type: ignore[arg-type]
        file = self.work / "answer.json"
        file.unlink(missing_ok=True)
        given = {"answer": str(file), "publish": publish, "whole": whole, "request": request}
        output = self.work / "output.txt"
        status = self.server.wait(self.server.start(given, self.environment(shop), output))
        if status or not file.exists():
            raise RuntimeError(output.read_text(encoding="utf-8"))
        return answer_of(json.loads(file.read_text(encoding="utf-8")))

    def environment(self, shop: str) -> dict[str, str]:
        own = {
            "STAMMKUNDE_SHOP": f"{shop}-shop",
            "STAMMKUNDE_THRESHOLDS": str(self.folder / "thresholds.yml"),
            "STAMMKUNDE_REPORT_LANGUAGES": "none",
        }
        return {**clean_environment(), **self.places.environment(), **own}

    def stop(self) -> None:
        self.server.stop()


def thresholds() -> dict[str, Any]:
    """The limits that ship. That all these shops ended long ago is no news."""
    limits = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))
    limits["raw"]["days_since_the_last_order"] = {"severity": "off"}
    return limits


def answer_of(given: Mapping[str, Any]) -> Answer:
    checks = given["checks"]
    failed = [check for check in checks if check["outcome"] == "failed"]
    warned = [check for check in checks if check["outcome"] in ("warned", "accepted")]
    verdict = given["outcome"]
    if verdict in ("passed", "published"):
        verdict = "warned" if warned else "passed"
    return Answer(
        verdict=verdict,
        blocked_by=tuple(f"{check['suite']}.{check['check_name']}" for check in failed),
        warned_by=tuple(f"{check['suite']}.{check['check_name']}" for check in warned),
        says=(*([given["error"]] if given["error"] else []), *(check["explanation"] for check in failed)),
        figures=given["figures"],
        build_id=given["build_id"],
    )


@dataclass(frozen=True)
class Distance:
    """How far figures are from the truth."""

    retention: float  # points of the customer retention rate in the complete month that is furthest off
    revenue: float  # share of all net revenue
    revenue_of_a_month: float  # share of the net revenue of the complete month that is furthest off
    orders: float  # share of all counted orders


def distance(figures: Sequence[Sequence[Any]], truth: Sequence[Sequence[Any]]) -> Distance:
    """Months that one of both does not have are left out: they are judged by the totals."""
    found = {row[0]: row for row in figures if row[0].startswith("month")}
    true = {row[0]: row for row in truth if row[0].startswith("month")}
    both = [(found[month], row) for month, row in true.items() if month in found and row[1] and found[month][1]]
    return Distance(
        retention=max((abs(a[2] - b[2]) for a, b in both if a[2] is not None and b[2] is not None), default=0.0),
        revenue=relative(sum(row[3] for row in found.values()), sum(row[3] for row in true.values())),
        revenue_of_a_month=max((relative(a[3], b[3]) for a, b in both if b[3]), key=abs, default=0.0),
        orders=relative(sum(row[4] for row in found.values()), sum(row[4] for row in true.values())),
    )


def relative(value: float, truth: float) -> float:
    return value / truth - 1 if truth else 0.0
