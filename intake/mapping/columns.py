"""The rule of one column."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from .date_formats import check_date_format
from .messages import mistake, suggestion
from .part import Flag, Part, Text, Texts

UNITS = ("cents", "minor", "stripe_minor")


def as_translations(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise mistake("`values` must hold lines of the form `text in the file: text instead`")
    words = [str(old).strip().lower() for old in value]
    if twice := [word for word in words if words.count(word) > 1]:
        raise mistake(f"`values` has '{twice[0]}' twice, in upper and lower case, which are the same here")
    return {str(old): "" if new is None else str(new) for old, new in value.items()}


Translations = Annotated[dict[str, str], BeforeValidator(as_translations)]


class ColumnRule(Part):
    """Where a canonical column comes from, and how its values are converted. Values that cannot be converted are kept
    as they are: staging then quarantines the row and says why."""

    no_dictionary = "name a column of the file, or say `column:` or `constant:`"

    column: Text | None = None
    constant: Text | None = None
    row_number: Text | None = None  # a text before the number of the row, for files without ids
    number_within: Text | None = None  # the number of the row among those with the same value in this column
    told_apart_by: Text | None = None  # the system's own id: one number with several of them is several orders
    date_format: Text | None = None  # as strptime reads it
    time: Text | None = None  # a column with the time of day, beside that with the date
    time_zone: Text | None = None  # a column that names the time zone of each row
    unit: Text | None = None  # of UNITS
    negate: Flag = False  # a refund that is written below zero
    true_values: Texts = ()
    values: Translations = Field(default_factory=dict)
    present: Text | None = None  # with `column`: this text where the column is not empty
    otherwise: Text | None = None  # the column that counts where `column` is empty
    scaled_by: Texts | None = None  # times the first column over the second; =name is a mapped column
    at_most: Text | None = None  # a column, or =name: the value is capped at it
    times: Text | None = None  # a column that it is multiplied with
    plus: Texts = ()  # columns that are added to it
    less: Texts = ()  # columns that are taken away from it
    optional: Texts = ()  # columns of the file that may be missing; `true` for all that the rule names

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
        if self.unit is not None and self.unit not in UNITS:
            raise mistake(f"unit '{self.unit}' does not exist{suggestion(self.unit, UNITS)}")
        if self.date_format is not None:
            check_date_format(self.date_format)
        if unknown := [name for name in self.optional if name not in ("true", *self.source_columns())]:
            raise mistake(f"optional '{unknown[0]}' is no column that the rule names")
        return self

    def named_columns(self) -> list[str]:
        """All columns that the rule reads: of the source, and as =name those of the entity."""
        named = (
            self.column, self.number_within, self.told_apart_by, self.time, self.time_zone, self.otherwise,
            self.times, self.at_most, *self.plus, *self.less,
        )  # fmt: skip
        return [name for name in (*named, *(self.scaled_by or ())) if name]

    def source_columns(self) -> list[str]:
        return [name for name in self.named_columns() if not name.startswith("=")]

    def optional_columns(self) -> list[str]:
        return self.source_columns() if "true" in self.optional else list(self.optional)

    def mapped_columns(self) -> list[str]:
        return [name.removeprefix("=") for name in self.named_columns() if name.startswith("=")]

    def is_computed(self) -> bool:
        """Whether the number is calculated, and not only read."""
        return bool(self.unit or self.negate or self.times or self.plus or self.less or self.scaled_by or self.at_most)

    def without(self, missing: set[str]) -> ColumnRule | None:
        """The rule for a file that lacks columns: None where nothing is left of it."""
        if not missing & set(self.source_columns()):
            return self
        if {self.column, self.number_within} & missing:
            if self.otherwise is None or self.otherwise in missing:
                return None
            return ColumnRule(column=self.otherwise, date_format=self.date_format)
        changes: dict[str, object] = {
            key: tuple(name for name in getattr(self, key) if name not in missing) for key in ("plus", "less")
        }
        for key in ("told_apart_by", "time", "time_zone", "otherwise", "times", "at_most"):
            changes[key] = None if getattr(self, key) in missing else getattr(self, key)
        if set(self.scaled_by or ()) & missing:
            changes["scaled_by"] = None
        return self.model_copy(update={**changes, "optional": ()})
