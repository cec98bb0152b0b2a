"""The rule of one column."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from .messages import mistake
from .part import Part, Text, Texts


def as_translations(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise mistake("`values` must hold lines of the form `text in the file: text instead`")
    return {str(old): str(new) for old, new in value.items()}


Translations = Annotated[dict[str, str], BeforeValidator(as_translations)]


class ColumnRule(Part):
    """Where a canonical column comes from, and how its values are converted. Values that cannot be converted are kept
    as they are: staging then quarantines the row and says why."""

    no_dictionary = "name a column of the file, or say `column:` or `constant:`"

    column: Text | None = None
    constant: Text | None = None
    row_number: Text | None = None  # a text before the number of the row, for files without ids
    number_within: Text | None = None  # the number of the row among those with the same value in this column
    date_format: Text | None = None  # as strptime reads it
    unit: Text | None = None  # "cents"
    true_values: Texts = ()
    values: Translations = Field(default_factory=dict)
    present: Text | None = None  # with `column`: this text where the column is not empty
    otherwise: Text | None = None  # the column that counts where `column` is empty
    scaled_by: Texts | None = None  # times the first column over the second; =name is a mapped column
    at_most: Text | None = None  # a column, or =name: the value is capped at it
    times: Text | None = None  # a column that it is multiplied with
    less: Texts = ()  # columns that are taken away from it

    @model_validator(mode="before")
    @classmethod
    def name_alone(cls, given: object) -> object:
        """`amount: Total` is short for `amount: {column: Total}`."""
        return {"column": given} if isinstance(given, str | int) else given

    @model_validator(mode="after")
    def can_be_meant(self) -> ColumnRule:
        if sum(value is not None for value in (self.column, self.constant, self.row_number, self.number_within)) != 1:
            raise mistake("needs one of `column`, `constant`, `row_number` and `number_within`")
        if self.scaled_by is not None and len(self.scaled_by) != 2:
            raise mistake("scaled_by needs two columns")
        if self.unit not in (None, "cents"):
            raise mistake(f"unit '{self.unit}' does not exist; the only one is 'cents'")
        return self

    def named_columns(self) -> list[str]:
        """All columns that the rule reads: of the source, and as =name those of the entity."""
        named = (self.column, self.number_within, self.otherwise, self.times, self.at_most, *self.less)
        return [name for name in (*named, *(self.scaled_by or ())) if name]

    def source_columns(self) -> list[str]:
        return [name for name in self.named_columns() if not name.startswith("=")]

    def mapped_columns(self) -> list[str]:
        return [name.removeprefix("=") for name in self.named_columns() if name.startswith("=")]
