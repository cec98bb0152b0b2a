"""Where a refresh finds and leaves things. One folder of state lies beside each warehouse."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
SAMPLE = "sample_data/raw"
RAW_TABLES = "STAMMKUNDE_RAW_TABLES"  # entities that are tables of the engine
WAREHOUSE = "warehouse/stammkunde.duckdb"
PUBLISHED = "warehouse/published/retention.duckdb"


@dataclass(frozen=True)
class Places:
    """All paths of one warehouse, absolute. Every process of a refresh gets them through the environment."""

    raw: Path | None  # None: all raw entities are tables of the engine
    mapping: Path | None
    warehouse: Path
    published: Path
    target: str = "duckdb"  # of profiles.yml: the engine that dbt builds on

    @classmethod
    def from_environment(cls) -> Places:
        def path(name: str, default: str) -> Path:
            return Path(os.environ.get(name) or default).absolute()

        mapping = os.environ.get("STAMMKUNDE_MAPPING")
        # Nobody's tables belong together with the sample's files.
        only_tables = os.environ.get(RAW_TABLES) and not os.environ.get("STAMMKUNDE_RAW")
        return cls(
            raw=None if only_tables else path("STAMMKUNDE_RAW", SAMPLE),
            mapping=Path(mapping).absolute() if mapping else None,
            warehouse=path("STAMMKUNDE_WAREHOUSE", WAREHOUSE),
            published=path("STAMMKUNDE_PUBLISHED", PUBLISHED),
            target=os.environ.get("STAMMKUNDE_TARGET") or "duckdb",
        )

    def environment(self) -> dict[str, str]:
        """What a process has to be given to work on these places."""
        given = {
            "STAMMKUNDE_RAW": str(self.raw or ""),
            "STAMMKUNDE_WAREHOUSE": str(self.warehouse),
            "STAMMKUNDE_PUBLISHED": str(self.published),
            "STAMMKUNDE_TARGET": self.target,
            "DAGSTER_HOME": str(self.dagster_home),
        }
        return {**given, "STAMMKUNDE_MAPPING": str(self.mapping)} if self.mapping else given

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
    def lock(self) -> Path:
        """Held by the one refresh that runs."""
        return self.state / "refresh.lock"

    @property
    def data_docs(self) -> Path:
        return self.state / "data_docs"

    @property
    def dbt_target(self) -> Path:
        return self.state / "dbt" / self.target

    @property
    def dagster_home(self) -> Path:
        return self.state / "dagster"

    @property
    def kept_builds(self) -> Path:
        """The published builds that a rollback can bring back."""
        return self.published.parent / "builds"

    @property
    def published_parquet(self) -> Path:
        """A link to the Parquet files of the published build, where the engine wrote some."""
        return self.published.with_suffix("")

    @property
    def manifest(self) -> Path:
        return self.published.with_suffix(".json")
