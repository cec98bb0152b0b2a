"""The shipped dashboard as a file that Superset imports: the YAML beside this module, and what the published file says.

Names and descriptions of columns and measures stand in the marts, in their comments and in the glossary: they are
filled in here. The YAML holds what is shown, and how.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import duckdb
import yaml

from reports.colours import BLUE, ORANGE, SERIES, STAGES
from stammkunde.database import rows
from stammkunde.errors import StammkundeError
from stammkunde.published import opened

SHIPPED = Path(__file__).resolve().parent
ROOT = "stammkunde"  # the folder in the file; Superset wants one
FOLDERS = ("databases", "datasets", "charts", "dashboards")
MART = re.compile(r"\bmarts\.(\w+)")  # in the query of a dataset that is no whole mart
DATES = ("DATE", "TIMESTAMP")
FILE = "dashboard.zip"
# Superset gives a measure one colour on all charts, whatever others of a chart have: two lines may then look the same.
COLOURS = {
    "customer_retention_rate": SERIES[1], "retained_customer_rate": BLUE, "customer_churn_rate": ORANGE,
    "new_customers": SERIES[4], "reactivated_customers": SERIES[3], "churned_customers": ORANGE,
    "net_revenue": BLUE, "net_revenue_to_date": BLUE, "customers": BLUE, "retention_rate": BLUE,
}  # fmt: skip

Content = dict[str, Any]


def write_bundle(published: Path, target: Path) -> None:
    """Write what Superset imports. Raises PublishedFileError, StammkundeError."""
    texts = {name: yaml.safe_dump(content, sort_keys=False) for name, content in bundle(published).items()}
    with ZipFile(target, "w") as file:
        for name, text in texts.items():
            file.writestr(f"{ROOT}/{name}", text)


def bundle(published: Path) -> dict[str, Content]:
    """All files of the shipped dashboard by name, for this published file."""
    files = {name: yaml.safe_load(text) for name, text in shipped().items()}
    with opened(published) as connection:
        terms = glossary(connection)
        currency = rows(connection, "select reporting_currency from marts.build")[0]["reporting_currency"]
        for name, content in files.items():
            if name.startswith("databases/"):
                content["sqlalchemy_uri"] = address(published)
            if name.startswith("datasets/"):
                fill(content, connection, terms, currency)
            if name.startswith("dashboards/"):
                content["metadata"]["label_colors"] = {**STAGES, **COLOURS}
    return files


def shipped() -> dict[str, str]:
    """The YAML files by name, in the order in which they are needed."""
    paths = [SHIPPED / "metadata.yaml"]
    for folder in FOLDERS:
        paths += sorted((SHIPPED / folder).rglob("*.yaml"))
    return {str(path.relative_to(SHIPPED)): path.read_text(encoding="utf-8") for path in paths}


def address(published: Path) -> str:
    """The published file as SQLAlchemy names it."""
    if "?" in str(published):
        raise StammkundeError(f"{published}: Superset cannot open a file with a question mark in its path")
    return f"duckdb:///{published}"


def glossary(connection: duckdb.DuckDBPyConnection) -> dict[str, Mapping[str, Any]]:
    found = rows(connection, "select kpi, name_en, definition_en from marts.kpi_glossary")
    return {row["kpi"]: row for row in found}


def fill(
    dataset: Content,
    connection: duckdb.DuckDBPyConnection,
    terms: Mapping[str, Mapping[str, Any]],
    currency: str | None,
) -> None:
    """Columns with type and comment, and measures with name, definition and currency."""
    mart = mart_of(dataset)
    comments = dict(
        connection.execute(
            "select column_name, comment from duckdb_columns() where schema_name = 'marts' and table_name = ?", [mart]
        ).fetchall()
    )
    if not dataset.get("description"):
        dataset["description"] = comment_of(mart, connection)
    query = dataset.get("sql") or f"select * from marts.{mart}"
    dataset["columns"] = [
        *columns(connection.execute(f"describe {query}").fetchall(), comments, terms),
        *dataset.get("columns", []),
    ]
    for metric in dataset["metrics"]:
        term = terms.get(metric["metric_name"])
        if term:
            metric["verbose_name"], metric["description"] = term["name_en"], term["definition_en"]
        if "currency" in metric:
            metric["currency"] = {**metric["currency"], "symbol": currency} if currency else None


def mart_of(dataset: Content) -> str:
    found = MART.search(dataset.get("sql") or "")
    return found.group(1) if found else dataset["table_name"]


def comment_of(mart: str, connection: duckdb.DuckDBPyConnection) -> str | None:
    found = connection.execute(
        "select comment from duckdb_tables() where schema_name = 'marts' and table_name = ?", [mart]
    ).fetchone()
    return found[0] if found else None


def columns(
    described: list[Any], comments: Mapping[str, str | None], terms: Mapping[str, Mapping[str, Any]]
) -> Iterator[Content]:
    for name, kind, *_ in described:
        yield {
            "column_name": name,
            "verbose_name": terms[name]["name_en"] if name in terms else name.replace("_", " ").capitalize(),
            "type": kind,
            "is_dttm": kind in DATES,
            "groupby": True,
            "filterable": True,
            "description": comments.get(name),
        }
