"""Settings that a file of orders gives reason for: its currency and its time zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..converting.source import letters
from ..converting.tables import time_zones
from .dates import offsets, zone_of
from .sample import Sample
from .values import Guess

GERMAN_COLUMNS = (
    "bestellnummer", "bestellnr", "bestelldatum", "bestellung", "auftragsnummer", "auftragsdatum", "kundennummer",
    "kundennr", "kunde", "warenwert", "waehrung", "währung", "betrag", "gesamtbetrag", "rechnungsnummer", "datum",
    "emailadresse",
)  # fmt: skip


@dataclass(frozen=True)
class Proposed:
    """A setting with its reason. What only may be so is proposed as a comment."""

    name: str
    value: str
    reason: str
    is_sure: bool

    def line(self) -> str:
        return f"{'' if self.is_sure else '# '}{self.name}: {self.value}  # {self.reason}"


def proposed_settings(sample: Sample, rules: Mapping[str, Guess]) -> Iterator[Proposed]:
    """The settings of a shop by its orders. `rules`: those of the columns by canonical name."""
    yield from currency(sample, rules)
    yield from time_zone(sample, rules)


def currency(sample: Sample, rules: Mapping[str, Guess]) -> Iterator[Proposed]:
    """The one currency of a shop that has no other."""
    if "currency" not in rules:
        return
    found = {value.upper() for value in sample.values[str(rules["currency"].rule["column"])] if value}
    if len(found) == 1 and found != {"EUR"}:
        yield Proposed("reporting_currency", found.pop(), "the only currency in the first rows", is_sure=True)


def time_zone(sample: Sample, rules: Mapping[str, Guess]) -> Iterator[Proposed]:
    """The zone that times without an offset are of, and in which days are counted."""
    if "ordered_at" not in rules:
        return
    rule = rules["ordered_at"].rule
    if zone_column := rule.get("time_zone"):
        named = {value for value in sample.values[str(zone_column)] if value}
        zone = time_zones().get(word := sorted(named)[0], word)
        reason = f"{zone_column} says {word}" + (f" and {len(named) - 1} more" if len(named) > 1 else "")
        yield Proposed("reporting_timezone", zone, reason, is_sure=len(named) == 1)
        return
    times = [value for value in sample.values[str(rule["column"])] if value]
    found = offsets(times)
    if found:
        shown = " and ".join(f"{minutes // 60:+03}:{minutes % 60:02}" for minutes in sorted(found))
        zone, reason = zone_of(found) or "Europe/Berlin", f"times are {shown} from UTC"
        if not zone_of(found):
            reason += ": in which time zone does the shop count its days?"
        yield Proposed("reporting_timezone", zone, reason, is_sure=False)
    elif any(part in letters(str(rule["column"])) for part in ("gmt", "utc")):
        reason = f"{rule['column']} is in UTC; in which time zone does the shop count its days?"
        yield Proposed("reporting_timezone", "Europe/Berlin", reason, is_sure=False)
    elif any(letters(column) in GERMAN_COLUMNS for column in sample.header):
        reason = "German column names; times say no time zone"
        yield Proposed("source_timezone", "Europe/Berlin", reason, is_sure=False)
        yield Proposed("reporting_timezone", "Europe/Berlin", reason, is_sure=False)
