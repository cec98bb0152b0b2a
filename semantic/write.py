"""Writes models/semantic/metrics.yml: a metric for each figure that a semantic model packs, in words of the glossary.

The seed of the glossary is the one home of names, the description of a column that of its meaning: run `make semantic`
when either changes, or when a figure is added to models/semantic/semantic_models.yml.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from stammkunde.places import PROJECT

MODELS = PROJECT / "models" / "semantic" / "semantic_models.yml"
METRICS = PROJECT / "models" / "semantic" / "metrics.yml"
GLOSSARY = PROJECT / "seeds" / "kpi_definitions.csv"
PACKED = re.compile(r"struct_pack\(([a-z0-9_,\s]+)\)")
HEAD = """\
# Written by `make semantic` from semantic_models.yml, the glossary (seeds/kpi_definitions.csv) and the descriptions of
# the columns; do not edit it here.
"""


class Figure(NamedTuple):
    """A column of a mart that is asked as a metric."""

    mart: str
    column: str
    entity: str
    called: Mapping[str, str]


def semantic_models() -> list[dict[str, Any]]:
    return yaml.safe_load(MODELS.read_text(encoding="utf-8"))["semantic_models"]


def figures_of(model: Mapping[str, Any]) -> list[Figure]:
    """What a semantic model packs; nothing where its rows add up."""
    called = model.get("config", {}).get("meta", {}).get("called", {})
    return [
        Figure(model["name"], column.strip(), model["entities"][0]["name"], called)
        for measure in model["measures"]
        for columns in PACKED.findall(measure["expr"])
        for column in columns.split(",")
    ]


def glossary() -> dict[str, dict[str, str]]:
    with GLOSSARY.open(encoding="utf-8", newline="") as file:
        return {row["kpi"]: row for row in csv.DictReader(file)}


def descriptions() -> dict[tuple[str, str], str]:
    """What each column of a mart means, by mart and column."""
    return {
        (model["name"], column["name"]): " ".join(column["description"].split())
        for path in PROJECT.glob("models/marts/**/*.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
        for column in model["columns"]
    }


def metric(figure: Figure, term: Mapping[str, str], description: str) -> dict[str, Any]:
    """The figure of the one row that a cell of the answer rests on. At home in another mart, it says so in its name."""
    away = "" if term["mart"] == figure.mart else figure.called["name"]
    rows, pack = f"{figure.entity}_rows", f"{figure.entity}_figures"
    return {
        "name": f"{figure.column}_{away}" if away else figure.column,
        "label": f"{term['name_en']}, {figure.called['en']}" if away else term["name_en"],
        "description": description,
        "type": "derived",
        "type_params": {"expr": f"case when {rows} = 1 then {pack}.{figure.column} end", "metrics": [rows, pack]},
        "config": {
            "meta": {
                "label_de": f"{term['name_de']}, {figure.called['de']}" if away else term["name_de"],
                "mart": figure.mart,
                "column": figure.column,
                "unit": term["unit"],
            }
        },
    }


def parts(model: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What the metrics of a semantic model are made of, which MetricFlow wants to be metrics, too."""
    entity = model["entities"][0]["name"]
    for name, label, label_de, description in (
        (f"{entity}_rows", "Rows", "Zeilen", "Rows of marts.{mart} in a cell of the answer. A part of its metrics."),
        (
            f"{entity}_figures", "Packed figures", "Gepackte Werte",
            "All figures of one row of marts.{mart}. No figure by itself: a part of its metrics.",
        ),
    ):  # fmt: skip
        yield {
            "name": name,
            "label": f"{label} ({model['name']})",
            "description": description.format(mart=model["name"]),
            "type": "simple",
            "type_params": {"measure": name},
            "config": {"meta": {"label_de": f"{label_de} ({model['name']})", "part": True}},
        }


def metrics() -> list[dict[str, Any]]:
    terms, meanings = glossary(), descriptions()
    packing = [model for model in semantic_models() if figures_of(model)]
    asked = [
        metric(figure, terms[figure.column], meanings[figure.mart, figure.column])
        for model in packing
        for figure in figures_of(model)
    ]
    return asked + [part for model in packing for part in parts(model)]


def text() -> str:
    body = yaml.safe_dump({"version": 2, "metrics": metrics()}, allow_unicode=True, sort_keys=False, width=120)
    return HEAD + body


def write(path: Path = METRICS) -> None:
    path.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    write()
