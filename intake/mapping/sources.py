"""Where rows come from: how a file is written, or which table of which database it is."""

from __future__ import annotations

import codecs
import re
from typing import Self

from pydantic import field_validator, model_validator

from stammkunde.hiding import SOURCE_PREFIX

from ..json_paths import is_path
from .messages import mistake, suggestion
from .part import Part, Text, Texts
from .time_zones import check_time_zone

# Whoever delivers a raw folder with a mapping must not be able to have any other variable of this machine read.
SOURCE_VARIABLE = re.compile(rf"{SOURCE_PREFIX}[A-Z0-9_]+")
NEGATIVES = ("minus", "brackets", "trailing_minus")


class Format(Part):
    """How a file is written. Declared, never guessed; None is the usual of the file's kind."""

    no_dictionary = "`format` must hold lines of the form `name: value`"

    delimiter: Text = ","  # one character, or "whitespace"
    quote: Text = '"'
    encoding: Text = "utf-8"
    decimal: Text = "."
    thousands: Text = ""
    currency_sign: Texts = ()  # signs or words that may stand before or behind an amount
    negative: Text = "minus"  # how amounts below zero are written, of NEGATIVES
    header: Texts | None = None  # names of the columns of a file without a header
    sheet: Text | None = None  # of an .xlsx file; None is the first
    rows: Text = ""  # of JSON: the path of the list that holds the rows, in an envelope
    time_zone: Text | None = None  # of times that say none; None is the setting source_timezone

    @field_validator("delimiter")
    @classmethod
    def tab_by_name(cls, delimiter: str) -> str:
        return "\t" if delimiter in ("tab", "\\t") else delimiter

    @model_validator(mode="after")
    def can_be_read(self) -> Format:
        if self.delimiter != "whitespace" and len(self.delimiter) != 1:
            raise mistake(f"delimiter must be one character, 'tab' or 'whitespace', not '{self.delimiter}'")
        if len(self.quote) != 1 or self.quote == self.delimiter:
            raise mistake(f"quote must be one character that is not the delimiter, not '{self.quote}'")
        if self.header == ():
            raise mistake("header must name the columns of a file without one, or be left out")
        if len(self.thousands) > 1:
            raise mistake(f"thousands must be one character, not '{self.thousands}'")
        if self.decimal not in (".", ",") or self.decimal == self.thousands:
            raise mistake("decimal must be '.' or ',' and differ from thousands")
        if self.negative not in NEGATIVES:
            raise mistake(f"negative '{self.negative}' does not exist{suggestion(self.negative, NEGATIVES)}")
        if any(
            not sign.strip() or any(letter.isdigit() or letter in "-(.,)" for letter in sign)
            for sign in self.currency_sign
        ):
            raise mistake("currency_sign must be signs such as $ or words such as EUR")
        if not is_encoding(self.encoding):
            raise mistake(f"encoding '{self.encoding}' does not exist; try utf-8 or latin-1")
        if self.rows and not (is_path(self.rows) and "=" not in self.rows):
            raise mistake(f"rows '{self.rows}' must be a path of names and positions, such as data.responses")
        if self.time_zone is not None:
            check_time_zone(self.time_zone)
        return self


def is_encoding(name: str) -> bool:
    """Whether Python has an encoding of text of this name."""
    try:
        "".encode(name)
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError):
        return False
    return True


class InDatabase(Part):
    """What is in a DuckDB file, or in PostgreSQL by an address that an environment variable holds."""

    name: Text = ""
    duckdb: Text | None = None
    postgres: Text | None = None

    @model_validator(mode="after")
    def is_one_place(self) -> Self:
        if not self.name or bool(self.duckdb) == bool(self.postgres):
            raise mistake(self.no_dictionary)
        if self.postgres is not None and not SOURCE_VARIABLE.fullmatch(self.postgres):
            # It is not repeated: it may be the address itself, with its password.
            raise mistake(
                f"`postgres` must name an environment variable that begins with {SOURCE_PREFIX}, such as "
                f"{SOURCE_PREFIX}SHOP, and that holds the address. What is given there is another text"
            )
        return self


class Table(InDatabase):
    """A table."""

    no_dictionary = "table needs `name` and `duckdb` (a file) or `postgres` (an environment variable)"


class Schema(InDatabase):
    """A schema that a loader filled: rules read its tables by their names."""

    no_dictionary = "schema needs `name` and `duckdb` (a file) or `postgres` (an environment variable)"

    def table(self, name: str) -> Table:
        return Table(name=f"{self.name}.{name}", duckdb=self.duckdb, postgres=self.postgres)
