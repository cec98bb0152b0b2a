"""A whole mapping: the rule of each entity, and the rules between entities, columns and settings."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from stammkunde.settings import defaults

from ..entities import Entity, entities, entity_of
from .columns import ColumnRule
from .conditions import LeaveOut
from .folds import AddLines, FirstLine, Fold, Newest
from .joins import Joins, Lookup, key_columns, needed_for
from .messages import mistake, suggestion, unknown_key
from .part import Flag, Part, Text, Texts
from .sources import Format, Schema, Table


class EntityRule(Part):
    """How one raw entity is read: from files (a pattern under the folder of the source) or from a table."""

    no_dictionary = "must have `files` or `table`, and `columns`"

    files: Texts = ()
    table: Table | None = None
    tables: Texts = ()  # as loaders call the table in a schema; files of that name are read likewise
    format: Format = Format()
    needs_time_zone: Flag = False  # its times say none, and which it is differs from account to account
    unnest: Text | None = None  # a column with a list: each of its parts makes a row
    separator: Text | None = None  # between the parts of `unnest`, which then is a text and no list: 12;17
    join: Joins = Field(default_factory=dict)  # rows of lookups, by the name under which their columns are read
    columns: dict[str, ColumnRule]
    fold: Fold | None = None  # how several rows of a file become one raw row
    leave_out: dict[str, LeaveOut] = Field(default_factory=dict)  # rows that are left out, by the name of the rule

    @model_validator(mode="after")
    def has_one_origin(self) -> EntityRule:
        if bool(self.files or self.tables) == bool(self.table):
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
        for name in {other for wanted in references.values() for other in wanted}:
            if self.columns[name].column in self.columns[name].optional_columns():
                raise mistake(f"column '{name}': others are computed with it, so it cannot be optional")
        return self

    @model_validator(mode="after")
    def can_be_computed(self) -> EntityRule:
        for name, rule in self.columns.items():
            if rule.unit in ("minor", "stripe_minor") and "currency" not in self.columns:
                raise mistake(f"column '{name}': unit '{rule.unit}' needs `currency` to be mapped")
        if any(rule.worth for rule in self.leave_out.values()) and not isinstance(self.fold, FirstLine):
            raise mistake("leave_out: `worth` needs the fold first_line; lines that are added up are simply left out")
        if isinstance(self.fold, AddLines) and (self.columns.get("amount") or ColumnRule(constant="")).column is None:
            raise mistake("fold 'add_lines' needs `amount`, the column of a line's value")
        return self

    def source_columns(self) -> list[str]:
        """Every column of the files that is named anywhere in the rule."""
        of_columns = [name for rule in self.columns.values() for name in rule.source_columns()]
        of_rules = [name for rule in self.leave_out.values() for name in rule.source_columns()]
        of_joins = [name for join in self.join.values() for name in key_columns(join.on)]
        of_fold = self.fold.source_columns() if self.fold else []
        return list(dict.fromkeys([*of_columns, *of_rules, *of_joins, *of_fold]))

    def required_columns(self) -> list[str]:
        """Those of them that no file may lack: what is optional in one place may be needed in another."""
        rules: list[ColumnRule | LeaveOut] = [*self.columns.values(), *self.leave_out.values()]
        needed = [name for rule in rules for name in rule.source_columns() if name not in rule.optional_columns()]
        of_fold = self.fold.source_columns() if self.fold else []
        may_lack = self.fold.may_lack if isinstance(self.fold, Newest) else ()
        kept = [name for name in of_fold if name not in may_lack]
        return list(dict.fromkeys([*needed, *needed_for(self.join), *kept]))

    def file_columns(self) -> list[str]:
        """The columns that a file must have before anything is looked up: also the keys for that."""
        own = [*self.required_columns(), *([self.unnest] if self.unnest else [])]
        return list(dict.fromkeys(name for name in own if name.split(".")[0] not in self.join))

    def without(self, missing: set[str]) -> EntityRule:
        """The rule for a file that lacks optional columns."""
        if not missing:
            return self
        columns = {name: fitting for name, rule in self.columns.items() if (fitting := rule.without(missing))}
        leave_out = {name: rule for name, rule in self.leave_out.items() if not missing & set(rule.source_columns())}
        join = {name: one for name, one in self.join.items() if not missing & set(key_columns(one.on))}
        fold = self.fold.without(missing) if isinstance(self.fold, Newest) else self.fold
        return self.model_copy(update={"columns": columns, "leave_out": leave_out, "join": join, "fold": fold})


def circular(references: dict[str, list[str]]) -> bool:
    """Whether following references from some name ever ends where it began."""
    open_ones = dict(references)
    while solved := [name for name, wanted in open_ones.items() if not any(other in open_ones for other in wanted)]:
        for name in solved:
            del open_ones[name]
    return bool(open_ones)


RULE = "/"  # between the entity and the name of one of its rules: activities/ticket_opened


def entity_part(name: str) -> str:
    """The entity of a rule, which may be one of several."""
    return name.split(RULE)[0]


def known_entities(given: dict[str, Any]) -> dict[str, Any]:
    for name in sorted(map(entity_part, given)):
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
        fits(entity_of(entity_part(name), document.data.get("settings", {})), rule)
        tells_apart_as_orders_do(name, rule, rules.get("orders"))
        joins_what_there_is(f"entity '{name}'", rule.join, document.data.get("lookups", {}))
    return rules


def all_joined(lookups: dict[str, Lookup]) -> dict[str, Lookup]:
    for name, lookup in lookups.items():
        joins_what_there_is(f"lookup '{name}'", lookup.join, lookups)
    if circular({name: [join.to for join in lookup.join.values()] for name, lookup in lookups.items()}):
        raise mistake("lookups look each other up in a circle")
    return lookups


def joins_what_there_is(where: str, joins: Joins, lookups: dict[str, Lookup]) -> None:
    for join in joins.values():
        if join.to not in lookups:
            raise mistake(f"{where}: lookup '{join.to}' does not exist{suggestion(join.to, lookups)}")


def tells_apart_as_orders_do(name: str, rule: EntityRule, orders: EntityRule | None) -> None:
    """Which order keeps its number is found in the files: where those of an entity are others, it would be another."""
    apart = told_apart_by(rule)
    if apart and orders and (rule.files, rule.table, apart) != (orders.files, orders.table, told_apart_by(orders)):
        raise mistake(
            f"entity '{name}', column 'order_id': told_apart_by '{apart}' must be that of orders, in the same files"
        )


def told_apart_by(rule: EntityRule) -> str | None:
    column = rule.columns.get("order_id")
    return column.told_apart_by if column else None


class Document(Part):
    """The rules of one source, with its preset merged in."""

    preset: Text | None = None
    settings: Annotated[dict[str, object], BeforeValidator(known_settings)] = Field(default_factory=dict)
    lookups: Annotated[dict[str, Lookup], AfterValidator(all_joined)] = Field(default_factory=dict)
    # After the settings, which may name further columns, and the lookups, which rules may name.
    entities: Annotated[dict[str, EntityRule], BeforeValidator(known_entities), AfterValidator(all_fit)] = Field(
        default_factory=dict
    )


class Place(Part):
    """What a source has besides its rules: where its files or tables are, and in which time zone it writes."""

    no_dictionary = "a source is the name of a preset, or {preset: ..., folder: ..., time_zone: ...}"

    folder: Text = ""
    tables_of: Annotated[Schema | None, Field(alias="schema")] = None
    time_zone: Text | None = None
