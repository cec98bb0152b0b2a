"""YAML files, in which a key given twice is an error."""

from __future__ import annotations

from pathlib import Path

import yaml

from ..errors import IntakeError


def read_yaml(path: Path) -> dict:
    """The keys and values of a mapping file. Raises IntakeError with the line that cannot be read."""
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
    """Of a key given twice, YAML lets the second win without a word."""


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
