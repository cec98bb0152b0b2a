"""A mapping file: its sources, each with its preset, judged as one."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..entities import entities
from ..errors import IntakeError
from .columns import ColumnRule
from .joins import Lookup
from .messages import explained, suggestion
from .rules import RULE, Document, EntityRule, Place, entity_part
from .sources import Schema
from .yaml_file import read_yaml

PRESETS = Path(__file__).resolve().parents[1] / "presets"
MERGED_PARTS = ("columns", "format", "leave_out", "join")  # of a rule: their lines are merged one by one
SOURCE_SYSTEM = "source_system"  # a column of entities whose numbers are those of a system
OF_MAPPING = "mapping"  # the name of what a mapping says without a preset


@dataclass(frozen=True)
class SourceRules:
    """One source: where its files or tables are, and how they are read. A rule is named by its entity, or as
    `entity/rule` where several feed one; of those with a name, files may be missing."""

    name: str
    rules: Dictionary[str, EntityRule]
    lookups: Dictionary[str, Lookup] = field(default_factory=dict)
    folder: str = ""
    schema: Schema | None = None
    is_named: bool = True  # in `sources`; else it is the mapping itself
    settings: Dictionary[str, object] = field(default_factory=dict)  # of a preset

    def of(self, entity: str) -> list[EntityRule]:
        """The rules that feed an entity."""
        return [rule for name, rule in self.rules.items() if entity_part(name) == entity]


@dataclass(frozen=True)
class Mapping:
    """The sources, the settings of docs/settings.md for this shop, and the file they were read from."""

    path: Path
    sources: tuple[SourceRules, ...]
    settings: Dictionary[str, object]

    @property
    def entities(self) -> dict[str, EntityRule]:
        """The rules of the mapping itself, without those of `sources`."""
        return {name: rule for source in self.sources if not source.is_named for name, rule in source.rules.items()}


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file with its presets. Raises IntakeError for anything that is impossible."""
    own = read_yaml(path)
    settings = own.get("settings")
    sources = []
    for name, given in named_sources(own.pop("sources", None), path):
        place, rest = placed(given, path, name)
        document, rules = judged_source(
            {"preset": name, **rest, "settings": settings}, path, place, f"source '{name}': "
        )
        settings = with_defaults(settings, document.settings)
        rules = {of: with_its_source(of, rule, name) for of, rule in rules.items()}
        sources.append(SourceRules(name, rules, document.lookups, place.folder, place.tables_of))
    document, rules = judged_source({**own, "settings": settings}, path, Place())
    if rules:
        name = document.preset or OF_MAPPING
        if any(source.name == name for source in sources):
            raise IntakeError(f"{path}: '{name}' is one of `sources` and the mapping itself: say it at one place")
        sources.append(SourceRules(name, rules, document.lookups, is_named=False))
    if not sources and not document.settings:
        raise IntakeError(f"{path}: maps nothing. Name a preset ({', '.join(presets())}), entities or settings")
    return Mapping(path, tuple(sources), document.settings)


def with_its_source(of: str, rule: EntityRule, source: str) -> EntityRule:
    """A rule whose rows say where they are from: by default in the name of their source. Numbers of two systems may be
    the same, and are told apart by it."""
    if SOURCE_SYSTEM not in entities()[entity_part(of)].columns or SOURCE_SYSTEM in rule.columns:
        return rule
    return rule.model_copy(update={"columns": {**rule.columns, SOURCE_SYSTEM: ColumnRule(constant=source)}})


def load_preset(name: str) -> SourceRules:
    """A preset alone."""
    path = PRESETS / f"{name}.yml"
    document, rules = judged_source(read_yaml(path), path, Place())
    return SourceRules(name, rules, document.lookups, settings=document.settings)


def presets() -> list[str]:
    return sorted(path.stem for path in PRESETS.glob("*.yml"))


def read_preset(name: str, path: Path) -> dict:
    if name not in presets():
        raise IntakeError(f"{path}: preset '{name}' does not exist{suggestion(name, presets())}")
    return read_yaml(PRESETS / f"{name}.yml")


# Sources ------------------------------------------------------------------------------------------------------------


def named_sources(given: object, path: Path) -> Iterator[tuple[str, dict]]:
    """The sources by their names: a list of presets, or names with what is to be said of each."""
    if given is None:
        return
    if isinstance(given, list) and all(isinstance(name, str) for name in given):
        given = dict.fromkeys(given)
    if not isinstance(given, dict):
        raise IntakeError(f"{path}: `sources` must be a list of presets, or lines of the form `name: {{preset: ...}}`")
    for name, source in given.items():
        if RULE in str(name):
            raise IntakeError(f"{path}: source '{name}' must not have '{RULE}' in its name")
        if isinstance(source, str):
            source = {"preset": source}
        if source is not None and not isinstance(source, dict):
            raise IntakeError(f"{path}: source '{name}': {Place.no_dictionary}")
        yield str(name), source or {}


def placed(given: dict, path: Path, name: str) -> tuple[Place, dict]:
    """What is said of the place of a source, and the rest, which is a mapping of its own."""
    keys = {"folder", "schema", "time_zone"}
    known = [*keys, *Document.model_fields]
    if unknown := [str(key) for key in given if key not in known]:
        raise IntakeError(f"{path}: source '{name}': '{unknown[0]}' does not exist{suggestion(unknown[0], known)}")
    try:
        place = Place.model_validate({key: value for key, value in given.items() if key in keys})
    except ValidationError as error:
        raise IntakeError(explained(error, path).replace(f"{path}", f"{path}: source '{name}'", 1)) from error
    return place, {key: value for key, value in given.items() if key not in keys}


def judged_source(own: dict, path: Path, place: Place, where: str = "") -> tuple[Document, dict[str, EntityRule]]:
    """The rules of a source with those of its preset."""
    preset = {} if own.get("preset") is None else preset_named(str(own["preset"]), own, path)
    entities = merged(preset.get("entities") or {}, own.get("entities") or {}, path)
    if place.time_zone is not None:
        entities = {name: in_time_zone(rule, place.time_zone) for name, rule in entities.items()}
    whole = {
        **{key: value for key, value in own.items() if key != "preset"},
        "preset": own.get("preset") if preset else None,
        "entities": entities,
        "lookups": merged_lookups(preset.get("lookups") or {}, own.get("lookups") or {}, path),
        "settings": with_defaults(own.get("settings"), preset.get("settings")),
    }
    try:
        document = Document.model_validate(whole)
    except ValidationError as error:
        raise IntakeError(explained(error, path).replace(f"{path}: ", f"{path}: {where}", 1)) from error
    return document, document.entities


def preset_named(name: str, own: dict, path: Path) -> dict:
    """A preset; none for a source of one's own that has rules and is not called like one."""
    if name not in presets() and own.get("entities") and any(map(has_origin, flat(own["entities"], path).values())):
        return {}
    return read_preset(name, path)


def in_time_zone(rule: dict, time_zone: str) -> dict:
    return {**rule, "format": {**(rule.get("format") or {}), "time_zone": time_zone}}


def with_defaults(own: Any, defaults: Any) -> Any:
    """Settings, of which one's own come before those of a preset."""
    return {**defaults, **(own or {})} if isinstance(defaults, dict) and isinstance(own or {}, dict) else own


# Rules --------------------------------------------------------------------------------------------------------------


def merged(base: object, own: object, path: Path) -> dict:
    """Rules of the preset with one's own on top: a key of one's own replaces, columns and rules are merged one by one.
    An entity that is null in one's own mapping is not read; a column or a rule that is null is taken away.

    Shapes that merging needs are judged here, by hand: a part of a mapping is no whole one, and could not be validated.
    """
    rules = flat(base, path)
    of_preset = dict(rules)
    for name, rule in flat(own, path, rules).items():
        if rule is None:
            rules = {known: kept for known, kept in rules.items() if name not in (known, entity_part(known))}
        else:
            rules[name] = on_top(rules.get(name) or {}, rule, path, name)
            check_is_known(name, rule, of_preset, path)
    return rules


def has_origin(rule: dict | None) -> bool:
    """Whether a rule says itself what it reads, and is no change of another one."""
    return any((rule or {}).get(key) for key in ("files", "tables", "table"))


def check_is_known(name: str, rule: dict, known: Dictionary[str, dict | None], path: Path) -> None:
    """Raises IntakeError for a change of what is not there: a rule, or a line that is to be taken away."""
    of_entity = {other: lines or {} for other, lines in known.items() if entity_part(other) == entity_part(name)}
    if RULE in name and of_entity and name not in of_entity and not has_origin(rule):
        rules = [other.split(RULE)[1] for other in of_entity if RULE in other]
        entity, own = name.split(RULE)
        raise IntakeError(f"{path}: entity '{entity}': rule '{own}' does not exist{suggestion(own, rules)}")
    for part in MERGED_PARTS:
        there = {str(line) for lines in of_entity.values() for line in lines.get(part) or {}}
        for line, value in (rule.get(part) or {}).items():
            if value is None and there and str(line) not in there:
                raise IntakeError(
                    f"{path}: entity '{name}': `{part}` has no '{line}' that could be taken away"
                    f"{suggestion(str(line), sorted(there))}"
                )


def merged_lookups(base: dict, own: object, path: Path) -> dict:
    """Lookups of the preset with one's own on top, key by key; one that is null is taken away."""
    if not isinstance(own, dict) or any(not isinstance(lookup or {}, dict) for lookup in own.values()):
        raise IntakeError(f"{path}: `lookups` must name lookups, each with `files` or `tables`, and `by`")
    together = {**base, **{name: lookup and {**(base.get(name) or {}), **lookup} for name, lookup in own.items()}}
    return {str(name): lookup for name, lookup in together.items() if lookup is not None}


def flat(given: object, path: Path, known: Dictionary[str, object] | None = None) -> dict:
    """Rules by `entity`, or by `entity/rule`, with what stands beside `rules` in each of them; what is said of an
    entity alone holds for all of its rules that are `known`."""
    if not isinstance(given, dict):
        raise IntakeError(f"{path}: `entities` must name entities, each with its files and columns")
    found: dict = {}
    for entity, rule in given.items():
        if rule is not None and not isinstance(rule, dict):
            raise IntakeError(f"{path}: entity '{entity}' must have `files` or `table`, and `columns`")
        of_preset = [name for name in known or () if name != entity and entity_part(name) == entity]
        if rule is None or ("rules" not in rule and not of_preset):
            found[str(entity)] = rule
            continue
        rules = rule.get("rules") or {}
        if isinstance(rules, dict):
            rules = {**{name.split(RULE)[1]: {} for name in of_preset}, **rules}
        if not isinstance(rules, dict) or any(not isinstance(one or {}, dict) for one in rules.values()):
            raise IntakeError(f"{path}: entity '{entity}': `rules` must hold lines of the form `name: {{files: ...}}`")
        shared = {key: value for key, value in rule.items() if key != "rules"}
        for name, one in rules.items():
            whole = f"{entity}{RULE}{name}"
            # A null is kept until it has taken the line of the preset away.
            found[whole] = None if one is None else on_top(shared, one, path, whole, keep_nulls=known is not None)
    return found


def on_top(before: dict, rule: dict, path: Path, name: str, *, keep_nulls: bool = False) -> dict:
    """A rule with another below it."""
    parts = {}
    for part in MERGED_PARTS:
        if not isinstance(rule.get(part) or {}, dict):
            raise IntakeError(f"{path}: entity '{name}': `{part}` must hold lines of the form `name: value`")
        parts[part] = keys_on_top(before.get(part) or {}, rule.get(part) or {}, keep_nulls=keep_nulls)
    return {**before, **rule, **parts}


def keys_on_top(before: dict, own: dict, *, keep_nulls: bool = False) -> dict:
    """Lines of the form `name: value` with others below them; a null takes a line away. Translations of a column
    (`values`) are lines of that kind themselves."""
    together = {**{str(key): value for key, value in before.items()}, **{str(key): value for key, value in own.items()}}
    for key, value in together.items():
        below = before.get(key)
        if not (isinstance(value, dict) and isinstance(below, dict) and "values" in value and "values" in below):
            continue
        whole = value if "column" in value or "text" in value else {**below, **value}
        if whole.get("column") == below.get("column"):
            own_words = {str(word).strip().lower() for word in value["values"]}
            kept = {word: meant for word, meant in below["values"].items() if word.strip().lower() not in own_words}
            together[key] = {**whole, "values": keys_on_top(kept, value["values"])}
    return {key: value for key, value in together.items() if value is not None or keep_nulls}
