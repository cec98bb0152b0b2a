"""A mapping for files that nobody has described: guessed, with the reason of each guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import yaml

from stammkunde.settings import defaults

from .converting.source import letters
from .entities import entities
from .errors import IntakeError
from .find import MAPPING, by_name
from .guessing.names import is_refund, likeliest_entity, named, preset_of
from .guessing.sample import Sample, read_sample
from .guessing.settings import Proposed, proposed_settings
from .guessing.shape import fold_of, parent_of, refund_rows
from .guessing.states import states_in, translations_of
from .guessing.values import Guess, guess
from .mapping import load_preset
from .reading.files import EXTENSIONS
from .states import State, valued


@dataclass
class Proposal:
    """The parts of a mapping.yml as far as they are found."""

    presets: list[str] = field(default_factory=list)
    entities: list[str] = field(default_factory=list)
    settings: dict[str, Proposed] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)  # what a person must still say
    taken: set[str] = field(default_factory=set)


def propose(path: Path) -> Iterator[str]:
    """The lines of a mapping.yml with the reasons as comments. Raises IntakeError where nothing can be proposed."""
    groups = alike(files_of(path))
    if path.is_dir() and needs_no_mapping(path):
        yield f"# {path} holds orders under their own name and with their own columns: no mapping is needed."
        yield f"# Try: make check RAW={path}"
        return
    proposal = Proposal()
    folder = path if path.is_dir() else path.parent
    # Orders first: what is left is then easier to tell.
    for files, sample in sorted(groups, key=lambda group: preset_of(group[1].header) is None):
        names = [str(file.relative_to(folder)) for file in files]
        if preset := preset_of(sample.header):
            add_preset(proposal, preset, names, sample)
            continue
        entity = likeliest_entity(names[0], sample.header, proposal.taken)
        proposal.taken.add(entity)
        add_entity(proposal, entity, files, names, sample)
    yield from written(proposal)


def written(proposal: Proposal) -> Iterator[str]:
    yield f"# Proposed by make map: guesses, each with its reason. Read them, correct them, save this as {MAPPING}"
    yield "# beside the files, then look at the result with make check."
    yield from dict.fromkeys(proposal.presets)
    if proposal.entities:
        yield "entities:"
        yield from proposal.entities
    if proposal.settings:
        is_sure = any(setting.is_sure for setting in proposal.settings.values())
        yield "settings:" if is_sure else "# settings:"
        for setting in proposal.settings.values():
            yield f"  {setting.line()}" if setting.is_sure or is_sure else f"#   {setting.line().removeprefix('# ')}"
    if proposal.missing:
        yield "# Still to be said:"
        yield from (f"#   {line}" for line in proposal.missing)


# Files --------------------------------------------------------------------------------------------------------------


def files_of(path: Path) -> list[Path]:
    """The file itself, or those of a folder and of the folders in it that can be read."""
    if not path.is_dir():
        return [path]
    files = sorted(
        file
        for file in (*path.glob("*"), *path.glob("*/*"))
        if file.name.lower().endswith(EXTENSIONS) and file.is_file() and not file.name.startswith((".", "_"))
    )
    if not files:
        raise IntakeError(f"{path}: holds no file that could be mapped ({', '.join(EXTENSIONS)})")
    return files


def alike(files: list[Path]) -> list[tuple[list[Path], Sample]]:
    """Files in groups of those with the same columns, each with what the first one looks like."""
    groups: dict[tuple, tuple[list[Path], Sample]] = {}
    for file in files:
        sample = read_sample(file)
        key = (tuple(sorted(letters(column) for column in sample.header)), file.parent, str(sample.guesses.form))
        groups.setdefault(key, ([], sample))[0].append(file)
    return list(groups.values())


def needs_no_mapping(folder: Path) -> bool:
    """Whether the folder has no mapping, and files under the names of entities with the columns that these need."""
    if any(file.name == MAPPING for file in folder.iterdir()):
        return False
    try:
        found = by_name(folder)
    except IntakeError:
        return False
    if not any(item.entity.name == "orders" for item in found):
        return False
    for item in found:
        required = {column.name for column in item.entity.columns.values() if column.required}
        for file in item.files:
            if not required <= {column.strip().lower() for column in read_sample(file).header}:
                return False
    return True


# Parts of a mapping -------------------------------------------------------------------------------------------------


def add_preset(proposal: Proposal, preset: str, names: list[str], sample: Sample) -> None:
    """A preset, with the names and the writing of the files where it does not say them."""
    proposal.presets.append(f"preset: {preset}  # {', '.join(names)}: the columns of this preset")
    for entity, rule in load_preset(preset).entities.items():
        proposal.taken.add(entity)
        is_found = all(any(fnmatch(name, pattern) for pattern in rule.files) for name in names)
        if is_found and not sample.guesses.form:
            continue
        proposal.entities.append(f"  {entity}:")
        if not is_found:
            proposal.entities.append(f"    files: {flow(names[0] if len(names) == 1 else names)}")
        proposal.entities += form_lines(sample)


def add_entity(proposal: Proposal, entity: str, files: list[Path], names: list[str], sample: Sample) -> None:
    """An entity with all its columns; what is required and not found is to be said by a person."""
    free = list(sample.header)
    rules = rules_of(entity, sample, free)
    if entity == "orders":
        for setting in proposed_settings(sample, rules):
            proposal.settings.setdefault(setting.name, setting)
        states = states_in(files, sample, rules, defaults())
        columns = {letters(column) for column in sample.header}
        if words := translations_of([state.text for state in states], columns):
            rules["status"] = Guess({**rules["status"].rule, "values": words}, rules["status"].reason)
    else:
        states = []
    lines = [f"  {entity}:", f"    files: {flow(names[0] if len(names) == 1 else names)}", *form_lines(sample)]
    refunds = refund_rows(sample) if entity == "orders" else None
    if refunds:
        column, words = refunds
        lines.append(
            f"    leave_out: {flow({'refunds': {'column': column, 'is': words}})}  # they are refunds, see below"
        )
    elif entity == "orders" and (
        fold := fold_of(sample, {name: str(rule.rule["column"]) for name, rule in rules.items()})
    ):
        lines.append(f"    fold: {flow(fold[0])}  # {fold[1]}")
    lines.append("    columns:")
    lines += column_lines(proposal, entity, rules, free, states)
    if free:
        lines.append(f"    # not used: {', '.join(free)}")
    looks_like = [column for column in free if is_refund(column)]
    if entity == "orders" and looks_like:
        lines.append(f"    # looks like refunds: {', '.join(looks_like)}. If it is, map it as refunded_amount")
    proposal.entities += lines
    if refunds and "refunds" not in proposal.taken:
        proposal.taken.add("refunds")
        proposal.entities += refund_lines(names, sample, rules, *refunds)


def rules_of(entity: str, sample: Sample, free: list[str]) -> dict[str, Guess]:
    """The rules of all canonical columns that are found; the columns they read are taken out of `free`."""
    rules: dict[str, Guess] = {}
    for target, column in entities()[entity].columns.items():
        source = named(target, entity, free)
        if source is None:
            continue
        rules[target] = guess(source, sample, target, column.kind)
        for key in ("column", "time", "time_zone"):
            if (used := rules[target].rule.get(key)) in free:
                free.remove(str(used))
    return rules


def column_lines(
    proposal: Proposal, entity: str, rules: Mapping[str, Guess], free: list[str], states: list[State]
) -> Iterator[str]:
    for target, column in entities()[entity].columns.items():
        if target in rules:
            yield f"      {target}: {rule_text(rules[target].rule)}  # {rules[target].reason}"
            if target == "status":
                yield from state_lines(states)
        elif column.required and not (target == "customer_id" and "customer_email" in rules):
            proposal.missing.append(f"{entity}.{target}: which of {', '.join(free)} is it?")
            yield f"      # {target}: required; no column of the file has a name like it"


def state_lines(states: list[State]) -> Iterator[str]:
    """Every state as a comment: rows, value, and whether it counts."""
    for state in states:
        name = "(empty)" if state.text is None else state.text
        yield f"      #   {name:<28} {state.orders:>9,}  {valued(state.values):>20}  {state.verdict}"


def refund_lines(
    names: list[str], sample: Sample, orders: Mapping[str, Guess], column: str, words: list[str]
) -> Iterator[str]:
    """The refunds among the rows of a file of orders, as an entity of its own."""
    parent = parent_of(sample.header)
    order = parent or str(orders["order_id"].rule["column"]) if "order_id" in orders else parent
    yield "  refunds:"
    yield f"    files: {flow(names[0] if len(names) == 1 else names)}"
    yield from form_lines(sample, with_reasons=False)
    yield f"    leave_out: {flow({'no_refunds': {'column': column, 'is_not': words}})}  # {column} says which rows are refunds"
    yield "    columns:"
    if parent and "order_id" in orders:
        yield f"      refund_id: {rule_text(orders['order_id'].rule)}"
    yield f"      order_id: {flow(order)}  # the order that was refunded"
    if "ordered_at" in orders:
        yield f"      refunded_at: {rule_text(orders['ordered_at'].rule)}"
    if "amount" in orders:
        amount = dict(orders["amount"].rule)
        of_refunds = [
            value
            for value, kind in zip(sample.values[str(amount["column"])], sample.values[column], strict=True)
            if kind in words
        ]
        below_zero = [value for value in of_refunds if value.lstrip("( ").startswith("-") or value.startswith("(")]
        rule = {**amount, "negate": True} if below_zero else amount
        reason = f"written below zero, such as {below_zero[0]}" if below_zero else "as in the orders"
        yield f"      amount: {rule_text(rule)}  # {reason}"


def form_lines(sample: Sample, *, with_reasons: bool = True) -> list[str]:
    form = sample.guesses.form
    reasons = [f"    # {reason}" for reason in sample.guesses.reasons] if with_reasons else []
    return [f"    format: {flow(form)}", *reasons] if form else []


def rule_text(rule: Mapping[str, object]) -> str:
    """A rule in its short form where it is only a column."""
    return flow(rule["column"] if list(rule) == ["column"] else dict(rule))


def flow(value: object) -> str:
    """A value as it stands in a line of YAML, quoted where it must be, also within brackets."""
    written = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000)
    return written.strip()[1:-1]
