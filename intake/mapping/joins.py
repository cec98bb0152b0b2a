"""What is looked up in another file or table: the e-mail behind a number, the name behind a code."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from .messages import mistake
from .part import Flag, Part, Text, Texts
from .sources import Format, Table
from .text_of_columns import check_text, columns_of_text


def key_columns(key: str) -> list[str]:
    """The columns of a key: one, or those in the braces of a text, where several make it."""
    return columns_of_text(key) if "{" in key else [key]


def known_key(key: str) -> str:
    if "{" in key:
        check_text(key)
    return key


Key = Annotated[Text, AfterValidator(known_key)]


class Join(Part):
    """Of a rule: the row of a lookup whose key is the value of column `on`, or a text of several columns, also of those
    that were looked up before. Its columns are read by its name: `contact.email`."""

    no_dictionary = "a join is {to: the name of a lookup, on: the column with its key}"

    to: Text
    on: Key
    optional: Flag = False  # in a file without the column `on` nothing is found


def needed_for(joins: dict[str, Join]) -> list[str]:
    """The columns of the keys that a file must have."""
    return [column for join in joins.values() if not join.optional for column in key_columns(join.on)]


Joins = Annotated[dict[str, Join], BeforeValidator(lambda given: given or {})]


class Lookup(Part):
    """A file or table in which rows are found by a key; of several with one key the newest counts, else the last."""

    no_dictionary = "a lookup needs `files` or `tables`, and `by`, the column of its key"

    files: Texts = ()
    tables: Texts = ()
    table: Table | None = None
    format: Format = Format()
    by: Key
    newest: Texts = ()  # columns that say which row of a key is the newest
    may_lack: Texts = ()  # columns of `newest` that a file may lack: each loader has others
    filled: Texts = ()  # columns without which a row says nothing: it is not looked up
    follows: Text | None = None  # a column with the key that took this one's place: followed to the last
    characters: Text | None = None  # of the key that count: 15 of Salesforce's 18
    unnest: Text | None = None
    separator: Text | None = None  # between the parts of `unnest`, which then is a text and no list: 12;17
    join: Joins = Field(default_factory=dict)
    optional: Flag = False  # where nothing of it is there, its columns are empty

    @model_validator(mode="after")
    def has_one_origin(self) -> Lookup:
        if not (self.files or self.tables or self.table):
            raise mistake(self.no_dictionary)
        if self.characters is not None and not re.fullmatch("[1-9][0-9]{0,5}", self.characters):
            raise mistake(f"characters must be a number, such as 15, not '{self.characters}'")
        return self

    def file_columns(self) -> list[str]:
        """The columns that a file of it must have."""
        own = [
            *key_columns(self.by),
            *(name for name in self.newest if name not in self.may_lack),
            *self.filled,
            *((self.follows,) if self.follows else ()),
            *needed_for(self.join),
        ]
        return [name for name in own if name.split(".")[0] not in self.join]
