"""Published builds without a person: rewritten as new files, so that nothing is left in the blocks of the old ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from orchestration.left_behind import given_up
from orchestration.person.find import Person
from orchestration.publish.builds import Kept, forget, kept, kept_in, now
from orchestration.publish.copy import comments, copy_to_parquet, metadata_of, tables_of, words_in
from orchestration.publish.place import put_in_place
from stammkunde.database import STORAGE_VERSION, attach_read_only, identifier, in_memory, path_literal, quoted
from stammkunde.errors import PublishedFileError
from stammkunde.files import aside, content_hash, to_disk, write_json
from stammkunde.manifest import MARTS
from stammkunde.places import Places
from stammkunde.published import published_build, published_row

# What an order says of its customer; the order itself stays.
OF_THE_CUSTOMER = ("customer_id", "order_number", "previous_order_date", "days_since_previous_order")
# Where people write.
FREE_TEXTS = ("reason", "accepted_reason", "explanation", "observed", "request")
ERASED = "(erased)"
EXCLUDED = "excluded_orders"  # of a kept build: whatever stands there is an order's, and has no customer


def orders_of(places: Places, person: Person) -> set[str]:
    """The orders that any published build knows of the person."""
    found: set[str] = set()
    for file in files(places):
        with in_memory() as connection:
            attach_read_only(connection, file, "build")
            name_person(connection, person)
            rows = connection.execute(
                f"select order_id from build.{MARTS}.orders where customer_id in (select customer_id from erased)"
            )
            found |= {order_id for (order_id,) in rows.fetchall()}
    return found


def names_person(file: Path, person: Person) -> bool:
    """Whether any mart of a build still has the person."""
    with in_memory() as connection:
        attach_read_only(connection, file, "build")
        name_person(connection, person)
        for table in tables_of(connection, "build"):
            source = f"build.{MARTS}.{identifier(table)}"
            for name in (name for name, _ in described(connection, source) if name.endswith("customer_id")):
                asked = f"select 1 from {source} where {identifier(name)} in (select customer_id from erased) limit 1"
                if connection.execute(asked).fetchall():
                    return True
    return False


def names_customer(file: Path, person: Person) -> bool:
    """Whether a Parquet file has rows of the person."""
    with in_memory() as connection:
        name_person(connection, person)
        source = f"read_parquet({path_literal(file)}, hive_partitioning = false)"
        asked = f"select 1 from {source} where customer_id in (select customer_id from erased) limit 1"
        return bool(connection.execute(asked).fetchall())


def files(places: Places) -> list[Path]:
    """The files of all published builds: those that are kept or were given up, those of past days, and the published
    one where it is none of them."""
    builds = kept(places)
    current = published_build(places.published)
    is_kept = current is None or current in {build.build_id for build in builds}
    given_up_files = [build.file for build in builds_given_up(places)]
    past = sorted(places.rebuilt.glob("*.duckdb"))
    return [build.file for build in builds] + given_up_files + past + ([] if is_kept else [places.published])


def builds_given_up(places: Places) -> list[Kept]:
    """The builds that a backup took the place of."""
    return [build for folder in given_up(places) for build in kept_in(folder)]


def remove_broken(places: Places, say: Callable[[str], None]) -> None:
    """Take away builds that are not what was published: nobody can tell what they hold."""
    for folder in (places.kept_builds, *given_up(places)):
        whole = {build.file for build in kept_in(folder) if build.is_whole}
        for file in sorted(set(folder.glob("*.duckdb")) - whole):
            forget(Kept(file, {}))
            say(f"  {file} is not what was published (checksum), and was removed")
    for file in sorted(places.rebuilt.glob("*.duckdb")):
        try:
            published_row(file)
        except PublishedFileError:
            forget(Kept(file, {}))
            say(f"  {file} cannot be read, and was removed; a refresh of that day builds it again")


def erase_in_builds(places: Places, person: Person) -> int:
    """Rewrite every published build without the person; readers get the published one by one rename. Gives how many
    there were."""
    current = published_build(places.published)
    builds = kept(places)
    for build in builds:
        manifest = rewrite_build(build, person)
        if build.build_id == current:
            put_in_place(places, build.file, manifest)
    for build in builds_given_up(places):
        rewrite_build(build, person)
    done = {build.file for build in (*builds, *builds_given_up(places))}
    for file in (file for file in files(places) if file not in done):
        tables = rewrite(file, aside(file), person)
        aside(file).replace(file)
        beside = file.with_suffix(".json")
        if beside.exists():
            known = json.loads(beside.read_text(encoding="utf-8"))
            write_json(beside, {**known, **facts(file, tables)})
    return len(files(places))


def rewrite_build(build: Kept, person: Person) -> dict[str, object]:
    """A kept build with its Parquet files, if it has any. Gives its manifest."""
    unfinished = aside(build.file)
    unfinished.unlink(missing_ok=True)
    tables = rewrite(build.file, unfinished, person)
    unfinished.replace(build.file)
    for file in sorted(build.parquet.rglob("*.parquet")):
        rewrite_parquet(file, file.relative_to(build.parquet).parts[0], person)
    if build.excluded_orders.exists():
        rewrite_parquet(build.excluded_orders, EXCLUDED, person)
    manifest = {**build.manifest, **facts(build.file, tables)}
    write_json(build.file.with_suffix(".json"), manifest)
    return manifest


def facts(file: Path, tables: dict[str, int]) -> dict[str, object]:
    """What a manifest says of a file that was rewritten."""
    return {"tables": tables, "bytes": file.stat().st_size, "sha256": content_hash(file), "erased_at": now()}


def rewrite(file: Path, target: Path, person: Person) -> dict[str, int]:
    """Write all marts of a file into a new one, without the person. Gives the rows of each."""
    with in_memory() as connection:
        name_person(connection, person)
        attach_read_only(connection, file, "before")
        connection.execute(f"attach {quoted(str(target))} as being_erased (storage_version {quoted(STORAGE_VERSION)})")
        connection.execute(f"create schema being_erased.{MARTS}")
        rows, words = {}, words_in(connection, "before")
        for table in tables_of(connection, "before"):
            name = f"{MARTS}.{identifier(table)}"
            select = without(table, described(connection, f"before.{name}"), f"before.{name}", person)
            rows[table] = connection.execute(f"create table being_erased.{name} as {select}").fetchall()[0][0]
            for statement in comments(f"being_erased.{name}", words.get(table)):
                connection.execute(statement)
        connection.execute("detach being_erased")
    to_disk(target)
    target.chmod(file.stat().st_mode & 0o777)
    return rows


def rewrite_parquet(file: Path, table: str, person: Person) -> None:
    """The same for one table in a Parquet file, that of a mart or of what refreshes note."""
    with in_memory() as connection:
        name_person(connection, person)
        source = f"read_parquet({path_literal(file)}, hive_partitioning = false)"
        select = without(table, described(connection, source), source, person)
        copy_to_parquet(connection, select, aside(file), metadata_of(connection, file))
    aside(file).replace(file)


def name_person(connection: duckdb.DuckDBPyConnection, person: Person) -> None:
    connection.execute("create temp table erased (customer_id varchar)")
    connection.executemany("insert into erased values (?)", [[one] for one in sorted(person.customer_ids)])


def described(connection: duckdb.DuckDBPyConnection, source: str) -> list[tuple[str, str]]:
    """Names and types of columns."""
    return [(row[0], row[1]) for row in connection.execute(f"describe select * from {source}").fetchall()]


def without(table: str, columns: Sequence[tuple[str, str]], source: str, person: Person) -> str:
    """The select of a table without the person: its orders are nobody's, its other rows are gone."""
    is_hers = "customer_id in (select erased.customer_id from erased)"
    names = [name for name, _ in columns]
    shown = []
    for name, kind in columns:
        column = identifier(name)
        if table == "orders" and name in OF_THE_CUSTOMER:
            shown.append(f"case when {is_hers} then null else {column} end as {column}")
        elif name != "customer_id" and name.endswith("customer_id"):
            shown.append(
                f"case when {column} in (select erased.customer_id from erased) then null else {column} end as {column}"
            )
        elif (name in FREE_TEXTS or table == EXCLUDED) and kind == "VARCHAR":
            shown.append(f"{without_words(column, person.words())} as {column}")
        else:
            shown.append(column)
    left = f" where customer_id is null or not {is_hers}" if table != "orders" and "customer_id" in names else ""
    return f"select {', '.join(shown)} from {source}{left}"


def without_words(expression: str, words: Sequence[str]) -> str:
    """A text in which nothing names the person."""
    for word in words:
        expression = f"regexp_replace({expression}, {quoted(pattern(word))}, {quoted(ERASED)}, 'gi')"
    return expression


def pattern(word: str) -> str:
    return "".join(part if part.isalnum() else f"\\x{{{ord(part):x}}}" for part in word)
