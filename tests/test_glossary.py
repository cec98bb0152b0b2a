"""The glossary explains every KPI in two languages, and only what exists: names, marts, columns, units."""

from __future__ import annotations

import csv
import re
from collections import Counter

import pytest
import yaml

from reports.summary import KPIS
from tests.conftest import PROJECT, Build

KEYS = {"period_grain", "period_start", "period_end"}
TYPES = {
    "customers": {"BIGINT"},
    "orders": {"BIGINT"},
    "events": {"BIGINT"},
    "rate": {"DOUBLE"},
    "currency": {"DOUBLE", "DECIMAL(28,2)"},
    "days": {"BIGINT", "DOUBLE"},
    "minutes": {"DOUBLE"},
    "number": {"DOUBLE", "DECIMAL(28,4)"},
    "score": {"INTEGER"},
    "flag": {"BOOLEAN"},
    "text": {"VARCHAR"},
}


@pytest.fixture(scope="module")
def glossary(sample: Build) -> list[dict[str, str | None]]:
    names = [name for (name,) in sample.rows("select column_name from (describe marts.kpi_glossary)")]
    return [dict(zip(names, row, strict=True)) for row in sample.rows("select * from marts.kpi_glossary")]


@pytest.fixture(scope="module")
def columns(sample: Build) -> dict[tuple[str, str], str]:
    """Type of every column of the marts, by mart and name."""
    query = "select table_name, column_name, data_type from information_schema.columns where table_schema = 'marts'"
    return {(mart, column): data_type for mart, column, data_type in sample.rows(query)}


def test_the_mart_holds_the_seed_as_it_was_written(glossary: list[dict]) -> None:
    with (PROJECT / "seeds" / "kpi_definitions.csv").open(encoding="utf-8", newline="") as file:
        written = {row["kpi"]: row for row in csv.DictReader(file)}
    assert {row["kpi"]: {name: row[name] for name in written[row["kpi"]]} for row in glossary} == written


def test_what_a_measure_means_is_said_by_the_description_of_its_column(glossary: list[dict]) -> None:
    described = {
        (model["name"], column["name"]): " ".join(column["description"].replace("`", "").split())
        for path in PROJECT.glob("models/marts/**/*.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
        for column in model["columns"]
    }
    assert {(row["mart"], row["kpi"]): row["definition_en"] for row in glossary}.items() <= described.items()


def test_every_measure_of_the_kpis_is_explained(glossary: list[dict], columns: dict) -> None:
    measures = {column for mart, column in columns if mart == "retention_kpis"} - KEYS
    assert {row["kpi"] for row in glossary if row["mart"] == "retention_kpis"} == measures


def test_every_term_is_a_column_of_its_mart(glossary: list[dict], columns: dict) -> None:
    assert [(row["mart"], row["kpi"]) for row in glossary if (row["mart"], row["kpi"]) not in columns] == []


def test_every_unit_fits_the_type_of_its_column(glossary: list[dict], columns: dict) -> None:
    found = {row["kpi"]: (row["unit"], columns[row["mart"], row["kpi"]]) for row in glossary}
    assert {kpi: pair for kpi, pair in found.items() if pair[1] not in TYPES[pair[0]]} == {}


def test_no_text_is_empty(glossary: list[dict]) -> None:
    empty = [(row["kpi"], name) for row in glossary for name, text in row.items() if not text or text != text.strip()]
    dashes = [(row["kpi"], name) for row in glossary for name, text in row.items() if text == "-"]
    assert empty == []
    assert {name for _, name in dashes} == {"abbreviation"}


def test_both_languages_are_there_each_in_its_place(glossary: list[dict]) -> None:
    german = re.compile(r"\b(der|dem|den|und|nicht|ist|wie|oder|mit|für|im|seit)\b", re.IGNORECASE)
    english = re.compile(r"\b(the|of|and|is|are|with|by)\b", re.IGNORECASE)
    wrong = [
        row["kpi"]
        for row in glossary
        if row["name_en"] == row["name_de"]
        or len(row["definition_en"]) < 60
        or len(row["definition_de"]) < 60
        or not german.search(row["definition_de"])
        or german.search(row["definition_en"])
        or not english.search(row["definition_en"])
        or english.search(row["definition_de"])
    ]
    assert wrong == []


def test_german_is_written_with_umlauts(glossary: list[dict]) -> None:
    text = " ".join(f"{row['name_de']} {row['definition_de']}" for row in glossary)
    assert set("äöüÄÖÜß") & set(text) >= set("äöüß")
    assert re.findall(r"\b\w*(?:fuer|ueber|zurueck|haeufig|waehr|koenn|muess|groess|laenge|spaet)\w*", text) == []


def test_names_are_not_used_twice(glossary: list[dict]) -> None:
    for name in ("kpi", "name_en", "name_de"):
        assert [text for text, times in Counter(row[name] for row in glossary).items() if times > 1] == [], name


def test_texts_name_only_what_exists(glossary: list[dict], columns: dict) -> None:
    settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    seeds = {path.stem for path in PROJECT.glob("seeds/*.csv")}
    known = {name for pair in columns for name in pair} | set(settings) | seeds
    named = {
        word
        for row in glossary
        for name in ("formula", "definition_en", "definition_de")
        for word in re.findall(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b", row[name])
    }
    assert len(named) > 30
    assert named - known == set()


def test_the_summary_calls_the_kpis_by_their_names(glossary: list[dict]) -> None:
    names = {row["kpi"]: row["name_en"] for row in glossary}
    labels = {column: label for column, label, _ in KPIS}
    assert labels.keys() <= names.keys()
    # An indented label goes on from the line above it.
    own = {column: label for column, label in labels.items() if not label.startswith(" ")}
    assert len(own) >= 6
    assert own == {column: names[column] for column in own}


def test_the_readme_calls_the_kpis_by_their_names(glossary: list[dict]) -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    table = re.search(r"^Last complete period .*\n((?:.+\n)+?)```", text, flags=re.MULTILINE)
    assert table
    labels = [re.split(r"\s{2,}", line)[0] for line in table.group(1).splitlines() if not line.startswith(" ")]
    assert len(labels) >= 6
    assert [label for label in labels if label not in {row["name_en"] for row in glossary}] == []
