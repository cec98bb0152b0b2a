"""A mapping: which file or table is which raw entity, and which of its columns is what. Read from YAML and judged."""

from __future__ import annotations

import codecs
import difflib
from collections.abc import Iterable
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from .entities import Entity, entities
from .errors import IntakeError

PRESETS = Path(__file__).resolve().parent / "presets"
PROJECT_FILE = Path(__file__).resolve().parent.parent / "dbt_project.yml"
MOST_SHOWN = 20  # names in a message
FOLDS = ("first_line", "invoice_lines")
FOLD_SETTINGS = {
    "first_line": ("by",),
    "invoice_lines": ("invoice", "product", "quantity", "price", "cancelling_prefix"),
}


@dataclass(frozen=True)
class Format:
    """How a file is written. Declared, never guessed; None is the usual of the file's kind."""

    delimiter: str = ","  # one character, or "whitespace"
    quote: str = '"'
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    header: tuple[str, ...] | None = None  # names of the columns of a file without a header
    sheet: str | None = None  # of an .xlsx file; None is the first


@dataclass(frozen=True)
class Table:
    """A table in a DuckDB file, or in PostgreSQL by an address that an environment variable holds."""

    name: str
    duckdb: str | None = None
    postgres: str | None = None


@dataclass(frozen=True)
class ColumnRule:
    """Where a canonical column comes from, and how its values are converted. Values that cannot be converted are kept
    as they are: staging then quarantines the row and says why."""

    column: str | None = None
    constant: str | None = None
    row_number: str | None = None  # a text before the number of the row, for files without ids
    number_within: str | None = None  # the number of the row among those with the same value in this column
    date_format: str | None = None  # as strptime reads it
    unit: str | None = None  # "cents"
    true_values: tuple[str, ...] = ()
    values: Dictionary[str, str] = field(default_factory=dict)
    present: str | None = None  # with `column`: this text where the column is not empty
    otherwise: str | None = None  # the column that counts where `column` is empty
    scaled_by: tuple[str, str] | None = None  # times the first column over the second; =name is a mapped column
    at_most: str | None = None  # a column, or =name: the value is capped at it
    times: str | None = None  # a column that it is multiplied with
    less: tuple[str, ...] = ()  # columns that are taken away from it

    def source_columns(self) -> list[str]:
        """All columns of the source that the rule reads; =name is a mapped column and none of the source."""
        named = (self.column, self.number_within, self.otherwise, self.times, self.at_most, *self.less)
        return [name for name in (*named, *(self.scaled_by or ())) if name and not name.startswith("=")]


@dataclass(frozen=True)
class Fold:
    """How several rows of a file become one raw row.

    `first_line`: of the rows with the same value in column `by`, the first holds the order's fields.
    `invoice_lines`: lines of invoices become orders; lines that cancel earlier ones become refunds of those orders.
    """

    kind: str
    by: str | None = None
    invoice: str | None = None
    product: str | None = None
    quantity: str | None = None
    price: str | None = None
    cancelling_prefix: str | None = None

    def source_columns(self) -> list[str]:
        """The columns of the source that folding reads."""
        return [name for name in (self.by, self.invoice, self.product, self.quantity, self.price) if name]


@dataclass(frozen=True)
class EntityRule:
    """How one raw entity is read: from files (a pattern under the raw folder) or from a table."""

    entity: str
    columns: Dictionary[str, ColumnRule]
    files: tuple[str, ...] = ()
    table: Table | None = None
    format: Format = Format()
    fold: Fold | None = None


@dataclass(frozen=True)
class Mapping:
    """All entity rules of one mapping, and the file it was read from."""

    path: Path
    entities: Dictionary[str, EntityRule]
    settings: Dictionary[str, object] = field(default_factory=dict)  # of docs/settings.md, for this shop


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file with its preset. Raises IntakeError for anything that cannot be meant."""
    document = read_yaml(path)
    only_known(document, ("preset", "entities", "settings"), f"{path}")
    base: dict = {}
    if document.get("preset") is not None:
        base = read_preset(str(document["preset"]), path)
    merged = merge(base.get("entities") or {}, document.get("entities") or {}, path)
    if not merged:
        raise IntakeError(f"{path}: maps nothing. Name a preset ({', '.join(presets())}) or entities")
    if unknown := merged.keys() - entities().keys():
        first = min(str(name) for name in unknown)
        raise IntakeError(f"{path}: entity '{first}' does not exist{suggestion(first, entities())}")
    settings = document.get("settings") or {}
    if not isinstance(settings, dict):
        raise IntakeError(f"{path}: `settings` must name settings of docs/settings.md with their values")
    only_known(settings, known_settings(), f"{path}, settings")
    return Mapping(path, {name: read_rule(entities()[name], rule, path) for name, rule in merged.items()}, settings)


def known_settings() -> list[str]:
    return list(yaml.safe_load(PROJECT_FILE.read_text(encoding="utf-8"))["vars"])


def presets() -> list[str]:
    return sorted(path.stem for path in PRESETS.glob("*.yml"))


def read_preset(name: str, path: Path) -> dict:
    if name not in presets():
        raise IntakeError(f"{path}: preset '{name}' does not exist{suggestion(name, presets())}")
    return read_yaml(PRESETS / f"{name}.yml")


def read_yaml(path: Path) -> dict:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=UniqueKeys)
    except OSError as error:
        raise IntakeError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise IntakeError(f"{path}: is not UTF-8 text. Save it as UTF-8") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # ValueError: a date such as 2024-13-45
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or error
        raise IntakeError(f"{path}{where}: is not valid YAML ({problem}). Correct it there") from error
    if not isinstance(document, dict):
        raise IntakeError(f"{path}: must hold `preset:` or `entities:`")
    return document


class UniqueKeys(yaml.SafeLoader):
    """YAML in which a key given twice is an error: the second would silently win."""


def construct_unique(loader: UniqueKeys, node: yaml.MappingNode) -> dict:
    seen: set = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, dict | list | set):
            raise yaml.constructor.ConstructorError(None, None, "a key must be a plain text", key_node.start_mark)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"'{key}' is given twice", key_node.start_mark)
        seen.add(key)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, construct_unique)


def merge(base: dict, own: dict, path: Path) -> dict:
    """Entities of the preset with one's own on top: a key of one's own replaces, columns are merged one by one.
    An entity that is null in one's own mapping is not read."""
    if not isinstance(own, dict):
        raise IntakeError(f"{path}: `entities` must name entities, each with its files and columns")
    merged = dict(base)
    for name, rule in own.items():
        if rule is None:
            merged.pop(name, None)
            continue
        if not isinstance(rule, dict):
            raise IntakeError(f"{path}: entity '{name}' must have `files` or `table`, and `columns`")
        for part in ("columns", "format"):
            if not isinstance(rule.get(part) or {}, dict):
                raise IntakeError(f"{path}: entity '{name}': `{part}` must hold lines of the form `name: value`")
        before = base.get(name, {})
        columns = {**before.get("columns", {}), **(rule.get("columns") or {})}
        settings = {**before.get("format", {}), **(rule.get("format") or {})}
        merged[name] = {**before, **rule, "columns": columns, "format": settings}
    return merged


def read_rule(entity: Entity, rule: dict, path: Path) -> EntityRule:
    where = f"{path}: entity '{entity.name}'"
    only_known(rule, ("files", "table", "format", "columns", "fold"), where)
    columns = {}
    for target, source in (rule.get("columns") or {}).items():
        if source is None:  # takes a column of the preset away
            continue
        if target not in entity.columns:
            raise IntakeError(f"{where} has no column '{target}'{suggestion(target, entity.columns)}")
        columns[target] = read_column(source, f"{where}, column '{target}'")
    missing = [name for name, column in entity.columns.items() if column.required and name not in columns]
    if entity.name == "orders" and "customer_email" in columns:
        missing = [name for name in missing if name != "customer_id"]
    if missing:
        raise IntakeError(f"{where}: column '{missing[0]}' is required and mapped to nothing")
    files = as_list(rule.get("files"))
    table = rule.get("table")
    if bool(files) == bool(table):
        raise IntakeError(f"{where}: needs either `files` or `table`")
    return EntityRule(
        entity.name,
        columns,
        files=files,
        table=read_table(table, where) if table else None,
        format=read_format(rule.get("format") or {}, where),
        fold=read_fold(rule["fold"], where) if rule.get("fold") else None,
    )


def read_column(source: object, where: str) -> ColumnRule:
    if isinstance(source, str | int):
        return ColumnRule(column=str(source))
    if not isinstance(source, dict):
        raise IntakeError(f"{where}: name a column of the file, or say `column:` or `constant:`")
    known = tuple(ColumnRule.__dataclass_fields__)
    only_known(source, known, where)
    rule = replace(ColumnRule(), **{key: plain(key, value, where) for key, value in source.items()})
    if sum(value is not None for value in (rule.column, rule.constant, rule.row_number, rule.number_within)) != 1:
        raise IntakeError(f"{where}: needs one of `column`, `constant`, `row_number` and `number_within`")
    if rule.scaled_by is not None and len(rule.scaled_by) != 2:
        raise IntakeError(f"{where}: scaled_by needs two columns")
    if rule.unit not in (None, "cents"):
        raise IntakeError(f"{where}: unit '{rule.unit}' does not exist; the only one is 'cents'")
    return rule


def plain(key: str, value: object, where: str) -> object:
    if key == "values":
        if not isinstance(value, dict):
            raise IntakeError(f"{where}: `values` must hold lines of the form `text in the file: text instead`")
        return {str(name): str(text) for name, text in value.items()}
    if key in ("true_values", "scaled_by", "less"):
        return tuple(str(item) for item in as_list(value))
    return None if value is None else str(value)


def read_format(settings: dict, where: str) -> Format:
    only_known(settings, tuple(Format.__dataclass_fields__), f"{where}, format")
    chosen = {key: tuple(as_list(value)) if key == "header" else str(value) for key, value in settings.items()}
    form = replace(Format(), **chosen)
    if form.delimiter in ("tab", "\\t"):
        form = replace(form, delimiter="\t")
    if form.delimiter != "whitespace" and len(form.delimiter) != 1:
        raise IntakeError(f"{where}: delimiter must be one character, 'tab' or 'whitespace', not '{form.delimiter}'")
    if len(form.quote) != 1 or form.quote == form.delimiter:
        raise IntakeError(f"{where}: quote must be one character that is not the delimiter, not '{form.quote}'")
    if form.header is not None and not form.header:
        raise IntakeError(f"{where}: header must name the columns of a file without one, or be left out")
    if len(form.thousands) > 1:
        raise IntakeError(f"{where}: thousands must be one character, not '{form.thousands}'")
    if form.decimal not in (".", ",") or form.decimal == form.thousands:
        raise IntakeError(f"{where}: decimal must be '.' or ',' and differ from thousands")
    try:
        "".encode(form.encoding)
        codecs.getincrementaldecoder(form.encoding)
    except (LookupError, ValueError) as error:
        raise IntakeError(f"{where}: encoding '{form.encoding}' does not exist; try utf-8 or latin-1") from error
    return form


def read_fold(fold: object, where: str) -> Fold:
    kind = fold.get("kind") if isinstance(fold, dict) else None
    if not isinstance(fold, dict) or kind not in FOLDS:
        raise IntakeError(f"{where}: fold '{kind}' does not exist{suggestion(str(kind), FOLDS)}")
    only_known(fold, ("kind", *FOLD_SETTINGS[kind]), f"{where}, fold")
    for name in FOLD_SETTINGS[kind]:
        if fold.get(name) is None:
            raise IntakeError(f"{where}: fold '{kind}' needs '{name}'")
    return Fold(**{name: str(value) for name, value in fold.items()})


def read_table(table: dict, where: str) -> Table:
    if not isinstance(table, dict):
        raise IntakeError(f"{where}: table needs `name` and `duckdb` (a file) or `postgres` (an environment variable)")
    only_known(table, ("name", "duckdb", "postgres"), f"{where}, table")
    if not table.get("name") or bool(table.get("duckdb")) == bool(table.get("postgres")):
        raise IntakeError(f"{where}: table needs `name` and `duckdb` (a file) or `postgres` (an environment variable)")
    return Table(**{key: str(value) for key, value in table.items() if value is not None})


def as_list(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else (str(value),)


def only_known(given: dict, known: Iterable[str], where: str) -> None:
    known = tuple(known)
    for key in given:
        if key not in known:
            raise IntakeError(f"{where}: '{key}' does not exist{suggestion(str(key), known)}")


def suggestion(name: str, known: Iterable[str]) -> str:
    """What was probably meant, else all there is."""
    known = list(known)
    close = difflib.get_close_matches(str(name), known, n=1)
    more = f" and {len(known) - MOST_SHOWN:,} more" if len(known) > MOST_SHOWN else ""
    return f"; did you mean '{close[0]}'?" if close else f"; there is {', '.join(known[:MOST_SHOWN])}{more}"
