"""Models run one way: raw, staging, intermediate, outcomes and marts. Read from their text, without dbt."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT

MODELS = PROJECT / "models"
# Each layer reads itself and those named; seeds count as staging.
READS = {
    "staging": {"staging"},
    "intermediate": {"staging", "intermediate"},
    "outcomes": {"staging", "intermediate"},
    "marts": {"staging", "intermediate", "outcomes", "marts"},
}
# Marts are built on intermediate models: these alone look into staging or at the seeds, and say why.
MARTS_THAT_READ_STAGING = {
    "source_accounting": "it counts the raw rows themselves",
    "kpi_glossary": "its seed is its text",
    "signal_coverage": "it counts the rows of each signal",
    "customers": "the names of RFM segments are a seed",
    "value_ladder": "the names of its steps are a seed",
}
# Staging knows of earlier refreshes who was erased, and since when a row cannot be used.
SOURCES = {
    "raw": {"staging"},
    "intake": {"staging"},
    "quality": {"staging", "intermediate", "marts"},
    "predictions": {"intermediate", "marts"},
}


def layer(path: Path) -> str:
    return path.relative_to(MODELS).parts[0]


FILES = sorted(path for path in MODELS.rglob("*.sql"))
LAYERS = {path.stem: layer(path) for path in FILES} | {path.stem: "staging" for path in PROJECT.glob("seeds/*.csv")}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_model_reads_a_later_layer(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    own = layer(file)
    read = {LAYERS[name] for name in re.findall(r"ref\('(\w+)'\)", text)}
    if "ref('stg_' ~ entity)" in text:
        read.add("staging")
    assert read <= READS[own], file
    if own == "marts" and "staging" in read:
        assert file.stem in MARTS_THAT_READ_STAGING, file
    for source in re.findall(r"source\('(\w+)'", text):
        assert own in SOURCES[source], file


def test_every_layer_is_known_and_used() -> None:
    assert {layer(path) for path in FILES} == READS.keys()


def test_schemas_are_those_of_the_layers() -> None:
    """A model's name says its layer: stg_ and int_; outcomes and marts have plain names."""
    prefixes = {"staging": "stg_", "intermediate": "int_"}
    for file in FILES:
        expected = prefixes.get(layer(file))
        named = file.stem.split("_")[0] + "_"
        assert (named == expected) if expected else named not in prefixes.values(), file
