"""Damages the sample shop in three ways, one after another, and shows that readers never see it: `make demo-failure`.

Everything happens in a folder of its own. First the sample is published as it is. Then, for each damage, the refresh
must be blocked with a reason that a shop owner understands, and the published file must stay as it was, byte for byte.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from orchestration import launch
from orchestration.quality import thresholds
from orchestration.state import State
from stammkunde.environment import PREFIX
from stammkunde.files import content_hash
from stammkunde.places import SAMPLE, Places
from stammkunde.request import RefreshRequest


@dataclass(frozen=True)
class Break:
    """One thing that goes wrong in a shop, and the check that must notice it first of all."""

    title: str
    apply: Callable[[Path], str]
    noticed_by: str


def rows_of(orders: Path) -> tuple[list[str], list[dict[str, str]]]:
    with orders.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames or ()), list(reader)


def write_rows(orders: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    content = io.StringIO()
    writer = csv.DictWriter(content, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    orders.write_text(content.getvalue(), encoding="utf-8")


def last_closed_month(rows: list[dict[str, str]]) -> str:
    """The month before the latest one with many orders: the sample has a few dates that are typing errors."""
    months = Counter(row["ordered_at"][:7] for row in rows if row["ordered_at"][:3] == "202")
    return sorted(month for month, orders in months.items() if orders >= 20)[-2]


def double_a_day(orders: Path) -> str:
    """A day's export is imported a second time and gets new order ids."""
    columns, rows = rows_of(orders)
    days = Counter(row["ordered_at"][:10] for row in rows if row["ordered_at"].startswith(last_closed_month(rows)))
    day = days.most_common(1)[0][0]
    copies = [{**row, "order_id": f"again-{row['order_id']}"} for row in rows if row["ordered_at"].startswith(day)]
    write_rows(orders, columns, rows + copies)
    return f"{len(copies)} orders of {day} come a second time, under new ids"


def lose_half_a_month(orders: Path) -> str:
    """An export ends in the middle of a month that was complete before."""
    columns, rows = rows_of(orders)
    month = last_closed_month(rows)
    of_month = [row for row in rows if row["ordered_at"].startswith(month)]
    lost = {id(row) for row in of_month[::2]}
    write_rows(orders, columns, [row for row in rows if id(row) not in lost])
    return f"{len(lost)} of the {len(of_month)} order rows of {month} are missing"


def corrupt_the_file(orders: Path) -> str:
    """A quarter of the lines is damaged on the way: amounts get a decimal comma, which splits them in two."""
    lines = orders.read_text(encoding="utf-8").splitlines()
    damaged = [line.replace(".", ",") if number % 4 == 1 else line for number, line in enumerate(lines)]
    orders.write_text("\n".join(damaged) + "\n", encoding="utf-8")
    return (
        f"{sum(old != new for old, new in zip(lines, damaged, strict=True)):,} of {len(lines) - 1:,} lines are damaged"
    )


BREAKS = (
    Break("A day is imported twice", double_a_day, "staging.copied_orders_of_a_day"),
    Break("Half of last month gets lost", lose_half_a_month, "closed_months.unexplained_revenue_share"),
    Break("The file is damaged", corrupt_the_file, "raw.malformed_rows_share"),
)


def separate(folder: Path) -> Places:
    """A warehouse of its own in an empty folder. No variable of a real shop has to do with it: neither its places nor
    its limits nor the address of its messages. That the sample is old is known."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    limits = yaml.safe_load(thresholds.DEFAULT.read_text(encoding="utf-8"))
    limits["raw"]["days_since_the_last_order"]["severity"] = "off"
    file = folder / "thresholds.yml"
    file.write_text(yaml.safe_dump(limits), encoding="utf-8")
    os.environ[f"{PREFIX}THRESHOLDS"] = str(file)
    return Places(folder / "raw", None, folder / "shop.duckdb", folder / "published" / "retention.duckdb")


def demonstrate(folder: Path) -> list[str]:
    """Run the demonstration in an empty folder. Gives the deviations from what should happen; there should be none."""
    source = SAMPLE
    places = separate(folder)
    assert places.raw
    shutil.copytree(source, places.raw)
    print("Four refreshes in a folder of their own, about two minutes in all.\n")
    print("The sample shop as it is", flush=True)
    if launch.run(places, RefreshRequest()):
        return ["the sample itself was not published"]
    before = content_hash(places.published)
    wrong = []
    for broken in BREAKS:
        shutil.copytree(source, places.raw, dirs_exist_ok=True)
        print(f"\n{broken.title}: {broken.apply(places.raw / 'orders.csv')}", flush=True)
        status = launch.run(places, RefreshRequest())
        last = State(places).rows("builds")[-1]
        results = State(places).of_build("validation_results", str(last["build_id"]))
        failed = [f"{row['suite']}.{row['check_name']}" for row in results if row["outcome"] == "failed"]
        if not status or last["outcome"] != "blocked":
            wrong.append(f"{broken.title}: was {last['outcome']}")
        if broken.noticed_by not in failed:
            wrong.append(
                f"{broken.title}: {broken.noticed_by} did not notice it, only {', '.join(failed) or 'nothing'}"
            )
        if content_hash(places.published) != before:
            wrong.append(f"{broken.title}: the published file has changed")
        else:
            print("The published file is what it was, byte for byte.")
    return wrong


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="stammkunde_demo_") as folder:
        wrong = demonstrate(Path(folder))
    print("\n" + ("\n".join(wrong) if wrong else f"All {len(BREAKS)} were blocked, and readers kept the good figures."))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
