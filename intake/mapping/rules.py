"""What a mapping may hold: one model per part, with the rules between its keys.

Pydantic finds unknown keys, missing keys and wrong shapes; what it says is put into our words by messages.py.
Keys that are null are as if they were not there.
"""

from __future__ import annotations

import codecs
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from stammkunde.settings import defaults

from ..entities import Entity, entities
from .messages import mistake, suggestion, unknown_key


def as_text(value: object, info: ValidationInfo) -> str:
    """Numbers and the like as they are written: `delimiter: 5` means the character 5."""
    if isinstance(value, dict | list):
        raise mistake(f"`{info.field_name}` must be one text")
    return str(value)


def as_texts(value: object) -> tuple[str, ...]:
    """A list, or one text for a list of one."""
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else (str(value),)


def as_translations(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise mistake("`values` must hold lines of the form `text in the file: text instead`")
    return {str(old): str(new) for old, new in value.items()}


Text = Annotated[str, BeforeValidator(as_text)]
Texts = Annotated[tuple[str, ...], BeforeValidator(as_texts)]
Translations = Annotated[dict[str, str], BeforeValidator(as_translations)]


class Part(BaseModel):
    """A part of a mapping: keys and values, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    no_dictionary: ClassVar[str]  # what to say where the part is something else

    @model_validator(mode="before")
    @classmethod
    def only_known_keys(cls, given: object) -> object:
        """Found here and not by pydantic: a typo is named before all else, with what was probably meant."""
        if not isinstance(given, dict):
            raise mistake(cls.no_dictionary)
        for key in given:
            if key not in cls.model_fields:
                raise unknown_key(str(key), cls.model_fields)
        return {key: value for key, value in given.items() if value is not None}


class Format(Part):
    """How a file is written. Declared, never guessed; None is the usual of the file's kind."""

    no_dictionary = "`format` must hold lines of the form `name: value`"

    delimiter: Text = ","  # one character, or "whitespace"
    quote: Text = '"'
    encoding: Text = "utf-8"
    decimal: Text = "."
    thousands: Text = ""
    header: Texts | None = None  # names of the columns of a file without a header
    sheet: Text | None = None  # of an .xlsx file; None is the first

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
        if not is_encoding(self.encoding):
            raise mistake(f"encoding '{self.encoding}' does not exist; try utf-8 or latin-1")
        return self


def is_encoding(name: str) -> bool:
    """Whether Python has an encoding of text of this name."""
    try:
        "".encode(name)
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError):
        return False
    return True


class Table(Part):
    """A table in a DuckDB file, or in PostgreSQL by an address that an environment variable holds."""

    no_dictionary = "table needs `name` and `duckdb` (a file) or `postgres` (an environment variable)"

    name: Text = ""
    duckdb: Text | None = None
    postgres: Text | None = None

    @model_validator(mode="after")
    def is_one_place(self) -> Table:
        if not self.name or bool(self.duckdb) == bool(self.postgres):
            raise mistake(self.no_dictionary)
        return self


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


class FirstLine(Part):
    """Of the rows with the same value in column `by`, the first holds the order's fields."""

    kind: Literal["first_line"]
    by: Text

    def source_columns(self) -> list[str]:
        return [self.by]


class InvoiceLines(Part):
    """Lines of invoices become orders; lines that cancel earlier ones become refunds of those orders."""

    kind: Literal["invoice_lines"]
    invoice: Text
    product: Text
    quantity: Text
    price: Text
    cancelling_prefix: Text

    def source_columns(self) -> list[str]:
        return [self.invoice, self.product, self.quantity, self.price]


FOLDS = ("first_line", "invoice_lines")


def known_fold(given: object) -> object:
    kind = given.get("kind") if isinstance(given, dict) else None
    if kind not in FOLDS:
        raise mistake(f"fold '{kind}' does not exist{suggestion(str(kind), FOLDS)}")
    return given


Fold = Annotated[FirstLine | InvoiceLines, Field(discriminator="kind")]


class EntityRule(Part):
    """How one raw entity is read: from files (a pattern under the raw folder) or from a table."""

    no_dictionary = "must have `files` or `table`, and `columns`"

    files: Texts = ()
    table: Table | None = None
    format: Format = Format()
    columns: dict[str, ColumnRule]
    fold: Annotated[Fold | None, BeforeValidator(known_fold)] = None  # how several rows of a file become one raw row

    @model_validator(mode="after")
    def has_one_origin(self) -> EntityRule:
        if bool(self.files) == bool(self.table):
            raise mistake("needs either `files` or `table`")
        return self

    @model_validator(mode="after")
    def refers_to_what_is_mapped(self) -> EntityRule:
        references = {name: rule.mapped_columns() for name, rule in self.columns.items()}
        for name, wanted in references.items():
            for other in wanted:
                if other == name or other not in self.columns:
                    raise mistake(f"column '{name}': '={other}' must name another column that is mapped")
        if circular(references):
            raise mistake("columns refer to each other in a circle")
        return self


def circular(references: dict[str, list[str]]) -> bool:
    """Whether following references from some name ever ends where it began."""
    open_ones = dict(references)
    while solved := [name for name, wanted in open_ones.items() if not any(other in open_ones for other in wanted)]:
        for name in solved:
            del open_ones[name]
    return bool(open_ones)


def known_entities(given: dict[str, Any]) -> dict[str, Any]:
    for name in sorted(given):
        if name not in entities():
            raise mistake(f"entity '{name}' does not exist{suggestion(name, entities())}")
    return given


def known_settings(given: object) -> dict[str, object]:
    if not given:
        return {}
    if not isinstance(given, dict):
        raise mistake("`settings` must name settings of docs/settings.md with their values")
    for name in given:
        if name not in defaults():
            raise unknown_key(str(name), defaults())
    return given


def fits(entity: Entity, rule: EntityRule) -> None:
    """The columns are those of the entity, and the required ones are mapped."""
    for name in rule.columns:
        if name not in entity.columns:
            raise mistake(f"entity '{entity.name}' has no column '{name}'{suggestion(name, entity.columns)}")
    missing = [name for name, column in entity.columns.items() if column.required and name not in rule.columns]
    if entity.name == "orders" and "customer_email" in rule.columns:
        missing = [name for name in missing if name != "customer_id"]
    if missing:
        raise mistake(f"entity '{entity.name}': column '{missing[0]}' is required and mapped to nothing")


def all_fit(rules: dict[str, EntityRule]) -> dict[str, EntityRule]:
    for name, rule in rules.items():
        fits(entities()[name], rule)
    return rules


class Document(Part):
    """A whole mapping with its preset merged in."""

    preset: Text | None = None
    entities: Annotated[dict[str, EntityRule], BeforeValidator(known_entities), AfterValidator(all_fit)]
    settings: Annotated[dict[str, object], BeforeValidator(known_settings)] = Field(default_factory=dict)
