"""Whatever stops a refresh is told: on the terminal, in the history and to the webhook, also before it has begun."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from orchestration.notify import Failure, notify
from orchestration.state import State
from stammkunde.environment import without_faults
from stammkunde.errors import StammkundeError, one_line
from stammkunde.files import make_private_folder, set_aside
from stammkunde.places import Places
from stammkunde.request import RefreshRequest
from stammkunde.shops import Source

HISTORY_ERRORS = (OSError, duckdb.Error)  # a full disk, a folder that is not ours, a history that cannot be read


class OutageError(StammkundeError):
    """A refresh could not begin. It has been told."""


class Told:
    """Whether this process has told of an outage, or has begun a refresh, which tells of itself."""

    anything = False


@contextmanager
def outage_told(
    places: Places, request: RefreshRequest, say: Callable[[str], None], run_id: str | None = None
) -> Iterator[None]:
    """What raises here is told. It is raised again as an OutageError, whose text can be shown as it stands."""
    try:
        yield
    except OutageError:
        raise
    except Exception as error:
        known = isinstance(error, StammkundeError)
        text = str(error) if known else f"{type(error).__name__}: {one_line(error)}"
        tell(places, request, text, say, run_id)
        raise OutageError(text) from error


def tell(
    places: Places, request: RefreshRequest, text: str, say: Callable[[str], None], run_id: str | None = None
) -> None:
    """Say, note and send that a refresh could not begin, and why."""
    Told.anything = True
    say(f"  failed: {text}")
    started_at = utc_now()
    build_id = new_build_id(started_at, run_id or uuid.uuid4().hex)
    try:
        State(places).note(
            build_id,
            started_at=started_at,
            finished_at=started_at,
            outcome="failed",
            reason=text[:2000],
            shop=places.shop or None,
            request=request.model_dump_json(exclude_defaults=True),
            source=Source.of(places).model_dump_json(),
        )
    except HISTORY_ERRORS as error:
        not_noted(error)
    notify(build_id, "failed", [Failure("refresh", text)], run_id)


def complain(text: str) -> None:
    print(text, file=sys.stderr)


def not_noted(error: BaseException) -> None:
    """The message goes out all the same."""
    print(f"the outcome could not be noted in the history: {one_line(error)}", file=sys.stderr)


def new_build_id(started_at: datetime, run_id: str) -> str:
    return f"{started_at:%Y%m%dT%H%M%S}Z-{run_id[:8]}"


def utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


# The lock


@contextmanager
def locked(places: Places, say: Callable[[str], None]) -> Iterator[None]:
    """Held by the one that changes a warehouse; another one waits. Raises StammkundeError where it is not to be had."""
    for text in list(made_way(places)):
        say(f"  {text}")
        note_before(places, [text])
    lock = FileLock(places.lock)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say("another refresh runs; this one waits for it")
        seconds = without_faults().lock_wait
        try:
            lock.acquire(timeout=seconds)
        except Timeout as error:
            raise LockedError(f"another refresh still runs after {seconds:,.0f} s (lock {places.lock})") from error
    try:
        yield
    finally:
        lock.release()


class LockedError(StammkundeError):
    """Another refresh holds the lock."""


def made_way(places: Places) -> Iterator[str]:
    """Make the folders that a refresh needs first. Gives what lay in their way, or in that of a lock, and where it is
    now."""
    for folder in (places.state, places.records):
        yield from moved_away(folder, folder.is_dir())
        make_private_folder(folder)
    for lock in (places.lock, places.history_lock):
        yield from moved_away(lock, lock.is_file())


def moved_away(path: Path, is_right: bool) -> Iterator[str]:
    if path.exists() and not is_right:
        yield f"{path} is not what belongs there: set aside as {set_aside(path).name}"


# What was put right before there was a refresh that could note it


def note_before(places: Places, texts: Sequence[str]) -> None:
    if texts:
        with suppress(OSError), places.mended_before.open("a", encoding="utf-8") as file:
            file.writelines(f"{text}\n" for text in texts)


def noted_before(places: Places) -> list[str]:
    """What was put right since the last refresh, once."""
    try:
        texts = places.mended_before.read_text(encoding="utf-8").splitlines()
        places.mended_before.unlink()
    except (OSError, UnicodeDecodeError):
        return []
    return texts
