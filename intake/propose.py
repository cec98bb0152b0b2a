"""A mapping for files that nobody has described: guessed, with the reason of each guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

from stammkunde.files import leads_out
from stammkunde.settings import defaults

from .converting.outcomes import Outcomes
from .converting.source import letters
from .entities import entities
from .errors import IntakeError, typed
from .find import MAPPING, Found, by_name
from .guessing.names import is_table_of_rates, likeliest_entity
from .guessing.parts import Part, of_entity, of_preset, refunds_among, rules_of_preset
from .guessing.presets import Recognised, is_lookup, preset_of, rules_of, source_lines
from .guessing.sample import Sample, read_sample
from .guessing.settings import Proposed, proposed_settings
from .guessing.states import translations_of
from .load import workspace
from .mapping import EntityRule, load_preset
from .reading.files import EXTENSIONS
from .reading.json_files import is_json
from .states import State, states_of, valued
from .write import entity_selects


@dataclass
class Group:
    """Files with the same columns, or of one preset, written in the same way, and what the first of them looks like."""

    files: list[Path]
    names: list[str]  # within the folder of the mapping
    sample: Sample
    preset: str | None
    headers: dict[Path, list[str]] = field(default_factory=dict)  # those that one preset reads may differ in columns


@dataclass
class Proposal:
    """A mapping as far as it is found."""

    presets: list[str] = field(default_factory=list)
    sources: list[Recognised] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    settings: dict[str, Proposed] = field(default_factory=dict)
    states: list[State] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # what a person must still say


def propose(path: Path) -> Iterator[str]:
    """The lines of a mapping.yml with the reasons as comments. Raises IntakeError where nothing can be proposed."""
    files = files_of(path)
    folder = path if path.is_dir() else path.parent
    own = under_own_names(path) if path.is_dir() else set()
    proposal = Proposal()
    groups = list(alike([file for file in files if file not in own], folder, proposal.missing))
    sources = recognised(groups, folder)
    if own and not sources:
        yield f"# {path} holds orders under their own name and with their own columns: no mapping is needed."
        yield f"# Try: make check RAW={typed(path)}"
        return
    # A preset of orders that reads all of its rules alone is said in one line, and changed key by key.
    if not own and len(sources) == 1 and "orders" in load_preset(sources[0].preset).rules:
        of_orders, sources = sources[0].preset, []
        for group in groups:
            if group.preset == of_orders:
                add_preset(proposal, of_orders, group, folder)
    proposal.sources = sources
    proposal.missing += [
        f"{source.preset}: its times say no zone: name that of the account (time_zone)"
        for source in sources
        if source.needs_time_zone()
    ]
    for group in groups:
        if group.preset is None and own:  # the entities that are there need no second file
            proposal.missing.append(f"{', '.join(group.names)}: looks like nothing known here, and is not read")
        elif group.preset is None:
            add_entity(proposal, group, folder)
    has_orders = own or "orders" in proposal.parts or any(load_preset(one.preset).of("orders") for one in sources)
    if path.is_dir() and not has_orders and not proposal.presets:
        proposal.missing.append("orders: no file looks like them, and nothing works without them")
    yield from written(proposal)


def recognised(groups: Sequence[Group], folder: Path) -> list[Recognised]:
    """The files by preset and folder; those in which presets look something up are of these, too."""
    found: dict[tuple[str, str], Recognised] = {}
    for group in groups:
        for file in group.files if group.preset else ():
            place = file.parent.relative_to(folder).as_posix().removeprefix(".")
            item = found.setdefault((str(group.preset), place), Recognised(str(group.preset), place))
            item.files[file.name] = rules_of(item.preset, file, group.headers[file])
    for group in groups:
        if group.preset is None:
            of_lookup = [
                (item, file)
                for file in group.files
                for item in found.values()
                if folder / item.folder == file.parent and is_lookup(item.preset, file, group.headers[file])
            ]
            for item, file in of_lookup:
                item.files[file.name] = []
                group.preset = item.preset
    return list(found.values())


# Files --------------------------------------------------------------------------------------------------------------


def files_of(path: Path) -> list[Path]:
    """The file itself, or those of a folder and of the folders in it that can be read."""
    if not path.is_dir():
        return [path]
    files = sorted(
        file
        for file in (*path.glob("*"), *path.glob("*/*"))
        if file.is_file()
        and (file.name.lower().endswith(EXTENSIONS) or is_json(file))
        and not file.name.startswith((".", "_"))
        and not leads_out(file, path)
    )
    if not files:
        raise IntakeError(f"{path}: holds no file that could be mapped ({', '.join(EXTENSIONS)})")
    return files


def alike(files: Sequence[Path], folder: Path, missing: list[str]) -> list[Group]:
    """Files in groups of those that one rule can read. Beside other files one may be no table: it is named."""
    groups: dict[tuple, Group] = {}
    unread: list[IntakeError] = []
    for file in files:
        try:
            sample = read_sample(file)
        except IntakeError as error:
            unread.append(error)
            continue
        preset = preset_of(file, sample.header)
        columns = tuple(sorted(letters(column) for column in sample.header))
        # Signs that only some amounts of a file have are no reason to take it for another kind of file.
        form = tuple(str(sample.guesses.form.get(key)) for key in ("delimiter", "encoding", "decimal"))
        group = groups.setdefault((preset or columns, form), Group([], [], sample, preset))
        group.files.append(file)
        group.headers[file] = list(sample.header)
        group.names.append(str(file.relative_to(folder)))
    if unread and not groups:
        raise unread[0]
    missing += [str(error).removeprefix(f"{folder}/") for error in unread]
    return list(groups.values())


def under_own_names(folder: Path) -> set[Path]:
    """The files of a folder that need no mapping: they have the names of entities, and the columns that these need.
    None where there is a mapping, or where orders are not among them."""
    if (folder / MAPPING).exists():
        return set()
    try:
        found = by_name(folder)
    except IntakeError:  # something lies there that is not read
        return set()
    if not any(item.entity.name == "orders" for item in found):
        return set()
    for item in found:
        required = {column.name for column in item.entity.columns.values() if column.required}
        for file in item.files:
            sample = read_sample(file)
            if sample.guesses.form or not required <= {column.strip().lower() for column in sample.header}:
                return set()
    return {file for item in found for file in item.files}


# Parts of a mapping -------------------------------------------------------------------------------------------------


def add_preset(proposal: Proposal, preset: str, group: Group, folder: Path) -> None:
    """A preset, with what its files need otherwise."""
    if proposal.presets:  # files of it that are written in another way
        names = ", ".join(group.names)
        proposal.missing.append(f"{names}: of the same preset, but written in another way than the others")
        return
    proposal.presets.append(f"preset: {preset}  # {', '.join(group.names)}: the columns of this preset")
    for part in of_preset(preset, group.names, group.sample):
        proposal.parts[part.entity] = part
    of_orders = proposal.parts.get("orders")
    rule = load_preset(preset).rules["orders"]
    form = {**rule.format.model_dump(), **(of_orders.rule.get("format", {}) if of_orders else {})}
    rule = rule.model_copy(update={"format": type(rule.format).model_validate(form)})
    proposal.states = states_in(group.files, rule, folder, {})
    set_by_preset = load_preset(preset).settings
    for setting in proposed_settings(group.sample, rules_of_preset(preset, group.sample)):
        if setting.name not in set_by_preset:
            proposal.settings.setdefault(setting.name, setting)


def add_entity(proposal: Proposal, group: Group, folder: Path) -> None:
    """An entity with all its columns; what cannot be told is to be said by a person."""
    names = ", ".join(group.names)
    if is_table_of_rates(group.sample.header):
        proposal.missing.append(
            f"{names}: looks like exchange rates with a column for each currency. To map them as exchange_rates, write "
            "them as rows of date, currency and rate (units of your currency for one of the other)"
        )
        return
    entity = likeliest_entity(group.names[0], group.sample.header)
    if entity is None or entity in proposal.parts:
        what = "looks like nothing known here" if entity is None else f"looks like {entity} too, with other columns"
        proposal.missing.append(f"{names}: {what}. Its columns: {', '.join(group.sample.header)}")
        return
    part = of_entity(entity, group.names, group.sample)
    proposal.parts[entity] = part
    proposal.missing += part.missing
    if entity != "orders":
        return
    for setting in proposed_settings(group.sample, part.guesses()):
        proposal.settings.setdefault(setting.name, setting)
    if "status" in part.rule["columns"] and not part.missing:
        columns = {letters(column) for column in group.sample.header}
        rule = EntityRule.model_validate(part.rule)
        words = translations_of((state.text for state in states_in(group.files, rule, folder, {}, columns)), columns)
        proposal.states = states_in(group.files, rule, folder, words, columns)
        if words:
            part.rule["columns"]["status"]["values"] = words
    if refunds := refunds_among(part, group.sample):
        proposal.parts.setdefault("refunds", refunds)


def states_in(
    files: Sequence[Path], rule: EntityRule, folder: Path, words: Mapping[str, str], columns: set[str] | None = None
) -> list[State]:
    """The states of whole files as a rule reads them; none where it cannot: check then says what is wrong."""
    item = Found(entities()["orders"], rule, tuple(files), is_canonical=False)
    if "status" not in rule.columns:
        return []
    unit = "upper(coalesce(currency, ''))" if "currency" in rule.columns else "''"
    try:
        with workspace() as (connection, work):
            selects, _ = entity_selects(connection, item, folder, work, Outcomes())
            rows = " union all by name ".join(f"({select})" for select in selects)
            found = connection.execute(
                f"""
                select status, {unit}, count(*), coalesce(sum(try_cast(amount as decimal(28, 4))), 0)
                from ({rows}) where malformed_line is null group by all
                """
            ).fetchall()
    except (IntakeError, duckdb.Error):
        return []
    return states_of(found, defaults(), words, columns or ())


# As YAML ------------------------------------------------------------------------------------------------------------


def written(proposal: Proposal) -> Iterator[str]:
    """The proposal as the lines of a mapping."""
    yield f"# Proposed by make map: guesses, each with its reason. Read them, correct them, save this as {MAPPING}"
    yield "# beside the files, then look at the result with make check."
    yield from proposal.presets
    if proposal.sources:
        yield from source_lines(proposal.sources)
    if proposal.parts:
        yield "entities:"
        for part in proposal.parts.values():
            yield from part_lines(part)
    yield from setting_lines(list(proposal.settings.values()))
    if proposal.states:
        yield "# States of the orders, with their number and value: does each count as you mean it?"
        yield from state_lines(proposal.states)
    if proposal.missing:
        yield "# Still to be said:"
        yield from (f"#   {line}" for line in proposal.missing)


def part_lines(part: Part) -> Iterator[str]:
    yield f"  {part.entity}:"
    for key in ("files", "format", "fold", "leave_out"):
        if key in part.rule:
            yield f"    {key}: {flow(part.rule[key])}" + (f"  # {part.reasons[key]}" if key in part.reasons else "")
    if "columns" in part.rule:
        yield "    columns:"
        for target, column in entities()[part.entity].columns.items():
            if target in part.rule["columns"]:
                reason = part.reasons.get(target)
                yield f"      {target}: {rule_text(part.rule['columns'][target])}" + (f"  # {reason}" if reason else "")
            elif column.required and any(line.startswith(f"{part.entity}.{target}:") for line in part.missing):
                yield f"      # {target}: required; no column of the file has a name like it"
    yield from (f"    # {note}" for note in part.notes)


def setting_lines(settings: Sequence[Proposed]) -> Iterator[str]:
    """The settings; a comment where none is sure."""
    if not settings:
        return
    if any(setting.is_sure for setting in settings):
        yield "settings:"
        yield from (f"  {setting.line()}" for setting in settings)
    else:
        yield "# settings:"
        yield from (f"#   {setting.line().removeprefix('# ')}" for setting in settings)


def state_lines(states: Sequence[State]) -> Iterator[str]:
    for state in states:
        name = "(empty)" if state.text is None else " ".join(state.text.split())[:40]
        yield f"#   {name:<28} {state.orders:>9,}  {valued(state.values):>20}  {state.verdict}"


def rule_text(rule: Mapping[str, Any]) -> str:
    """A rule in its short form where it is only a column."""
    return flow(rule["column"] if list(rule) == ["column"] else dict(rule))


def flow(value: object) -> str:
    """A value as it stands in a line of YAML, quoted where it must be, also within brackets."""
    written = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000)
    return written.strip()[1:-1]
