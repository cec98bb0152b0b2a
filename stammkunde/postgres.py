"""What PostgreSQL says, without where it is."""

from __future__ import annotations

import re

from stammkunde.hiding import HIDDEN

CONNECTION = re.compile(
    r'(connection failed: )?connection to server (at "[^"]*"( \([^)]*\))?, port \d+|on socket "[^"]*") failed: '
)


def without_address(said: str, address: str) -> str:
    """What PostgreSQL, or psycopg, says of an error, but not where the server is and who asks it."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        known = conninfo_to_dict(address)
    except ProgrammingError:
        return "the variable holds no address of PostgreSQL, such as host=... dbname=... user=..."
    said = CONNECTION.sub("", said)
    parts = {part for name, value in known.items() if name != "port" for part in str(value).split(",") if part}
    for part in sorted(parts, key=len, reverse=True):
        said = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", HIDDEN, said)
    return said
