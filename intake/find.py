"""What a raw folder holds: the files or table of each raw entity, by a mapping or by their own names."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from stammkunde.files import leads_out

from .entities import Entity, entities, entity_of
from .errors import IntakeError, typed
from .mapping import RULE, ColumnRule, EntityRule, Mapping, SourceRules, Table, entity_part, load_mapping
from .origin import MAPPING, OF_PROGRAMS, FoundLookup, Origin, check_inside, shown
from .reading.files import EXTENSIONS, column_names
from .reading.header import Wanted
from .reading.tables import named

CANONICAL = "raw_folder"  # the source of files under the entities' own names
# What preparing writes about lines: those that are no rows, and how many of each file were read and handed on.
OUTCOMES, FILES = "intake_outcomes", "intake_files"
FEWEST_COLUMNS = 3  # of an entity that a file must have to be taken for one
# Endings of tables that are not read here. What lies beside the entities otherwise (notes, checksums) is nobody's data.
UNREAD = (
    ".xls", ".xlsb", ".xlsm", ".ods", ".numbers", ".xml", ".html", ".sql", ".sqlite",
    ".db", ".duckdb", ".dbf", ".zip", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".avro", ".orc", ".feather",
    ".arrow",
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """The rows of one raw entity that one rule reads, as they were found: the rule and the files (none for a table)."""

    entity: Entity
    rule: EntityRule
    files: tuple[Path, ...]
    is_canonical: bool  # under its own name, not by a mapping
    name: str = ""  # of the rule: its entity, or `entity/rule`
    source: str = CANONICAL
    lookups: Dictionary[str, FoundLookup] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """How messages call it."""
        of_source = f"source '{self.source}', " if RULE in self.name else ""
        return f"{of_source}entity '{self.name or self.entity.name}'"


def mapping_of(raw: Path, mapping: Path | None = None) -> Mapping | None:
    """The mapping named, else the one in the raw folder, else none."""
    inside = raw / MAPPING
    if mapping is None and not os.path.lexists(inside) and os.path.exists(raw / "mapping.yaml"):  # noqa: PTH110 - that of Path fails without permission
        raise IntakeError(f"{raw / 'mapping.yaml'}: is not read. Rename it to {MAPPING}")
    chosen = mapping or (inside if os.path.lexists(inside) else None)  # a link that leads nowhere is no missing mapping
    if mapping is None and chosen:
        check_inside(chosen, raw)
    return load_mapping(chosen) if chosen else None


def discover(raw: Path, mapping: Path | None = None, elsewhere: Collection[str] = ()) -> list[Found]:
    """The entities of a raw folder. Those that are had from `elsewhere` may be missing in it.

    Nothing is read that does not lie in the folder: who delivers one could have any file of this machine read.
    """
    check_folder(raw)
    chosen = mapping_of(raw, mapping)
    settings = chosen.settings if chosen else {}
    found = mapped(chosen, raw) if chosen and chosen.sources else by_name(raw, settings)
    for item in found:
        for file in item.files:
            check_inside(file, raw)
    if "orders" not in {*elsewhere, *(item.entity.name for item in found)}:
        if chosen and chosen.sources:
            raise IntakeError(f"{chosen.path}: maps no orders, the one entity that is required")
        there = ", ".join(sorted(path.name for path in raw.iterdir())[:8]) or "nothing"
        raise IntakeError(
            f"no orders in the raw folder {raw} (STAMMKUNDE_RAW): put orders.csv, orders.parquet or a folder orders/ "
            f"there, or a {MAPPING} that says what the files are: make map RAW={typed(raw)} proposes one "
            f"(found: {there})"
        )
    return found


def check_folder(raw: Path) -> None:
    if not raw.is_dir():
        what = "is a file, not a folder" if raw.exists() else "does not exist"
        raise IntakeError(f"raw folder {raw} (STAMMKUNDE_RAW): {what}. Name the folder that holds the exports")
    if not os.access(raw, os.R_OK | os.X_OK):
        raise IntakeError(f"raw folder {raw} (STAMMKUNDE_RAW): permission denied. Give this user the right to read it")


# By a mapping -------------------------------------------------------------------------------------------------------


def mapped(mapping: Mapping, raw: Path) -> list[Found]:
    """What the rules of a mapping read, source by source, and files beside it that are raw entities as they are."""
    found = [item for source in mapping.sources for item in of_source(source, mapping, raw)]
    check_files_have_one_source(mapping, found)
    check_files_were_not_missed(mapping, raw, found)
    return [*found, *canonical_beside(mapping, raw, found)]


def of_source(source: SourceRules, mapping: Mapping, raw: Path) -> list[Found]:
    """What the rules of one source read. Of rules that have names, those whose files or tables are not there read
    nothing; but one of them must."""
    where = f"{mapping.path}: " + (f"source '{source.name}', " if source.is_named else "")
    origin = Origin(source, raw, where)
    lookups = {name: origin.lookup(name, rule) for name, rule in source.lookups.items()}
    found = []
    for name, rule in source.rules.items():
        for fitting, files in origin.readings(name, rule):
            entity = entity_of(entity_part(name), mapping.settings)
            found.append(
                Found(entity, fitting, files, is_canonical=False, name=name, source=source.name, lookups=lookups)
            )
    read = {place for item in found for place in places_of(item.rule.table, item.files)}
    looked_up = {place for lookup in lookups.values() for place in places_of(lookup.rule.table, lookup.files)}
    origin.check_all_are_read(read, looked_up, len(found))
    for item in found:
        if item.rule.needs_time_zone and item.rule.format.time_zone is None:
            raise IntakeError(
                f"{where}entity '{item.name}': its times say no zone, and accounts differ: say which it is, as in "
                f"{source.name}: {{time_zone: Europe/Berlin}}"
            )
        for join in item.rule.join.values():
            check_lookup_is_there(join.to, lookups, f"{where}entity '{item.name}'")
    return found


def places_of(table: Table | None, files: Sequence[Path]) -> list[Path | str]:
    """The files, or the table as messages call it."""
    return [*files, *([shown(table)] if table is not None else [])]


def check_lookup_is_there(name: str, lookups: Dictionary[str, FoundLookup], where: str) -> None:
    lookup = lookups[name]
    if not lookup.files and lookup.rule.table is None and not lookup.rule.optional:
        if lookup.empty:
            raise IntakeError(
                f"{where}: is looked up in '{name}', and {lookup.empty[0]} has no row that can be read. Export it again"
            )
        named = ", ".join([*lookup.rule.files, *lookup.rule.tables])
        raise IntakeError(f"{where}: is looked up in '{name}' ({named}), which is not there. Export it as well")
    for join in lookup.rule.join.values():
        check_lookup_is_there(join.to, lookups, where)


def check_files_have_one_source(mapping: Mapping, found: Sequence[Found]) -> None:
    """Rows of a file or a table that two sources read would count twice."""
    read: dict[tuple[str, str], str] = {}
    for item in found:
        tables = [f"table {named(item.rule.table)}"] if item.rule.table is not None else []
        for place in (*map(os.path.realpath, item.files), *tables):  # a link is no other file
            before = read.setdefault((item.entity.name, place), item.source)
            if before != item.source:
                raise IntakeError(
                    f"{mapping.path}: {place} is read as {item.entity.name} by two sources, {before} and {item.source}"
                    ". Give each a folder or a schema of its own, or name its files"
                )


def canonical_beside(mapping: Mapping, raw: Path, found: Sequence[Found]) -> list[Found]:
    """Entities under their own names that no rule reads, where the files have the columns that they need."""
    read = {os.path.realpath(file) for item in found for file in item.files}
    read |= {os.path.realpath(file) for item in found for lookup in item.lookups.values() for file in lookup.files}
    mapped_entities = {entity_part(name) for name in mapping.entities}
    beside = []
    for entity in (entity_of(name, mapping.settings) for name in entities()):
        files = [file for file in named_like(raw, entity.name) if os.path.realpath(file) not in read]
        if (
            entity.name in mapped_entities
            or not files
            or not all(has_columns_of_entity(file, entity) for file in files)
        ):
            continue
        beside.append(canonical(entity, tuple(files)))
    return beside


def has_columns_of_entity(path: Path, entity: Entity) -> bool:
    required = {column.name for column in entity.columns.values() if column.required}
    try:
        return required <= {column.strip().lower() for column in column_names(path) or ()}
    except (IntakeError, OSError):
        return False


def check_files_were_not_missed(mapping: Mapping, raw: Path, found: Sequence[Found]) -> None:
    """A file that differs from a pattern in upper and lower case only, or lies beside a file that is named and has
    all columns that are read of it, is an error: its rows would be missed without a word."""
    read = {os.path.realpath(file) for item in found for file in item.files}
    for path in sorted(raw.iterdir()):
        if path.name.startswith((*OF_PROGRAMS, "_")) or stem(path) is None or os.path.realpath(path) in read:
            continue
        if leads_out(path, raw):
            continue
        for item in found:
            if RULE in item.name:  # of those, a file may be of a table that nobody needs
                continue
            where = f"{mapping.path}: entity '{item.entity.name}'"
            if any(fnmatchcase(path.name.lower(), pattern.lower()) for pattern in item.rule.files):
                raise IntakeError(
                    f"{where}: {path} would not be read, because its name differs from `files` in upper and lower "
                    "case. Rename it, or write `files` so that it matches"
                )
            are_named = all(not set(pattern) & set("*?[") for pattern in item.rule.files)
            if item.files and are_named and has_columns_of(path, item):
                raise IntakeError(
                    f"{where}: {path} would not be read, but has all columns that are read of {item.files[0].name}. "
                    "Name it in `files` as well, or take it away"
                )


def folders_of(raw: Path, mapping: Mapping | None) -> dict[str, Path]:
    """The folder of each source that is named and has its rows in files."""
    sources = mapping.sources if mapping else ()
    return {
        source.name: Origin(source, raw, "").folder for source in sources if source.is_named and source.schema is None
    }


def not_read(raw: Path, found: Sequence[Found], mapping: Mapping | None = None) -> dict[str, str | None]:
    """Files of a raw folder and of the folders of its sources that look like tables and are not read, with the entity
    all of whose columns they have."""
    tables = [item.rule.table for item in found if item.rule.table is not None]
    known = {file for item in found for file in item.files} | {raw / table.duckdb for table in tables if table.duckdb}
    known |= {file for item in found for lookup in item.lookups.values() for file in lookup.files}
    read = {os.path.realpath(path) for path in known}
    places: dict[Path, str | None] = dict.fromkeys(raw.iterdir())
    for source, folder in folders_of(raw, mapping).items():
        if folder != raw:
            places |= dict.fromkeys(folder.rglob("*"), source)
    beside = {
        path: source
        for path, source in sorted(places.items())
        if path.is_file()
        and not leads_out(path, raw)
        and not path.name.startswith((*OF_PROGRAMS, "_"))
        and (stem(path) is not None or path.name.lower().endswith(UNREAD))
        and os.path.realpath(path) not in read
    }
    return {str(path.relative_to(raw)): entity_with_columns_of(path, source, found) for path, source in beside.items()}


def entity_with_columns_of(path: Path, source: str | None, found: Sequence[Found]) -> str | None:
    """The entity that a source reads of files with the columns that a file has; of any source for one in no folder."""
    near = [item for item in found if item.files and source in (None, item.source)]
    return next((item.entity.name for item in near if has_columns_of(path, item)), None)


def has_columns_of(path: Path, item: Found) -> bool:
    try:
        columns = column_names(path, item.rule.format) or ()
    except (IntakeError, OSError):
        return False  # it is written in another way, or no table
    return Wanted(tuple(item.rule.file_columns())).are_in(columns)


# By their own names -------------------------------------------------------------------------------------------------


def by_name(raw: Path, settings: Dictionary[str, object] | None = None) -> list[Found]:
    """Files named like an entity, and folders named so that hold its parts."""
    found = []
    there = sorted(raw.iterdir())
    for entity in (entity_of(name, settings or {}) for name in entities()):
        folder = raw / entity.name
        named = named_like(raw, entity.name)
        single = [path for path in named if path.parent != folder]
        parts = [path for path in named if path.parent == folder]
        check_nothing_is_passed_over(entity.name, there, folder)
        if len(single) + bool(parts) > 1:
            listed = ", ".join(str(path) for path in [*single, *parts])
            raise IntakeError(
                f"raw entity '{entity.name}' is there more than once in '{raw}': {listed}. "
                f"Keep one file, or put all parts into the folder {entity.name}/"
            )
        if files := tuple(single or parts):
            found.append(canonical(entity, files))
    check_nothing_lies_beside([path for path in there if not leads_out(path, raw)], found)
    return found


def named_like(raw: Path, entity: str) -> list[Path]:
    """The files that are called like an entity, and those in a folder that is."""
    folder = raw / entity
    parts = (
        path
        for path in (folder.iterdir() if folder.is_dir() else ())
        if stem(path) is not None and not path.name.startswith((*OF_PROGRAMS, "_"))
    )
    return [*sorted(path for path in raw.iterdir() if stem(path) == entity), *sorted(parts)]


def canonical(entity: Entity, files: tuple[Path, ...]) -> Found:
    """An entity under its own name."""
    columns = {column: ColumnRule(column=column) for column in entity.columns}
    rule = EntityRule(columns=columns, files=tuple(str(path) for path in files))
    return Found(entity, rule, files, is_canonical=True, name=entity.name)


def stem(path: Path) -> str | None:
    """The name without its ending; None for an ending that is not read."""
    lower = path.name.lower()
    return next((path.name[: -len(ending)] for ending in EXTENSIONS if lower.endswith(ending)), None)


def check_nothing_is_passed_over(entity: str, there: list[Path], folder: Path) -> None:
    """Rows that seem to be given, but would be left out without a word, are an error."""
    named = [path for path in there if path.name.split(".")[0] == entity]
    inside = list(folder.iterdir()) if folder.is_dir() else []
    for path in (*named, *inside):
        if path.name.startswith((*OF_PROGRAMS, "_")) or stem(path) is not None:
            continue
        if path.name.lower().endswith(UNREAD):
            raise IntakeError(f"{path}: such files are not read. Export it as CSV, Parquet or .xlsx, or take it away")
        if not path.exists():
            raise IntakeError(f"{path}: is a link that leads nowhere. Put the file itself there, or take the link away")
        if path.parent == folder and path.is_dir():
            raise IntakeError(
                f"{path}: is a folder within {folder}/ and is not read. Put its files into {folder}/, or name them in "
                f"a {MAPPING} (files: '{entity}/**/*.csv')"
            )


def check_nothing_lies_beside(there: Sequence[Path], found: Sequence[Found]) -> None:
    """A file or folder that would be passed over, and is called like an entity or has its columns, is an error."""
    read = {os.path.realpath(file) for item in found for file in item.files}
    names = {item.entity.name for item in found}
    for path in there:
        if path.name.startswith((*OF_PROGRAMS, "_")) or path.name in entities() or os.path.realpath(path) in read:
            continue
        name = path.name if path.is_dir() else stem(path)
        if name is None or name in entities() or name in (OUTCOMES, FILES):
            continue
        entity, why = alike_by_name(name), "is called like"
        if entity is None and path.is_file():
            entity, why = alike_by_columns(path), "has the columns of"
        if entity is None:
            continue
        joined = (
            f"put it with the other files of {entity} into the folder {entity}/"
            if entity in names
            else (f"call it {entity}{'/' if path.is_dir() else path.name[len(name) :]}")
        )
        raise IntakeError(f"{path}: {why} {entity}, but would not be read. Either {joined}, or take it away")


def alike_by_name(name: str) -> str | None:
    """The entity that a file is probably of: orders_2023, Customers, order-lines (2)."""
    letters = re.sub(r"[^a-z]", "", name.lower())
    return next((entity for entity in entities() if letters == entity.replace("_", "")), None)


def alike_by_columns(path: Path) -> str | None:
    """The entity whose required columns, and three of whose columns, a file has under their own names."""
    try:
        columns = {column.strip().lower() for column in column_names(path) or ()}
    except (IntakeError, OSError):
        return None  # nobody's table, or not readable: it is not taken for rows that are missed
    known = {name: set(entity.columns) & columns for name, entity in entities().items()}
    fitting = [
        name for name, entity in entities().items()
        if len(known[name]) >= FEWEST_COLUMNS
        and all(column.name in columns for column in entity.columns.values() if column.required)
    ]  # fmt: skip
    return max(fitting, key=lambda name: len(known[name]), default=None)
