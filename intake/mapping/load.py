"""A mapping file with its preset, judged as one."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from ..errors import IntakeError
from .messages import explained, suggestion
from .rules import Document, EntityRule
from .yaml_file import read_yaml

PRESETS = Path(__file__).resolve().parents[1] / "presets"
MERGED_PARTS = ("columns", "format", "leave_out")  # of an entity: their lines are merged one by one


@dataclass(frozen=True)
class Mapping:
    """The rule of each entity, the settings of docs/settings.md for this shop, and the file they were read from."""

    path: Path
    entities: Dictionary[str, EntityRule]
    settings: Dictionary[str, object]


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file with its preset. Raises IntakeError for anything that is impossible."""
    own = read_yaml(path)
    preset = {} if own.get("preset") is None else read_preset(str(own["preset"]), path)
    entities = merged(preset.get("entities") or {}, own.get("entities") or {}, path)
    settings = own.get("settings")
    if preset.get("settings") and isinstance(settings or {}, dict):  # one's own come before those of the preset
        settings = {**preset["settings"], **(settings or {})}
    return judged({**own, "entities": entities, "settings": settings}, path)


def load_preset(name: str) -> Mapping:
    """A preset alone."""
    path = PRESETS / f"{name}.yml"
    return judged(read_yaml(path), path)


def presets() -> list[str]:
    return sorted(path.stem for path in PRESETS.glob("*.yml"))


def read_preset(name: str, path: Path) -> dict:
    if name not in presets():
        raise IntakeError(f"{path}: preset '{name}' does not exist{suggestion(name, presets())}")
    return read_yaml(PRESETS / f"{name}.yml")


def judged(document: dict, path: Path) -> Mapping:
    try:
        found = Document.model_validate(document)
    except ValidationError as error:
        raise IntakeError(explained(error, path)) from error
    if not found.entities and not found.settings:
        raise IntakeError(f"{path}: maps nothing. Name a preset ({', '.join(presets())}), entities or settings")
    return Mapping(path, found.entities, found.settings)


def merged(base: dict, own: object, path: Path) -> dict:
    """Entities of the preset with one's own on top: a key of one's own replaces, columns and rules are merged one by
    one. An entity that is null in one's own mapping is not read; a column or a rule that is null is taken away.

    Shapes that merging needs are judged here, by hand: a part of a mapping is no whole one, and could not be validated.
    """
    if not isinstance(own, dict):
        raise IntakeError(f"{path}: `entities` must name entities, each with its files and columns")
    rules = dict(base)
    for name, rule in own.items():
        if rule is None:
            rules.pop(name, None)
            continue
        if not isinstance(rule, dict):
            raise IntakeError(f"{path}: entity '{name}' must have `files` or `table`, and `columns`")
        before = base.get(name, {})
        parts = {}
        for part in MERGED_PARTS:
            if not isinstance(rule.get(part) or {}, dict):
                raise IntakeError(f"{path}: entity '{name}': `{part}` must hold lines of the form `name: value`")
            together = {**before.get(part, {}), **(rule.get(part) or {})}
            parts[part] = {str(key): value for key, value in together.items() if value is not None}
        rules[str(name)] = {**before, **rule, **parts}
    return rules
