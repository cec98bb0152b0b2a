"""The day's list of the playbook: whom to contact, each with owner and reason, and what of it is noted.

What is handed out is noted in the records first, for all who were selected - those to be contacted and those left
alone as control - and the list is written from there. So a second run of the day writes the same list, whatever was
published meanwhile, and after a crash between both the next run writes the list that was noted.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import duckdb

from orchestration.address_files import AddressFile, Asked, remove_old, write_address_files
from orchestration.mending import mended
from orchestration.outage import locked
from orchestration.publish.copy import copy_to_parquet
from orchestration.state import State, columns
from reports.tables import harmless
from stammkunde.database import attach_read_only, in_memory, path_literal, quoted
from stammkunde.environment import LANGUAGES
from stammkunde.errors import PublishedFileError, StammkundeError, one_line
from stammkunde.files import replaced, to_disk
from stammkunde.places import Places
from stammkunde.published import opened, published_row

TABLE, MART, MESSAGES = "action_lists", "retention_actions", "action_messages"
OLD_DAYS = 3  # after which a list says that its figures are old
COLUMNS = ("customer_id", "rule_id", "action", "channel", "owner", "due_date", "variant", "template_id")
COLUMNS_IN_WORDS = ("reason", "subject", "body")  # in the language of the list


@dataclass(frozen=True)
class ActionList:
    """A list that was written."""

    file: Path
    as_of_date: date
    contacts: int
    controls: int
    is_again: bool  # it had been handed out before
    rules: Counter[str] = field(default_factory=Counter)  # of the contacts
    channels: Counter[str] = field(default_factory=Counter)
    with_addresses: Sequence[AddressFile] = ()

    def headline(self) -> str:
        again = ", as handed out before" if self.is_again else ""
        return f"{self.contacts:,} to contact, {self.controls:,} left alone as control, as of {self.as_of_date}{again}"

    def lines(self, today: date) -> Iterator[str]:
        """What was written, in words."""
        yield f"{self.headline()}:"
        yield f"{self.file}"
        if self.channels:
            yield "  by " + ", ".join(f"{channel} {number:,}" for channel, number in self.channels.most_common())
        if not self.contacts:
            yield "Nobody is to be contacted: no rule fires, or only for controls and for whom it fired lately."
        if (age := (today - self.as_of_date).days) > OLD_DAYS:
            yield f"That was {age:,} days ago: if the shop has newer orders, run a refresh first (make run)."
        for written in self.with_addresses:
            yield from written.lines()


def hand_out(
    places: Places,
    language: str,
    now: datetime,
    say: Callable[[str], None],
    to: Path | None,
    systems: Sequence[str] = (),
) -> ActionList:
    """Note and write the list of the published day, while nobody else changes the warehouse, and for each of `systems`
    the same with addresses. `now` in UTC, without a zone."""
    with locked(places, print):
        for text in mended(places):
            say(text)
        remove_old(places, say)
        return noted_and_written(places, language, now, to or places.actions(language), systems)


def noted_and_written(
    places: Places, language: str, now: datetime, file: Path, systems: Sequence[str] = ()
) -> ActionList:
    """The same, where the warehouse is held and whole."""
    state = State(places)
    state.complete()
    build_id, day, shop = published_day(places)
    others = [str(row["build_id"]) for row in state.rows("builds") if row["shop"] != shop]
    try:
        with in_memory() as connection:
            show(connection, places, state, others)
            is_again = bool(rows_of(connection, day))
            if not is_again:
                note(connection, state, build_id, day, now)
            rows = rows_of(connection, day)
    except (OSError, duckdb.Error) as error:
        raise StammkundeError(f"the list of {day} could not be noted: {one_line(error)}") from error
    contacts = [row for row in rows if row["arm"] == "treatment"]
    write_list(file, contacts, language)
    asked = Asked(systems, language, now, build_id, day, shop)
    with_addresses = write_address_files(places, state, contacts, asked) if systems else ()
    rules, channels = (Counter(str(row[name]) for row in contacts) for name in ("rule_id", "channel"))
    return ActionList(file, day, len(contacts), len(rows) - len(contacts), is_again, rules, channels, with_addresses)


def published_day(places: Places) -> tuple[str, date, str | None]:
    """The published build, its day and its shop. Raises StammkundeError where there is no list to be made of it."""
    with opened(places.published) as connection:
        asked = "select 1 from duckdb_tables() where schema_name = 'marts' and table_name = ?"
        for mart in (MART, MESSAGES):
            if not connection.execute(asked, [mart]).fetchall():
                raise PublishedFileError(
                    f"{places.published}: holds no {mart}, as builds of earlier versions: run a refresh"
                )
    published = published_row(places.published) or {}
    if published.get("as_of_date") is None:
        raise StammkundeError(f"{places.published}: no order counts, so there is nobody to contact")
    return str(published["build_id"]), published["as_of_date"], published.get("shop")


def show(connection: duckdb.DuckDBPyConnection, places: Places, state: State, others: Sequence[str]) -> None:
    """The published actions, and what was handed out: of this shop `noted`, of another one before `foreign_lists`."""
    attach_read_only(connection, places.published, "published")
    typed = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in columns(TABLE).items())
    read = f"read_parquet({path_literal(state.days(TABLE), '*.parquet')}, union_by_name = true)"
    is_foreign = f"coalesce(build_id in ({', '.join(map(quoted, others)) or 'null'}), false)"
    connection.execute(f"create view noted as select {typed} from {read} where not {is_foreign}")
    connection.execute(f"create view foreign_lists as select {typed} from {read} where {is_foreign}")


def rows_of(connection: duckdb.DuckDBPyConnection, day: date) -> list[dict[str, object]]:
    order = "priority, due_date, rule_id, customer_id"
    found = connection.execute(f"select * from noted where as_of_date = date {quoted(str(day))} order by {order}")
    names = [name for name, *_ in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def note(connection: duckdb.DuckDBPyConnection, state: State, build_id: str, day: date, now: datetime) -> None:
    """The selected rows of both arms, with the words of what they are sent. Left out is who is in the experiment of
    another rule, and whom the same rule was handed out for within its cooldown: the build knows that of its own day,
    which may lie before that of the last hand-over."""
    made = {
        "as_of_date": f"date {quoted(str(day))}",
        "build_id": quoted(build_id),
        "taken_at": f"timestamp {quoted(str(now))}",
        "experiment_until": "case when is_experiment "
        f"then date {quoted(str(now.date()))} + cast(success_window_days as int) end",
        **{f"{part}_{code}": message_part(part, code) for part in ("subject", "body") for code in LANGUAGES},
    }
    selected = ", ".join(
        f"cast({made.get(name, f'actions.{name}')} as {kind}) as {name}" for name, kind in columns(TABLE).items()
    )
    file = state.days(TABLE) / f"{day}.parquet"
    with replaced(file) as unfinished:
        copy_to_parquet(
            connection,
            f"""
            select * from foreign_lists where as_of_date = {made["as_of_date"]}
            union all
            select {selected}
            from published.marts.{MART} as actions
            where actions.is_selected
                and not actions.in_other_experiment
                and not exists (
                    select 1 from noted
                    where actions.is_experiment
                        and noted.customer_id = actions.customer_id
                        and noted.rule_id <> actions.rule_id
                        and noted.experiment_until > cast({made["taken_at"]} as date)
                )
                and not exists (
                    select 1 from noted
                    where noted.customer_id = actions.customer_id
                        and noted.rule_id = actions.rule_id
                        and cast({made["taken_at"]} as date) - cast(noted.taken_at as date) < actions.cooldown_days
                )
            """,
            unfinished,
        )
        to_disk(unfinished)


def message_part(part: str, language: str) -> str:
    """Of the message of an action, as SQL."""
    return f"""(
        select messages.{part} from published.marts.{MESSAGES} as messages
        where messages.customer_id = actions.customer_id
            and messages.rule_id = actions.rule_id
            and messages.language = {quoted(language)}
    )"""


def write_list(file: Path, contacts: Sequence[dict[str, object]], language: str) -> None:
    """One plain CSV file, as any tool reads it."""
    try:
        with replaced(file) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as opened_file:
            writer = csv.writer(opened_file)
            writer.writerow([*COLUMNS, *COLUMNS_IN_WORDS])
            for row in contacts:
                values = [row[name] for name in (*COLUMNS, *(f"{name}_{language}" for name in COLUMNS_IN_WORDS))]
                writer.writerow(["" if value is None else harmless(str(value)) for value in values])
    except OSError as error:
        raise StammkundeError(f"{file}: cannot be written: {error.strerror}") from error
