"""The terms of measures, as `marts.kpi_glossary` has them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.language import Language
from reports.questions import Row
from reports.tables import Column

# Numbers that are read without decimals: points of the score from -100 to 100, and whole months.
READ_WHOLE: Mapping[str, str] = {"nps": "score", "nps_margin": "score", "payback_months": "count"}


@dataclass(frozen=True)
class Term:
    """A measure in the reader's language."""

    kpi: str
    name: str
    abbreviation: str
    unit: str
    definition: str
    good_direction: str  # higher, lower or neither

    @property
    def full(self) -> str:
        """The name with its abbreviation, by which many know it better."""
        return f"{self.name} ({self.abbreviation})" if self.abbreviation else self.name

    @property
    def short(self) -> str:
        return self.abbreviation or self.name


@dataclass(frozen=True)
class Glossary:
    """All measures. One that several marts hold is described once; a measure without a row goes by its own name."""

    rows: Sequence[Row]
    language: Language

    def term(self, kpi: str) -> Term:
        for row in self.rows:
            if row["kpi"] == kpi:
                return Term(
                    kpi,
                    row[f"name_{self.language.code}"],
                    "" if row["abbreviation"] == "-" else row["abbreviation"],
                    READ_WHOLE.get(kpi) or row["unit"],
                    self.in_terms(row[f"definition_{self.language.code}"] or ""),
                    row["good_direction"],
                )
        return Term(kpi, kpi.replace("_", " ").capitalize(), "", "text", "", "neither")

    def measures_of(self, mart: str) -> list[str]:
        """The measures that stand in a mart, flags included."""
        return [row["kpi"] for row in self.rows if row["mart"] == mart]

    def column(self, kpi: str) -> Column:
        """A measure as the column of a table, with its definition as a hint."""
        term = self.term(kpi)
        return Column(kpi, term.name, term.unit, tip=term.definition)

    def in_terms(self, text: str) -> str:
        """A definition that names measures by their names, not by their columns."""
        names = {row["kpi"]: row[f"name_{self.language.code}"] for row in self.rows}
        mark = {"de": "„{}“", "en": "“{}”"}[self.language.code]
        plain = text.replace("`", "")
        return re.sub(
            r"\b[a-z]+(?:_[a-z0-9]+)+\b",
            lambda found: mark.format(names[found[0]]) if found[0] in names else found[0],
            plain,
        )
