"""The span of time that a price is for, from which the price of a month is calculated."""

from __future__ import annotations

from pydantic import model_validator

from .part import Part, Text


class PerMonth(Part):
    """A price is for so many (`every`) days, weeks, months, quarters or years (`unit`): both are columns of the row."""

    no_dictionary = "`per_month` must be the column of the unit, or {unit: column, every: column}"

    unit: Text
    every: Text | None = None  # None: one of the unit

    @model_validator(mode="before")
    @classmethod
    def unit_alone(cls, given: object) -> object:
        """`per_month: Interval` is short for `per_month: {unit: Interval}`."""
        return {"unit": given} if isinstance(given, str) else given

    def columns(self) -> list[str]:
        return [name for name in (self.unit, self.every) if name]

    def without(self, missing: set[str]) -> PerMonth:
        """The same for a file that lacks the column of the number."""
        return self.model_copy(update={"every": None}) if self.every in missing else self
