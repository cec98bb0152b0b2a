"""The rule of one column."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from .confidence import Confidence
from .date_formats import check_date_format
from .messages import mistake, suggestion
from .part import Flag, Part, Text, Texts
from .per_month import PerMonth
from .text_of_columns import check_text, columns_of_text, text_without

UNITS = ("cents", "minor", "stripe_minor")
ORIGINS = ("column", "constant", "row_number", "number_within", "text")
# What holds for the columns under `otherwise`, too: they are written in the same way.
HOLDS_FOR_OTHERWISE = (
    "date_format", "time_zone", "pretends_utc", "minutes_since", "plus_minutes", "unit", "per_month", "negate",
    "true_values", "unless_begins",
)  # fmt: skip
OF_AMOUNTS = ("unit", "times", "plus", "less", "scaled_by", "per_month", "negate", "at_most")
NOT_WITH_TEXT = (*OF_AMOUNTS, "told_apart_by", "time", "minutes_since", "plus_minutes")


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
    text: Text | None = None  # a text with columns of the file in braces; empty where the first of them is
    told_apart_by: Text | None = None  # the system's own id: one number with several of them is several orders
    date_format: Text | None = None  # as strptime reads it, or one of the words of date_formats.py
    time: Text | None = None  # a column with the time of day, beside that with the date
    time_zone: Text | None = None  # a column that names the time zone of each row
    pretends_utc: Flag = False  # written as an instant, but local time of the format's `time_zone`
    minutes_since: Text | None = None  # a column with an earlier time: the number is the minutes from it to `column`
    plus_minutes: Text | None = None  # a column with minutes that are added to the time
    unit: Text | None = None  # of UNITS
    negate: Flag = False  # a refund that is written below zero
    true_values: Texts = ()
    unless_begins: Texts = ()  # values that begin so are empty: ids of devices among those of customers
    values: Translations = Field(default_factory=dict)
    others: Text | None = None  # with `values`: this text for every value that they do not name
    present: Text | None = None  # with `column`: this text where the column is not empty
    otherwise: Texts = ()  # the columns that count where `column` is empty: the first that is not
    scaled_by: Texts | None = None  # times the first column over the second; =name is a mapped column
    at_most: Text | None = None  # a column, or =name: the value is capped at it
    times: Text | None = None  # a column that it is multiplied with
    plus: Texts = ()  # columns that are added to it
    less: Texts = ()  # columns that are taken away from it
    per_month: PerMonth | None = None  # the amount is for a span of time, and becomes that of a month
    optional: Texts = ()  # columns of the file that may be missing; `true` for all that the rule names
    confidence: Confidence = None  # how sure it is that the column means this; the values are the same

    @model_validator(mode="before")
    @classmethod
    def name_alone(cls, given: object) -> object:
        """`amount: Total` is short for `amount: {column: Total}`."""
        return {"column": given} if isinstance(given, str | int) else given

    @model_validator(mode="after")
    def can_be_meant(self) -> ColumnRule:
        if sum(getattr(self, key) is not None for key in ORIGINS) != 1:
            raise mistake("needs one of `column`, `constant`, `row_number`, `number_within` and `text`")
        if self.scaled_by is not None and len(self.scaled_by) != 2:
            raise mistake("scaled_by needs two columns")
        if self.unit is not None and self.unit not in UNITS:
            raise mistake(f"unit '{self.unit}' does not exist{suggestion(self.unit, UNITS)}")
        if self.date_format is not None:
            check_date_format(self.date_format)
        if self.text is not None:
            check_text(self.text)
        if self.others is not None and not self.values:
            raise mistake("`others` needs `values`, to which it adds")
        self.refuse_together("text", NOT_WITH_TEXT)
        self.refuse_together("minutes_since", (*OF_AMOUNTS, "plus_minutes"))
        self.refuse_together("pretends_utc", ("time_zone",))
        if unknown := [name for name in self.optional if name not in ("true", *self.source_columns())]:
            raise mistake(f"optional '{unknown[0]}' is no column that the rule names")
        return self

    def refuse_together(self, key: str, others: tuple[str, ...]) -> None:
        """Keys that mean nothing beside another one."""
        if getattr(self, key) and (given := [other for other in others if getattr(self, other)]):
            raise mistake(f"`{given[0]}` cannot stand beside `{key}`")

    def named_columns(self) -> list[str]:
        """All columns that the rule reads: of the source, and as =name those of the entity."""
        named = (
            self.column, self.number_within, self.told_apart_by, self.time, self.time_zone, self.minutes_since,
            self.plus_minutes, *self.otherwise, self.times, self.at_most, *self.plus, *self.less,
            *columns_of_text(self.text or ""), *(self.per_month.columns() if self.per_month else ()),
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
        return any(getattr(self, key) for key in (*OF_AMOUNTS, "minutes_since"))

    def is_plain(self) -> bool:
        """Whether the rule names a column and nothing else that its values depend on."""
        if self.column is None:
            return False
        return self.model_copy(update={"optional": (), "confidence": None}) == ColumnRule(column=self.column)

    def instead(self) -> ColumnRule:
        """The rule of the columns that count where the first one is empty."""
        kept = {key: getattr(self, key) for key in HOLDS_FOR_OTHERWISE}
        return ColumnRule(column=self.otherwise[0], otherwise=self.otherwise[1:], confidence=self.confidence, **kept)

    def without(self, missing: set[str]) -> ColumnRule | None:
        """The rule for a file that lacks columns: None where nothing is left of it."""
        if not missing & set(self.source_columns()):
            return self
        if self.cannot_do_without() & missing:
            return self.instead().without(missing) if self.otherwise else None
        changes: dict[str, object] = {
            key: tuple(name for name in getattr(self, key) if name not in missing)
            for key in ("plus", "less", "otherwise")
        }
        for key in ("told_apart_by", "time", "time_zone", "times", "at_most"):
            changes[key] = None if getattr(self, key) in missing else getattr(self, key)
        if set(self.scaled_by or ()) & missing:
            changes["scaled_by"] = None
        if self.per_month is not None:
            changes["per_month"] = self.per_month.without(missing)
        if self.text is not None:
            changes["text"] = text_without(self.text, missing)
        return self.model_copy(update={**changes, "optional": ()})

    def cannot_do_without(self) -> set[str | None]:
        """The columns without which there is no value."""
        return {
            self.column, self.number_within, self.minutes_since, self.plus_minutes,
            *columns_of_text(self.text or "")[:1], *((self.per_month.unit,) if self.per_month else ()),
        }  # fmt: skip
