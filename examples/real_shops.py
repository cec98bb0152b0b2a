"""Builds two real shops from their published files, by mapping alone, and compares with what others published.

`make real` runs it. CDNOW (Fader, Hardie and Lee) comes with the Python package lifetimes, a development dependency
that is located but never imported. UCI Online Retail (data set 352, archive.ics.uci.edu) is not shipped: ONLINE_RETAIL
names the folder that holds its .xlsx, .csv or .parquet file. A shop whose file is missing is skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import duckdb

from reports import summary

PROJECT = Path(__file__).resolve().parent.parent
EXAMPLES = PROJECT / "examples"
WAREHOUSES = PROJECT / "warehouse" / "real"
ONLINE_RETAIL = PROJECT.parent / "shared" / "data" / "online_retail"


@dataclass(frozen=True)
class Shop:
    """A shop, where its files are, and its published figures with the query over the warehouse that gives ours."""

    name: str
    title: str
    folder: Callable[[], Path | None]
    absent: str  # why it is skipped where `folder` is None
    published: Mapping[str, tuple[str, str]]

    @property
    def mapping(self) -> Path:
        return EXAMPLES / self.name / "mapping.yml"


def cdnow_folder() -> Path | None:
    try:
        files = distribution("lifetimes").files or []
    except PackageNotFoundError:
        return None
    found = [Path(str(file.locate())) for file in files if file.name == "CDNOW_master.txt"]
    return found[0].parent if found and found[0].exists() else None


def online_retail_folder() -> Path | None:
    folder = Path(os.environ.get("ONLINE_RETAIL") or ONLINE_RETAIL)
    files = [path for pattern in ("*.parquet", "*.xlsx", "*.csv") for path in folder.glob(pattern)]
    return folder if files else None


def cohort(month: str) -> str:
    return (
        "select cohort_customers from marts.cohort_retention where cohort_grain = 'month' and dimension = 'all' "
        f"and period_number = 0 and cohort_start = '{month}-01'"
    )


# The published figures are gross and leave out lines without a customer or a price. To compare, ours are taken before
# refunds, from orders with a customer and a value, also from those that were refunded in full later and do not count.
GROSS = """
    with gross_orders as (
        select order_id, customer_id, amount from marts.orders
        union all
        select order_id, customer_id, amount from staging.excluded_orders where exclusion_reason = 'fully_refunded'
    ),
    sold as (select * from gross_orders where customer_id is not null and amount > 0)
"""
SOLD_LINES = "staging.stg_order_lines as lines inner join sold using (order_id) where quantity > 0 and lines.amount > 0"

SHOPS = (
    Shop(
        "cdnow",
        "CDNOW, music, 1997-98",
        cdnow_folder,
        "the package lifetimes, which brings CDNOW_master.txt, is not installed",
        {
            "transactions": ("69,659", "select count(*) from marts.orders"),
            "customers": ("23,570", "select count(*) from marts.customers"),
            "first bought in January 1997": ("7,846", cohort("1997-01")),
            "first bought in February 1997": ("8,476", cohort("1997-02")),
            "first bought in March 1997": ("7,248", cohort("1997-03")),
        },
    ),
    Shop(
        "online_retail",
        "UCI Online Retail, gifts, 2010-11",
        online_retail_folder,
        f"no file of UCI Online Retail in {os.path.relpath(ONLINE_RETAIL, PROJECT)}, nor in ONLINE_RETAIL=folder",
        {
            "lines": ("397,884", f"{GROSS} select count(*) from {SOLD_LINES}"),
            "orders": ("18,532", f"{GROSS} select count(*) from sold"),
            "customers": ("4,338", f"{GROSS} select count(distinct customer_id) from sold"),
            "gross revenue, GBP": ("8,911,407.90", f"{GROSS} select cast(sum(amount) as decimal(18, 2)) from sold"),
            "average order value, GBP": ("480.87", f"{GROSS} select cast(avg(amount) as decimal(18, 2)) from sold"),
        },
    ),
)


def ours(shop: Shop, warehouse: Path) -> dict[str, str]:
    """Our figures by the names of the published ones."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found = {name: connection.execute(query).fetchone() for name, (_, query) in shop.published.items()}
    return {name: f"{row[0]:,}" if row else "none" for name, row in found.items()}


def build(shop: Shop, raw: Path) -> Path | None:
    """The shop's warehouse, built as `make run` does; None if the build failed, after printing what it said."""
    WAREHOUSES.mkdir(parents=True, exist_ok=True)
    warehouse = WAREHOUSES / f"{shop.name}.duckdb"
    command = [sys.executable, "-m", "cli", "run", "--raw", str(raw), "--mapping", str(shop.mapping)]
    environment = {**os.environ, "STAMMKUNDE_WAREHOUSE": str(warehouse), "NO_COLOR": "1"}
    environment |= {"STAMMKUNDE_SHOP": shop.name, "STAMMKUNDE_RAW_TABLES": "", "STAMMKUNDE_TARGET": ""}
    environment["STAMMKUNDE_PUBLISHED"] = str(WAREHOUSES / shop.name / "retention.duckdb")
    finished = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode == 0:
        return warehouse
    print(finished.stdout + finished.stderr)
    return None


def report(shop: Shop, warehouse: Path) -> bool:
    """Prints the comparison and the summary; whether all figures agree."""
    figures = ours(shop, warehouse)
    print(f"{'':<32}{'published':>16}{'here':>16}")
    for name, (published, _) in shop.published.items():
        print(f"{name:<32}{published:>16}{figures[name]:>16}{'' if figures[name] == published else '   DIFFERS'}")
    print()
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        print("\n".join(summary.summary(connection)))
    print(f"\nThe marts are in {os.path.relpath(warehouse, PROJECT)}\n")
    return all(figures[name] == published for name, (published, _) in shop.published.items())


def main() -> int:
    agreed = []
    for shop in SHOPS:
        print(f"{shop.title}\n{'-' * len(shop.title)}")
        raw = shop.folder()
        if raw is None:
            print(f"skipped: {shop.absent}\n")
            continue
        warehouse = build(shop, raw)
        agreed.append(warehouse is not None and report(shop, warehouse))
    return 0 if agreed and all(agreed) else 1


if __name__ == "__main__":
    sys.exit(main())
