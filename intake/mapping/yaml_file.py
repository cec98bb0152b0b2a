"""YAML files, in which a key given twice is an error and a text is what a person wrote: NO is a word, 007 no seven."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from ..errors import IntakeError

LARGEST = 1_000_000  # bytes of a mapping
MOST_VALUES = 100_000


def read_yaml(path: Path) -> dict:
    """The keys and values of a mapping file. Raises IntakeError with the line that cannot be read."""
    try:
        if path.stat().st_size > LARGEST:
            raise IntakeError(f"{path}: has more than {LARGEST:,} bytes, which is no mapping. Take it away")
        document = load_texts(path.read_text(encoding="utf-8"))
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
        raise IntakeError(
            f"{path}: must hold `preset:`, `entities:` or `settings:`. Where files need no mapping, take it away"
        )
    return document


class UniqueKeys(yaml.SafeLoader):
    """Of a key given twice, YAML lets the second win without a word; and it takes yes, no, on and off for booleans."""


# The tables of SafeLoader are shared by all of its kind: this one has its own.
UniqueKeys.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
UniqueKeys.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|True|TRUE|false|False|FALSE"), list("tTfF"))
PLAIN_TEXT = "tag:yaml.org,2002:str"
NOT_AS_WRITTEN = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float", "timestamp", "value"))


def load_texts(text: str) -> object:
    """The document in texts as they are written, but for single values of its settings, which have types."""
    loader = UniqueKeys(text)
    try:
        root = loader.get_single_node()
        check_size(root)
        if isinstance(root, yaml.MappingNode):
            for key, value in root.value:
                if key.value != "settings":
                    as_written(value)
                elif isinstance(value, yaml.MappingNode):
                    for _, chosen in value.value:
                        if isinstance(chosen, yaml.SequenceNode):  # all lists of settings are lists of words
                            as_written(chosen)
        return None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def check_size(root: yaml.Node | None) -> None:
    """Raises YAMLError where a few lines stand for endless ones: what is named once (&a) may be used again (*a), within
    what is used again."""
    waiting, seen = [root], 0
    while waiting:
        node = waiting.pop()
        seen += 1
        if seen > MOST_VALUES:
            raise yaml.YAMLError(f"it stands for more than {MOST_VALUES:,} values")
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            waiting += [part for pair in node.value for part in pair]


def as_written(node: yaml.Node) -> None:
    """Take the types away that YAML sees in values without quotes, but null, which means that a key is not given."""
    if isinstance(node, yaml.ScalarNode):
        if node.tag in NOT_AS_WRITTEN:
            node.tag = PLAIN_TEXT
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            as_written(item)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            as_written(key)
            as_written(value)


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
