"""A mapping for a file that nobody has described: guessed, with the reason of each guess."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .entities import entities
from .errors import IntakeError
from .find import MAPPING, by_name
from .guessing.names import likeliest_entity, named, preset_of
from .guessing.sample import Sample, read_sample
from .guessing.values import guess, scalar
from .reading.files import EXTENSIONS


def propose(path: Path) -> Iterator[str]:
    """The lines of a mapping.yml with the reasons as comments. Raises IntakeError where nothing can be proposed."""
    files = files_of(path)
    if path.is_dir() and has_orders_by_name(path):
        yield f"# {path} holds orders under their own name: no mapping is needed. Try: make check RAW={path}"
        return
    yield f"# Proposed by make map: guesses, each with its reason. Read them, correct them, save this as {MAPPING}"
    yield "# beside the files, then look at the result with make check."
    missing: list[str] = []
    taken: set[str] = set()
    preset_lines: list[str] = []
    entity_lines: list[str] = []
    for file in files:
        sample = read_sample(file)
        if preset := preset_of(sample.header):
            preset_lines.append(f"preset: {preset}  # {file.name} has the columns of this preset")
            continue
        entity = likeliest_entity(sample.header, taken)
        taken.add(entity)
        entity_lines += proposal(file, sample, entity, missing)
    yield from dict.fromkeys(preset_lines)
    if entity_lines:
        yield "entities:"
        yield from entity_lines
    if missing:
        yield "# Still to be said:"
        yield from (f"#   {line}" for line in missing)


def files_of(path: Path) -> list[Path]:
    """The file itself, or those of a folder that can be read."""
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.name.endswith(EXTENSIONS) and file.is_file())
    if not files:
        raise IntakeError(f"{path}: holds no file that could be mapped ({', '.join(EXTENSIONS)})")
    return files


def has_orders_by_name(folder: Path) -> bool:
    """Whether the folder needs no mapping, and has none."""
    has_mapping = any(file.name == MAPPING for file in folder.iterdir())
    return not has_mapping and any(item.entity.name == "orders" for item in by_name(folder))


def proposal(path: Path, sample: Sample, entity: str, missing: list[str]) -> Iterator[str]:
    """The lines of one entity; what is required and not found is added to `missing`."""
    yield f"  {entity}:"
    yield f"    files: {scalar(path.name)}"
    if form := sample.guesses.form:
        yield f"    format: {{{', '.join(f'{key}: {scalar(value)}' for key, value in form.items())}}}"
        yield from (f"    # {reason}" for reason in sample.guesses.reasons)
    yield "    columns:"
    free = list(sample.header)
    for target, column in entities()[entity].columns.items():
        source = named(target, entity, free)
        if source is None:
            if column.required and not (target == "customer_id" and named("customer_email", entity, free)):
                missing.append(f"{entity}.{target}: which of {', '.join(free)} is it?")
                yield f"      # {target}: required; no column of the file has a name like it"
            continue
        free.remove(source)
        rule, reason = guess(source, sample.values[source], column.kind)
        yield f"      {target}: {rule}  # {reason}"
    if free:
        yield f"    # not used: {', '.join(free)}"
