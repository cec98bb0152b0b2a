"""The records of customers' states: a Parquet file for each as_of_date, with what had changed on that day.

They follow what is published, day by day, and hold the same rows as its mart: after a publish the rows of its day are
written; a rollback brings the rows of the build before back. What is not published any more - later days, another
shop's - is set aside and not removed, for nothing could make it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from orchestration.publish.builds import PublishError
from orchestration.publish.copy import copy_to_parquet
from orchestration.state import State, columns
from stammkunde.database import attach_read_only, in_memory, path_literal, quoted
from stammkunde.errors import one_line
from stammkunde.files import REPLACED, free_name, read_json, replaced, to_disk, write_json
from stammkunde.places import Places
from stammkunde.published import published_row

TABLE, MART = "customer_states", "customer_state_history"
FOLLOWED = "published.json"  # which build the records follow, and how many days they have


def follow(places: Places) -> None:
    """Make the records those of the published build, where they are not. Raises PublishError where they cannot be
    read or written: they are as they were, or partly those of the published build, and the next call goes on."""
    published = published_row(places.published)
    if published is None or is_followed(places, str(published["build_id"])):
        return
    folder = State(places).days(TABLE)
    try:
        with in_memory() as connection:
            attach_read_only(connection, places.published, "published")
            if not has_history(connection) and not files_of_days(places):
                return  # an earlier version's, and nothing to set aside
            show(connection, places)
            for day in sorted(changed_days(connection)):
                put(connection, folder / f"{day}.parquet", day, is_today=day == published.get("as_of_date"))
        write_json(folder / FOLLOWED, {"build_id": published["build_id"], "days": len(files_of_days(places))})
    except (OSError, duckdb.Error) as error:
        raise PublishError(
            f"{folder}: the states of customers could not be written: {one_line(error)}. What is published stays; the "
            "next refresh writes them"
        ) from error


def is_followed(places: Places, build_id: str) -> bool:
    """Whether the records are those of a build, as far as names of files tell."""
    noted = read_json(State(places).days(TABLE) / FOLLOWED)
    return noted == {"build_id": build_id, "days": len(files_of_days(places))}


def unfollow(places: Places) -> None:
    """A day is gone: the next call of follow writes it again."""
    (State(places).days(TABLE) / FOLLOWED).unlink(missing_ok=True)


def files_of_days(places: Places) -> list[Path]:
    """The files of the days, in their order."""
    return State(places).files_of_days(TABLE)


def has_history(connection: duckdb.DuckDBPyConnection) -> bool:
    asked = "select 1 from duckdb_tables() where database_name = 'published' and table_name = ?"
    return bool(connection.execute(asked, [MART]).fetchall())


def show(connection: duckdb.DuckDBPyConnection, places: Places) -> None:
    """The rows of the published build and those of the records, as views. A build of an earlier version has none."""
    typed = {name: f"cast({name} as {kind}) as {name}" for name, kind in columns(TABLE).items()}
    nothing = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in columns(TABLE).items())
    sources = {
        "published_states": f"published.marts.{MART}" if has_history(connection) else None,
        "recorded_states": f"read_parquet([{', '.join(map(path_literal, files))}])"
        if (files := files_of_days(places))
        else None,
    }
    for view, source in sources.items():
        select = f"select {', '.join(typed.values())} from {source}" if source else f"select {nothing} where false"
        connection.execute(f"create view {view} as {select}")


def changed_days(connection: duckdb.DuckDBPyConnection) -> Iterator[date]:
    """The days whose rows are not the same in both."""
    content = f"count(*) as rows, bit_xor(hash({', '.join(columns(TABLE))})) as content"
    found = connection.execute(
        f"""
        select coalesce(published.as_of_date, recorded.as_of_date)
        from (select as_of_date, {content} from published_states group by as_of_date) as published
        full outer join (select as_of_date, {content} from recorded_states group by as_of_date) as recorded
            on published.as_of_date = recorded.as_of_date
        where (published.rows, published.content) is distinct from (recorded.rows, recorded.content)
        """
    )
    return (day for (day,) in found.fetchall())


def put(connection: duckdb.DuckDBPyConnection, file: Path, day: date, *, is_today: bool) -> None:
    """Give a day the rows that are published of it. A run of the same day replaces what the one before had; other rows
    are set aside."""
    if file.exists() and not is_today:
        file.rename(free_name(file, REPLACED))
    rows = f"from published_states where as_of_date = date {quoted(str(day))}"
    if is_today or connection.execute(f"select 1 {rows} limit 1").fetchall():
        with replaced(file) as unfinished:
            copy_to_parquet(connection, f"select * {rows} order by customer_id", unfinished)
            to_disk(unfinished)
