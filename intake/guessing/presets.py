"""Which presets the files of a folder are for: by the columns of their rules, and by the names of files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import IntakeError
from ..mapping import RULE, EntityRule, Lookup, entity_part, load_preset, presets
from ..origin import ENDINGS_OF_TABLES
from ..reading.files import column_names
from ..reading.header import Wanted
from ..reading.json_files import is_json

# A file of another name than those of a rule is recognised by as many columns: fewer are in files of many systems.
FEWEST_COLUMNS = 4


@dataclass
class Recognised:
    """The files of one folder that one preset reads, with the rules that read each; a lookup is no rule."""

    preset: str
    folder: str  # within the raw folder; "" for itself
    files: dict[str, list[str]] = field(default_factory=dict)  # names of rules by that of the file

    def rules(self) -> list[EntityRule]:
        known = load_preset(self.preset).rules
        return [known[name] for name in dict.fromkeys(name for names in self.files.values() for name in names)]

    def renamed(self) -> dict[str, list[str]]:
        """The files of each rule that are called otherwise than the preset expects."""
        known = load_preset(self.preset).rules
        found: dict[str, list[str]] = {}
        for file, names in self.files.items():
            if names and not any(is_called_like(file, known[name]) for name in names):
                for name in names:
                    found.setdefault(name, []).append(file)
        return found

    def needs_time_zone(self) -> bool:
        return any(rule.needs_time_zone for rule in self.rules())


@cache
def preset_rules() -> tuple[tuple[str, str, EntityRule], ...]:
    """All rules of all presets: the preset, the name of the rule, and the rule."""
    return tuple((preset, name, rule) for preset in presets() for name, rule in load_preset(preset).rules.items())


def preset_of(path: Path, header: Sequence[str]) -> str | None:
    """The preset of which a rule has all its columns in a file; of several one that expects its name, then the one
    that needs most of its columns. None where no rule fits."""
    columns = Columns(path, header)
    fitting = [
        (is_called_like(path.name, rule), len(wanted), preset)
        for preset, _, rule in preset_rules()
        if (wanted := rule.file_columns())
        and (len(wanted) >= FEWEST_COLUMNS or is_called_like(path.name, rule))
        and Wanted(tuple(wanted)).are_in(columns.of(rule))
    ]
    return max(fitting, default=(False, 0, None))[2]


def rules_of(preset: str, path: Path, header: Sequence[str]) -> list[str]:
    """The rules of a preset that read a file: those that expect its name; none for a lookup, whose columns may be those
    of a rule by chance; else those whose columns it has."""
    columns = Columns(path, header)
    fitting = {
        name: rule
        for name, rule in load_preset(preset).rules.items()
        if Wanted(tuple(rule.file_columns())).are_in(columns.of(rule))
    }
    called = [name for name, rule in fitting.items() if is_called_like(path.name, rule)]
    if not called and is_lookup(preset, path, header):
        return []
    most = max((len(rule.file_columns()) for rule in fitting.values()), default=0)
    return called or [name for name, rule in fitting.items() if len(rule.file_columns()) == most]


def is_lookup(preset: str, path: Path, header: Sequence[str]) -> bool:
    """Whether a file is called like one in which a preset looks something up, and has the key for it."""
    columns = Columns(path, header)
    return any(
        is_called_like(path.name, lookup) and Wanted(tuple(lookup.file_columns())).are_in(columns.of(lookup))
        for lookup in load_preset(preset).lookups.values()
    )


def is_called_like(name: str, rule: EntityRule | Lookup) -> bool:
    tables = (f"{table}{ending}" for table in rule.tables for ending in ENDINGS_OF_TABLES)
    return any(fnmatch(name, pattern) for pattern in rule.files or tables)


@dataclass
class Columns:
    """The columns of a file, which in JSON depend on where a rule expects the rows."""

    path: Path
    header: Sequence[str]
    known: dict[str, Sequence[str]] = field(default_factory=dict)

    def of(self, rule: EntityRule | Lookup) -> Sequence[str]:
        if not is_json(self.path):
            return self.header
        if rule.format.rows not in self.known:
            self.known[rule.format.rows] = self.read(rule)
        return self.known[rule.format.rows]

    def read(self, rule: EntityRule | Lookup) -> Sequence[str]:
        with TemporaryDirectory(prefix="stammkunde_") as work:
            try:
                return column_names(self.path, rule.format, Path(work)) or ()
            except IntakeError:  # the rows are not where this rule expects them
                return ()


def source_lines(found: Sequence[Recognised]) -> Iterator[str]:
    """The sources as a mapping writes them."""
    yield "sources:"
    names = [item.preset for item in found]
    for item in found:
        is_alone = names.count(item.preset) == 1
        name = item.preset if is_alone else f"{item.preset}_{item.folder.replace('/', '_') or 'files'}"
        said = own_keys(item, is_called_otherwise=name != item.preset)
        listed = ", ".join(sorted(item.files))
        yield f"  {name}:  # {listed}: the columns of this preset"
        yield from (f"    {line}" for line in said)
        if item.needs_time_zone():
            yield "    # time_zone: Europe/Berlin  # its times say no zone: take the # away, and name the right one"


def own_keys(item: Recognised, *, is_called_otherwise: bool) -> Iterator[str]:
    """What of a source differs from what its preset expects."""
    if is_called_otherwise:
        yield f"preset: {item.preset}"
    if item.folder and (item.folder != item.preset or is_called_otherwise):
        yield f"folder: {item.folder}"
    if renamed := item.renamed():
        yield "entities:"
        by_entity: dict[str, dict[str, Any]] = {}
        for name, files in renamed.items():
            by_entity.setdefault(entity_part(name), {})[name] = files
        for entity, rules in by_entity.items():
            yield f"  {entity}:"
            if RULE in next(iter(rules)):
                yield "    rules:"
            for name, files in rules.items():
                written = "[" + ", ".join(f'"{file}"' for file in files) + "]"
                yield f"      {name.split(RULE)[1]}: {{files: {written}}}" if RULE in name else f"    files: {written}"
