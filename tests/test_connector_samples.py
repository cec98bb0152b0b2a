"""Tables of real systems, as loaders leave them, where they lie beside the project: how many rows become what, and some
rows by hand. The tables are others' and are no part of the project."""

import shutil
from pathlib import Path

import duckdb
import pytest

from intake.prepare import prepare
from tests.conftest import PROJECT
from tests.test_connectors import rows_of

SAMPLES = PROJECT.parent / "shared" / "data" / "connector_samples"
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="no connector samples in ../shared/data")


def prepared_samples(system: str, tables: dict[str, str], folder: Path, mapping: str = "") -> Path:
    """The folder that dbt would read, from samples under the names of the loader's tables."""
    raw = folder / "raw"
    raw.mkdir()
    for table, sample in tables.items():
        shutil.copyfile(SAMPLES / system / sample, raw / f"{table}.csv")
    (raw / "mapping.yml").write_text(mapping or f"sources: [{system}]\n")
    return prepare(raw, folder / "prepared", elsewhere=["orders"])


def said(prepared: Path, entity: str, *columns: str) -> list[tuple[str, ...]]:
    """What the rows of an entity say in these columns, in their order."""
    return sorted(tuple(row[column] for column in columns) for row in rows_of(prepared, entity))


def left_out(prepared: Path) -> dict[tuple[str, str], int]:
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"select entity, reason, sum(\"rows\") from '{prepared}/intake_outcomes.parquet' group by all"
        ).fetchall()
    return {(entity, reason): int(count) for entity, reason, count in rows}


# Qualtrics ----------------------------------------------------------------------------------------------------------


def test_qualtrics_by_fivetran(tmp_path: Path) -> None:
    """Four mails were sent and opened, a fifth row is a link alone. The responses of the answers, and the contacts, are
    not in the sample."""
    names = (
        "question_response", "survey_response", "question", "distribution_contact", "distribution", "directory_contact",
    )  # fmt: skip
    prepared = prepared_samples("qualtrics", {name: f"{name}.csv" for name in names}, tmp_path)
    assert said(prepared, "activities", "activity_type", "occurred_at", "detail", "customer_id") == [
        ("email_opened", "2022-04-06 13:14:19", "EMD_OY1XxLK7rncWDt8", ""),
        ("email_opened", "2023-01-10 11:30:29", "EMD_b4UhhqAF6Sx0Mcl", ""),
        ("email_opened", "2023-03-28 07:41:58", "EMD_Q8AiTuBzgLZsODX", ""),
        ("email_opened", "2023-04-25 09:19:47", "EMD_FV7lj9zfNfFAxFI", ""),
        ("email_sent", "2022-04-06 13:14:18.296", "EMD_OY1XxLK7rncWDt8", ""),
        ("email_sent", "2023-01-10 11:30:20.925", "EMD_b4UhhqAF6Sx0Mcl", ""),
        ("email_sent", "2023-03-28 07:17:14.896", "EMD_Q8AiTuBzgLZsODX", ""),
        ("email_sent", "2023-04-25 09:06:38.894", "EMD_FV7lj9zfNfFAxFI", ""),
    ]
    # The five answers and the link count twice: two rules read each table.
    assert left_out(prepared) == {("activities", "unknown_response"): 10, ("activities", "links_alone"): 2}
