"""Where a source has its rows: the files of its folder, or the tables of a schema that a loader filled."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from stammkunde.files import leads_out

from .errors import IntakeError
from .mapping import RULE, EntityRule, Format, LastFile, Lookup, SourceRules, Table
from .reading.files import column_names
from .reading.header import Wanted
from .reading.tables import tables_of

MAPPING = "mapping.yml"
OF_PROGRAMS = (".", "~$")  # how files begin that programs leave beside others
ENDINGS_OF_TABLES = (".csv", ".csv.gz", ".parquet", ".json", ".jsonl", ".jsonl.gz")  # of files that loaders write


@dataclass(frozen=True)
class FoundLookup:
    """What rows are looked up in: its rule and the files, none for a table, and where it is optional and absent."""

    name: str
    rule: Lookup
    files: tuple[Path, ...]
    empty: tuple[Path, ...] = ()  # files without rows that can be read


@dataclass
class Origin:
    """The place of one source. Raises IntakeError for what is not there."""

    source: SourceRules
    raw: Path
    where: str
    known: dict[tuple[Path, Format], tuple[str, ...] | None] = field(default_factory=dict)  # columns of files
    # Files and tables, each with rules and the columns that it lacks for them.
    unfit: dict[Path | str, list[tuple[str, list[str]]]] = field(default_factory=dict)

    @cached_property
    def folder(self) -> Path:
        """The folder that the source names, else one that is called like it, else the raw folder."""
        if self.source.folder:
            named = self.raw / self.source.folder
            if Path(self.source.folder).is_absolute() or ".." in Path(self.source.folder).parts:
                raise IntakeError(f"{self.where}folder '{self.source.folder}' leads out of the raw folder")
            if not named.is_dir():
                raise IntakeError(f"{self.where}folder {named} does not exist. Put the files there, or correct it")
            check_inside(named, self.raw)
            return named
        own = self.raw / self.source.name
        return own if self.source.is_named and own.is_dir() and not leads_out(own, self.raw) else self.raw

    @cached_property
    def tables(self) -> Dictionary[str, tuple[str, ...]]:
        """The tables of the schema with their columns, by lower-case name."""
        return tables_of(self.source.schema, self.raw) if self.source.schema else {}

    def readings(self, name: str, rule: EntityRule) -> list[tuple[EntityRule, tuple[Path, ...]]]:
        """A rule with the files that it reads, or with its table; nothing where a rule with a name has none."""
        if rule.table is not None:
            return [(rule, ())]
        if self.source.schema is not None:
            return [(rule.model_copy(update={"table": table, "files": (), "tables": ()}), ()) for table in
                    self.fitting_tables(rule.tables, rule.file_columns(), name)]  # fmt: skip
        files = self.files(rule.files, rule.tables, f"{self.where}entity '{name}'")
        if not isinstance(rule.fold, LastFile):
            files = sorted(files)
        if RULE in name:
            files = [file for file in files if self.fits(file, name, rule)]
            return [(rule, tuple(files))] if files else []
        if not files:
            raise IntakeError(
                f"{self.where}entity '{name}': no file in {self.folder} matches {', '.join(rule.files)}. Put it there, "
                "or correct `files`"
            )
        return [(rule, tuple(files))]

    def lookup(self, name: str, rule: Lookup) -> FoundLookup:
        if rule.table is not None:
            return FoundLookup(name, rule, ())
        if self.source.schema is not None:
            tables = self.fitting_tables(rule.tables, rule.file_columns(), f"lookup '{name}'")
            return FoundLookup(name, rule.model_copy(update={"table": tables[0] if tables else None}), ())
        wanted = Wanted(tuple(rule.file_columns()))
        files = self.files(rule.files, rule.tables, f"{self.where}lookup '{name}'")
        fitting, empty = [], []
        for file in sorted(files):
            known = self.columns_of(file, rule)
            if known == ():
                empty.append(file)
            elif missing := wanted.missing_in(known or wanted.required):
                self.unfit.setdefault(file, []).append((f"lookup '{name}'", missing))
            else:
                fitting.append(file)
        return FoundLookup(name, rule, tuple(fitting), tuple(empty))

    def fitting_tables(self, names: Sequence[str], columns: Sequence[str], rule: str) -> list[Table]:
        """The first of the tables that is in the schema and has the columns."""
        schema, wanted = self.source.schema, Wanted(tuple(columns))
        for name in names if schema else ():
            there = self.tables.get(name.lower())
            if schema and there and wanted.are_in(there):
                return [schema.table(name)]
            if schema and there:
                self.unfit.setdefault(shown(schema.table(name)), []).append((rule, wanted.missing_in(there)))
        return []

    def files(self, patterns: Sequence[str], tables: Sequence[str], where: str) -> list[Path]:
        """The files that patterns match, or that are called like tables, each once in their order."""
        wanted = patterns or [f"{table}{ending}" for table in tables for ending in ENDINGS_OF_TABLES]
        found = dict.fromkeys(path for pattern in wanted for path in matches(self.folder, pattern, where))
        for file in found:
            check_inside(file, self.raw)
        return list(found)

    def fits(self, file: Path, name: str, rule: EntityRule) -> bool:
        """Whether a file has the columns of a rule with a name."""
        known = self.columns_of(file, rule)
        missing = [] if known is None else Wanted(tuple(rule.file_columns())).missing_in(known)
        if missing:
            self.unfit.setdefault(file, []).append((name, missing if known else []))
        return not missing

    def columns_of(self, file: Path, rule: EntityRule | Lookup) -> tuple[str, ...] | None:
        """The columns of a file; None where they are known only once it is read. To know those of JSON it is read
        whole: once, however many rules ask."""
        if (file, rule.format) not in self.known:
            with tempfile.TemporaryDirectory(prefix="stammkunde_") as work:
                self.known[file, rule.format] = column_names(file, rule.format, Path(work))
        return self.known[file, rule.format]

    def check_all_are_read(self, read: set[Path | str], looked_up: set[Path | str], rules: int) -> None:
        """A file that is called like those of a rule, and has the columns of none, would be passed over. `looked_up`:
        files of lookups, which are missed only by rules for the same export."""
        for file, rules_without in self.unfit.items():
            if file in looked_up:
                rules_without = [one for one in rules_without if self.is_looked_up_too(one[0])]
            if file in read or not any(missing for _, missing in rules_without):  # without rows nothing is missed
                continue
            name, missing = min(
                ((name, missing) for name, missing in rules_without if missing), key=lambda one: len(one[1])
            )
            raise IntakeError(
                f"{self.where}{file}: is not as {name} needs it: column '{missing[0]}' is not there. Export it with "
                "that column, name it in `files` of another rule, or take it away"
            )
        if not rules and any(RULE in name for name in self.source.rules):
            place = f"schema {self.source.schema.name}" if self.source.schema else self.folder
            named = {name for rule in self.source.rules.values() for name in (*rule.files, *rule.tables)}
            there = sorted(self.tables) if self.source.schema else sorted(path.name for path in self.folder.iterdir())
            raise IntakeError(
                f"{self.where}nothing in {place} is what it reads: {', '.join(sorted(named)[:12])}. Put it there, or "
                f"take the source away (found: {', '.join(there[:8]) or 'nothing'})"
            )

    def is_looked_up_too(self, name: str) -> bool:
        """Whether a rule expects the same files as a lookup."""
        rule = self.source.rules.get(name)
        lookups = self.source.lookups.values()
        return rule is not None and any((rule.files, rule.tables) == (one.files, one.tables) for one in lookups)


def shown(table: Table) -> str:
    """How messages call a table of a schema."""
    return f"table '{table.name}'"


def matches(folder: Path, pattern: str, where: str) -> list[Path]:
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise IntakeError(
            f"{where}: files '{pattern}' lead out of the raw folder. Put the files into it, and name them from there"
        )
    try:
        found = [path for path in folder.glob(pattern) if path.name != MAPPING]
    except (NotImplementedError, ValueError) as error:
        raise IntakeError(f"{where}: files '{pattern}' is no pattern under the raw folder ({error})") from error
    return sorted(path for path in found if not path.name.startswith(OF_PROGRAMS) or path.name == Path(pattern).name)


def check_inside(path: Path, raw: Path) -> None:
    """Raises IntakeError for what lies elsewhere, as a link or a folder that is one may say."""
    if path.exists() and leads_out(path, raw):
        raise IntakeError(
            f"{path}: is or lies in a link that leads out of the raw folder, and is not read. Put the file itself "
            "there, or name the folder that holds it as the raw folder"
        )
