"""Which copies there are, and their renewal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from orchestration.copies import postgres
from stammkunde.environment import environment
from stammkunde.errors import StammkundeError
from stammkunde.places import Places

# Makes one copy of the published file, and says what it is.
Copying = Callable[[Path], str]


def wanted() -> Iterator[tuple[str, Copying]]:
    """The copies that the environment asks for, by name."""
    if address := environment().postgres_url:
        yield "PostgreSQL", lambda published: postgres.copy(published, address.get_secret_value())


def renew(places: Places, say: Callable[[str], None]) -> list[str]:
    """Make every copy anew. Gives what went wrong: each a sentence, and no copy keeps another one back."""
    failed = []
    for name, copying in wanted():
        started = time.monotonic()
        try:
            say(f"  {copying(places.published)} ({time.monotonic() - started:.1f} s)")
        except StammkundeError as error:
            text = f"The copy in {name} is still that of an earlier build: {error}. The next refresh makes it anew"
            say(f"  {text}")
            failed.append(text)
    return failed
