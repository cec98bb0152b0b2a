"""Where a refresh finds and leaves things.

Beside each warehouse lie two folders: one of state, which a refresh can make again, and one of records, which it cannot
make again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stammkunde.environment import PREFIX

PROJECT = Path(__file__).resolve().parent.parent
SAMPLE = PROJECT / "sample_data" / "raw"
WAREHOUSE = PROJECT / "warehouse" / "stammkunde.duckdb"
PUBLISHED = PROJECT / "warehouse" / "published" / "retention.duckdb"
DUCKDB = "duckdb"


@dataclass(frozen=True)
class Places:
    """All paths of one warehouse, absolute. Every process of a refresh gets them through the environment."""

    raw: Path | None  # None: all raw entities are tables of the engine
    mapping: Path | None
    warehouse: Path
    published: Path
    target: str = DUCKDB  # of profiles.yml: the engine that dbt builds on
    raw_tables: str = ""  # raw entities that are tables of the engine
    shop: str = ""  # the name of the shop, once it is known (stammkunde/shops.py)

    def environment(self) -> dict[str, str]:
        """The variables that a process needs to work on these places."""
        given = {
            "RAW": self.raw,
            "MAPPING": self.mapping,
            "WAREHOUSE": self.warehouse,
            "PUBLISHED": self.published,
            "TARGET": self.target,
            "RAW_TABLES": self.raw_tables,
            "SHOP": self.shop,
        }
        return {
            **{PREFIX + name: str(value or "") for name, value in given.items()},
            "DAGSTER_HOME": str(self.dagster_home),
        }

    @property
    def prepared(self) -> Path:
        """Raw entities that had to be converted for dbt."""
        return self.warehouse.with_suffix(".raw")

    @property
    def collected(self) -> Path:
        """What another engine than DuckDB built, as Parquet files that the warehouse has views over."""
        return self.warehouse.with_suffix(".collected")

    @property
    def state(self) -> Path:
        """What refreshes note about themselves; macros/quality reads it from the same place."""
        return self.warehouse.with_suffix(".state")

    @property
    def predictions(self) -> Path:
        """What was predicted between two dbt builds; macros/quality reads it from the same place."""
        return self.state / "predictions"

    @property
    def records(self) -> Path:
        """What cannot be rebuilt: nothing removes it but a person."""
        return self.warehouse.with_suffix(".records")

    @property
    def lock(self) -> Path:
        """Held by the one refresh that runs."""
        return self.state / "refresh.lock"

    @property
    def history_lock(self) -> Path:
        """Held while the history is changed, for moments."""
        return self.state / "history.lock"

    @property
    def mended_before(self) -> Path:
        """What was put right before a refresh could note it."""
        return self.state / "mended.txt"

    @property
    def data_docs(self) -> Path:
        return self.state / "data_docs"

    @property
    def dbt_target(self) -> Path:
        """Where dbt leaves its manifest, results and log."""
        return self.state / "dbt" / self.target

    @property
    def dagster_home(self) -> Path:
        return self.state / "dagster"

    @property
    def kept_builds(self) -> Path:
        """The published builds that a rollback can bring back."""
        return self.published.parent / "builds"

    @property
    def superset(self) -> Path:
        """What Superset keeps: its users, dashboards and secret key."""
        return self.warehouse.with_suffix(".superset")

    @property
    def published_parquet(self) -> Path:
        """A link to the Parquet files of the published build, where there are some."""
        return self.published.with_suffix("")

    @property
    def rebuilt(self) -> Path:
        """Figures of past days, rebuilt beside those that are published."""
        return self.published.parent / "as_of"

    def as_of(self, day: str) -> Path:
        return self.rebuilt / f"{self.published.stem}_{day}.duckdb"

    def report(self, language: str) -> Path:
        """What people read of the published build, without any tool."""
        return self.published.with_name(f"{self.published.stem}_{language}.html")

    def review(self, period: str, language: str) -> Path:
        """The review of a month or quarter, such as 2025-06 or 2025-Q2."""
        return self.published.with_name(f"{self.published.stem}_review_{period}_{language}.html")

    def export(self, language: str) -> Path:
        """A folder of the published build as files for spreadsheets, where somebody asked for it."""
        return self.published.with_name(f"{self.published.stem}_{language}")

    def actions(self, language: str) -> Path:
        """The day's list of the playbook, as it was handed out."""
        return self.published.with_name(f"{self.published.stem}_actions_{language}.csv")

    @property
    def addresses(self) -> Path:
        """Lists with addresses, where somebody asked for them: for the owner of the account, and for some days."""
        return self.warehouse.with_suffix(".addresses")

    @property
    def manifest(self) -> Path:
        """What the published file holds, as JSON."""
        return self.published.with_suffix(".json")


def with_former_place(places: Places, record: Path) -> Path:
    """A file of the records, or where an earlier version left it: in the state folder."""
    former = places.state / record.name
    return former if former.is_file() and not record.exists() else record
