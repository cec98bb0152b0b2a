"""Names of time zones, as the IANA database has them."""

from __future__ import annotations

from functools import cache

from stammkunde.database import in_memory

from .messages import mistake, suggestion

WITHOUT_PLACE = ("UTC", "GMT")


def check_time_zone(name: str) -> None:
    """Refuses what is no name of a place: abbreviations such as BST or CET mean another zone, or none with summer
    time, depending on who reads them."""
    if name not in time_zone_names():
        told = suggestion(name, time_zone_names())
        meant = told if "did you mean" in told else ". Name a place, such as Europe/Berlin"
        raise mistake(f"time_zone '{name}' is no name of the IANA database{meant}")


@cache
def time_zone_names() -> list[str]:
    """The names that DuckDB knows, of places and of UTC."""
    with in_memory() as connection:
        found = connection.execute("select name from pg_timezone_names() order by name").fetchall()
    return [name for (name,) in found if "/" in name or name in WITHOUT_PLACE]
