"""A whole mapping: the rule of each entity, and the rules between entities, columns and settings."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from stammkunde.settings import defaults

from ..entities import Entity, entities, entity_of
from .columns import ColumnRule
from .folds import Fold
from .messages import mistake, suggestion, unknown_key
from .part import Part, Text, Texts
from .sources import Format, Table


class EntityRule(Part):
    """How one raw entity is read: from files (a pattern under the raw folder) or from a table."""

    no_dictionary = "must have `files` or `table`, and `columns`"

    files: Texts = ()
    table: Table | None = None
    format: Format = Format()
    columns: dict[str, ColumnRule]
    fold: Fold | None = None  # how several rows of a file become one raw row

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


def all_fit(rules: dict[str, EntityRule], document: ValidationInfo) -> dict[str, EntityRule]:
    for name, rule in rules.items():
        fits(entity_of(name, document.data.get("settings", {})), rule)
    return rules


class Document(Part):
    """A whole mapping with its preset merged in."""

    preset: Text | None = None
    settings: Annotated[dict[str, object], BeforeValidator(known_settings)] = Field(default_factory=dict)
    # After the settings, which may name further columns.
    entities: Annotated[dict[str, EntityRule], BeforeValidator(known_entities), AfterValidator(all_fit)]
