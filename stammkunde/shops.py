"""Which shop a warehouse belongs to, and what a refresh reads where nobody names it.

A warehouse belongs to the shop whose figures are published. What each shop was last refreshed from is remembered in the
records of the warehouse. The sample shop is for trying out: it gives way to any shop, and takes the place of none.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from stammkunde.environment import environment, without_faults
from stammkunde.errors import SettingError, StammkundeError
from stammkunde.files import replaced
from stammkunde.places import DUCKDB, PUBLISHED, SAMPLE, WAREHOUSE, Places, with_former_place
from stammkunde.published import published_shop

SAMPLE_SHOP = "sample"
FILE = "shops.json"
APART = "a warehouse of its own: STAMMKUNDE_WAREHOUSE and STAMMKUNDE_PUBLISHED"


class ShopError(StammkundeError):
    """It is not clear which shop is meant, or it is another one than that of the warehouse."""


class Source(BaseModel):
    """What a refresh reads, of which shop and on which engine; what is empty was not named."""

    model_config = ConfigDict(frozen=True)

    shop: str = ""
    raw: Path | None = None
    mapping: Path | None = None
    raw_tables: str = ""
    target: str = ""

    @classmethod
    def of(cls, places: Places) -> Source:
        return cls(**{name: getattr(places, name) for name in cls.model_fields})

    def in_places(self, places: Places) -> Places:
        """The places of a warehouse with this source."""
        return replace(places, **{name: getattr(self, name) for name in Source.model_fields})

    @property
    def is_known(self) -> bool:
        """Whether it says where orders come from."""
        return bool(self.raw or self.raw_tables)

    @property
    def is_sample(self) -> bool:
        return self.raw is not None and self.raw.resolve() == SAMPLE

    @property
    def names(self) -> frozenset[str]:
        """The names under which this shop may have been published: its own, and that of its folder or tables before it
        had one."""
        return frozenset({self.shop, name_of(self), *former_names(self)}) - {""}

    def reads_as(self, other: Source) -> bool:
        """Whether both read the same folder, or the same table of orders."""
        if self.raw and other.raw:
            return self.raw == other.raw or self.raw.resolve() == other.raw.resolve()
        return not self.raw and not other.raw and orders_table(self) == orders_table(other)


SOURCES = TypeAdapter(list[Source])


# Names


def name_of(source: Source) -> str:
    """The name of a shop that nobody named: its folder or its table of orders, without saying where it lies."""
    if source.is_sample:
        return SAMPLE_SHOP
    if source.raw:
        return f"{source.raw.name}-{digest(str(source.raw.resolve()))}"
    return f"tables-{digest(orders_table(source))}" if source.raw_tables else ""


def former_names(source: Source) -> frozenset[str]:
    """Names that earlier versions gave the sample and shops of tables alone."""
    if source.is_sample:
        return frozenset({f"{SAMPLE.name}-{digest(str(SAMPLE))}"})
    return frozenset({"tables"} if source.raw_tables and not source.raw else ())


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def orders_table(source: Source) -> str:
    """The table that the orders are read from; all tables as they were named where none is for orders."""
    pairs = [pair.partition("=") for pair in source.raw_tables.split(",")]
    tables = [table.strip() for entity, _, table in pairs if entity.strip() == "orders"]
    return tables[0] if tables else source.raw_tables


def is_sample_shop(name: str | None) -> bool:
    return name in Source(raw=SAMPLE).names


def are_one_shop(one: str | None, other: str | None, known: Sequence[Source]) -> bool:
    """Whether two names are of one shop, as far as is known."""
    return one == other or any({one, other} <= source.names for source in [*known, Source(raw=SAMPLE)])


# What is read


def find_places(raw: Path | None = None, mapping: Path | None = None, target: str | None = None) -> Places:
    """The places of the warehouse that the environment names, with what a refresh reads: what the command line and the
    environment name, else what was read last. Raises SettingError for a variable with an impossible value."""
    places = warehouse_places()
    if places.warehouse == places.published:
        raise SettingError(
            f"STAMMKUNDE_WAREHOUSE and STAMMKUNDE_PUBLISHED are both {places.published}: "
            "readers need a file of their own"
        )
    asked = named(raw, mapping, target)
    return chosen(asked, published_shop(places.published), remembered(places)).in_places(places)


def warehouse_places() -> Places:
    """The places of the warehouse that the environment names, without what a refresh reads; whatever else is wrong."""
    given = without_faults()
    return Places(None, None, (given.warehouse or WAREHOUSE).absolute(), (given.published or PUBLISHED).absolute())


def named(raw: Path | None = None, mapping: Path | None = None, target: str | None = None) -> Source:
    """What the command line names, and the environment beside it."""
    given = environment()
    folder, file = raw or given.raw, mapping or given.mapping
    return Source(
        shop=(given.shop or "").strip(),
        raw=folder.absolute() if folder else None,
        mapping=file.absolute() if file else None,
        raw_tables=given.raw_tables,
        target=target or given.target or "",
    )


def chosen(asked: Source, published: str | None, known: Sequence[Source]) -> Source:
    """What a refresh reads. `known` are the sources of earlier refreshes, the latest last.

    A folder or tables that are named are the source; else it is that of the shop that is asked for by name, or
    published, or was tried last. The sample is read only where there never was a shop. Where nothing of this says what
    to read, the source is not known.
    """
    if asked.is_known:
        found, last = asked, next((source for source in reversed(known) if source.reads_as(asked)), Source())
    else:
        last = last_read(asked.shop, published, known) or Source(shop=published or "")
        otherwise = {"mapping": asked.mapping or last.mapping, "target": asked.target or last.target}
        found = last.model_copy(update=otherwise)
    name = SAMPLE_SHOP if found.is_sample else asked.shop or last.shop or name_of(found)
    return found.model_copy(update={"shop": name, "target": found.target or DUCKDB})


def last_read(shop: str, published: str | None, known: Sequence[Source]) -> Source | None:
    """The source that is read where none is named; None where it is not known."""
    has_shop = published is not None and not is_sample_shop(published)
    if not known and not has_shop:
        return Source(raw=SAMPLE)
    wanted = shop or (published if has_shop else None)
    found = [source for source in known if wanted is None or wanted in source.names]
    return found[-1] if found else None


# What is remembered


def remembered(places: Places) -> list[Source]:
    """What the shops of a warehouse were last read from, the latest last. Raises ShopError."""
    file = with_former_place(places, places.records / FILE)
    if not file.exists():
        return []
    try:
        return SOURCES.validate_json(file.read_bytes())
    except ValidationError as error:
        raise ShopError(f"{file}: cannot be read. Take it away and name the shop's folder once (--raw)") from error


def remember(places: Places) -> None:
    """Note what a refresh reads, for those that come; never the sample."""
    source = Source.of(places)
    if source.is_sample:
        return
    others = [known for known in remembered(places) if known.shop not in source.names]
    with replaced(places.records / FILE) as unfinished:
        unfinished.write_bytes(SOURCES.dump_json([*others, source], indent=2))


# What is allowed


def check_source(places: Places) -> None:
    """Raises ShopError where there is nothing to read: nothing is known of the shop, or its folder is gone."""
    source = Source.of(places)
    once = "name its folder once: stammkunde run --raw FOLDER (make run RAW=FOLDER)"
    if not source.is_known:
        asked = environment().shop
        if asked == source.shop and published_shop(places.published) != asked:
            raise ShopError(f"STAMMKUNDE_SHOP is '{asked}', a shop that was never refreshed here: {once}")
        raise ShopError(
            f"{places.published} holds the shop {source.shop}, and it is not known where its files lie: {once}"
        )
    if is_sample_shop(source.shop) and not source.is_sample:
        raise ShopError(f"STAMMKUNDE_SHOP is '{source.shop}', the name of the sample shop: take another")
    if source.raw and not source.raw.exists() and any(known.raw == source.raw for known in remembered(places)):
        raise ShopError(
            f"{source.raw}: the folder that the last refresh of the shop {source.shop} read is gone. "
            f"Bring it back, or say where its files lie now: {same_shop(source.shop)}"
        )


def given_up(places: Places, replaced_shop: str | None = None) -> str | None:
    """The published shop whose place a refresh takes; None where it is the same shop, or nothing is published.

    Raises ShopError where that is another one than the shop that may be replaced. The sample always may, and takes the
    place of none.
    """
    owner, source = published_shop(places.published), Source.of(places)
    if owner is not None and owner == replaced_shop and owner in source.names:
        raise ShopError(
            f"--replace-shop is {owner}, the shop that would be read itself: name the folder of the other, too (--raw)"
        )
    if owner is None or owner in source.names:
        return None
    if is_sample_shop(owner) or (owner == replaced_shop and not source.is_sample):
        return owner
    if source.is_sample:
        raise ShopError(
            f"{places.published} holds the figures of the shop {owner}, whose place the sample does not take. "
            f"Give the sample {APART}"
        )
    if source.raw and not source.raw.is_dir():  # a typing error, and no other shop
        raise ShopError(f"raw folder {source.raw}: is not there. Name the folder that holds the exports (--raw)")
    given = f", not of {replaced_shop}" if replaced_shop else ""
    raise ShopError(f"{places.published} holds the figures of the shop {owner}{given}, and {what_to_do(source, owner)}")


def what_to_do(source: Source, owner: str) -> str:
    """That a source is another shop than the published one, and the commands for what a person may have meant."""
    name, folder = shlex.quote(owner), shlex.quote(str(source.raw)) if source.raw else ""
    return (
        f"the shop {source.shop} ({source.raw or source.raw_tables}) is another one. "
        f"To give {owner} up: stammkunde run{folder and f' --raw {folder}'} --replace-shop {name} "
        f"(make run{folder and f' RAW={folder}'} REPLACE_SHOP={name}). "
        f"If it is the same shop in another place: {same_shop(owner, folder or 'FOLDER')}. "
        f"To have both, give this one {APART}"
    )


def same_shop(name: str, folder: str = "FOLDER") -> str:
    """How a person says that a shop lies in another folder now."""
    return f"STAMMKUNDE_SHOP={shlex.quote(name)} stammkunde run --raw {folder}"
