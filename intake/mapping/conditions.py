"""Conditions on a row of a file: by a column's value, a part of it, or because it is zero, empty or not."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from .confidence import Confidence
from .messages import mistake
from .part import Flag, Part, Text, Texts

TESTS = ("is", "is_not", "contains", "zero", "empty", "filled", "unmapped")


class Condition(Part):
    """One column of a row, and what must be true of it. Texts are compared whatever their case."""

    no_dictionary = f"a condition needs `column` and one of {', '.join(TESTS)}"

    column: Text
    is_: Texts | None = Field(default=None, alias="is")
    is_not: Texts | None = None  # an empty cell is not any of them
    contains: Texts | None = None
    zero: Flag = False  # a number that is 0
    empty: Flag = False
    filled: Flag = False  # not empty
    unmapped: Text | None = None  # a column of the entity: none of the words that its `values` replace
    optional: Flag = False  # a file without the column has no row that meets the condition

    @model_validator(mode="after")
    def says_one_thing(self) -> Condition:
        said = (
            self.is_ is not None,
            self.is_not is not None,
            self.contains is not None,
            self.zero,
            self.empty,
            self.filled,
            self.unmapped is not None,
        )
        if sum(said) != 1:
            raise mistake(f"a condition on '{self.column}' needs one of {', '.join(TESTS)}")
        if any(not word.strip() for words in (self.is_, self.is_not, self.contains) for word in words or ()):
            raise mistake(f"a condition on '{self.column}' has an empty text: say `empty: true` or `filled: true`")
        return self

    def source_columns(self) -> list[str]:
        return [self.column]


class Worth(Part):
    """What a line is worth: a column, which may be a price that is multiplied with a quantity."""

    no_dictionary = "`worth` must be a column, or {column: price, times: quantity}"

    column: Text
    times: Text | None = None


def worth_by_name(given: object) -> object:
    return {"column": given} if isinstance(given, str) else given


class LeaveOut(Part):
    """Rows that are left out: those that meet all conditions. With `worth` they are lines of an order, whose amount
    is lowered by what they are worth."""

    no_dictionary = Condition.no_dictionary

    all_of: tuple[Condition, ...]
    worth: Annotated[Worth | None, BeforeValidator(worth_by_name)] = None
    confidence: Confidence = None  # how sure it is that such rows are what the rule says

    @model_validator(mode="before")
    @classmethod
    def conditions_alone(cls, given: object) -> object:
        """A condition, or a list of them, is short for `all_of`; `worth` and `confidence` may stand beside a single
        one."""
        if isinstance(given, list):
            return {"all_of": given}
        if isinstance(given, dict) and "all_of" not in given:
            beside = ("worth", "confidence")
            alone = {key: value for key, value in given.items() if key not in beside}
            return {"all_of": [alone], **{key: given.get(key) for key in beside}}
        return given

    @model_validator(mode="after")
    def has_conditions(self) -> LeaveOut:
        if not self.all_of:
            raise mistake(self.no_dictionary)
        return self

    def source_columns(self) -> list[str]:
        own = [name for condition in self.all_of for name in condition.source_columns()]
        return own + ([name for name in (self.worth.column, self.worth.times) if name] if self.worth else [])

    def optional_columns(self) -> list[str]:
        return [condition.column for condition in self.all_of if condition.optional]
