"""A warehouse belongs to a shop: what is read where nobody names it, and which shop may take the place of which."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from stammkunde.errors import SettingError
from stammkunde.places import PROJECT, SAMPLE, Places
from stammkunde.shops import (
    FILE,
    ShopError,
    Source,
    are_one_shop,
    check_source,
    chosen,
    find_places,
    given_up,
    name_of,
    remember,
    remembered,
)

Publish = Callable[..., None]
OLD_NAME_OF_SAMPLE = next(iter(Source(raw=SAMPLE).names - {"sample"}))


@pytest.fixture(autouse=True)
def own_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable but those of a warehouse in which nothing was done yet."""
    for name in [name for name in os.environ if name.startswith("STAMMKUNDE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STAMMKUNDE_WAREHOUSE", str(tmp_path / "w" / "shop.duckdb"))
    monkeypatch.setenv("STAMMKUNDE_PUBLISHED", str(tmp_path / "w" / "published" / "retention.duckdb"))


def folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def publish(shop: str | None) -> None:
    """The published file of a shop, as readers find it."""
    published = find_places().published
    published.parent.mkdir(parents=True, exist_ok=True)
    published.unlink(missing_ok=True)
    with duckdb.connect(str(published)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.build as select 'b1' as build_id, cast(? as varchar) as shop", [shop])


def refresh(raw: Path | None = None, replace_shop: str | None = None, *, is_published: bool = True) -> Places:
    """What a refresh does about shops: it is allowed, remembered, and published or not."""
    places = find_places(raw)
    check_source(places)
    given_up(places, replace_shop)
    remember(places)
    if is_published:
        publish(places.shop)
    return places


# What is read


def test_places_come_from_the_environment_and_go_back_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STAMMKUNDE_PUBLISHED")
    monkeypatch.setenv("STAMMKUNDE_WAREHOUSE", "some/shop.duckdb")
    monkeypatch.setenv("STAMMKUNDE_PUBLISHED", "")
    monkeypatch.setenv("STAMMKUNDE_RAW", "exports")
    found = find_places()
    assert found == Places(
        raw=tmp_path / "exports",
        mapping=None,
        warehouse=tmp_path / "some" / "shop.duckdb",
        published=PROJECT / "warehouse" / "published" / "retention.duckdb",
        shop=name_of(Source(raw=tmp_path / "exports")),
    )
    monkeypatch.setenv("STAMMKUNDE_MAPPING", "shop.yml")
    monkeypatch.setenv("STAMMKUNDE_TARGET", "spark")
    monkeypatch.setenv("STAMMKUNDE_RAW_TABLES", "customers=erp.people")
    found = find_places()
    assert (found.mapping, found.target, found.raw_tables) == (tmp_path / "shop.yml", "spark", "customers=erp.people")
    for name, value in found.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir("/")
    assert find_places() == found


def test_readers_have_a_file_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WAREHOUSE", "PUBLISHED"):
        monkeypatch.setenv(f"STAMMKUNDE_{name}", str(tmp_path / "shop.duckdb"))
    with pytest.raises(SettingError, match="STAMMKUNDE_WAREHOUSE and STAMMKUNDE_PUBLISHED are both "):
        find_places()


def test_the_sample_is_read_where_nothing_else_ever_was() -> None:
    places = find_places()
    assert (places.raw, places.shop, places.target) == (SAMPLE, "sample", "duckdb")
    refresh()
    assert find_places().raw == SAMPLE
    assert remembered(places) == []


def test_what_was_read_is_read_again_from_every_folder_and_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make run RAW=shop` in one terminal, `make dagster` or cron in another."""
    folder(tmp_path / "shop")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STAMMKUNDE_MAPPING", "own.yml")
    monkeypatch.setenv("STAMMKUNDE_TARGET", "spark")
    first = refresh(Path("shop"))
    monkeypatch.delenv("STAMMKUNDE_MAPPING")
    monkeypatch.delenv("STAMMKUNDE_TARGET")
    monkeypatch.chdir("/")
    assert find_places() == first
    assert (first.raw, first.mapping, first.target) == (tmp_path / "shop", tmp_path / "own.yml", "spark")
    assert find_places(target="duckdb") == replace(first, target="duckdb")


def test_tables_of_the_engine_are_remembered_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_RAW_TABLES", "orders=erp.sales")
    first = refresh()
    assert (first.raw, first.raw_tables) == (None, "orders=erp.sales")
    monkeypatch.delenv("STAMMKUNDE_RAW_TABLES")
    assert find_places() == first
    monkeypatch.setenv("STAMMKUNDE_RAW_TABLES", "orders = erp.sales, customers=erp.people")
    assert find_places().shop == first.shop
    monkeypatch.setenv("STAMMKUNDE_RAW_TABLES", "orders=other.sales")
    with pytest.raises(ShopError, match="is another one"):
        refresh()


def test_a_shop_that_could_not_be_read_yet_comes_before_the_sample(tmp_path: Path) -> None:
    """The first try on own orders fails; what is started then must not publish the sample, or publish it again."""
    refresh()
    refresh(folder(tmp_path / "shop"), is_published=False)
    assert find_places().raw == tmp_path / "shop"


def test_the_shop_that_is_published_is_read_whatever_was_tried_since(tmp_path: Path) -> None:
    one, other = folder(tmp_path / "one"), folder(tmp_path / "other")
    first = refresh(one)
    refresh(other, first.shop, is_published=False)  # blocked by the gate
    assert find_places() == first
    second = refresh(other, first.shop)
    assert find_places() == second
    publish(first.shop)  # rolled back
    assert find_places() == first


@pytest.mark.parametrize("shop", ["my shop", "raw-12345678"])
def test_of_a_shop_that_an_earlier_version_published_the_folder_must_be_named(shop: str, tmp_path: Path) -> None:
    publish(shop)
    with pytest.raises(ShopError, match=f"holds the shop {shop}, and it is not known where its files lie: name"):
        check_source(find_places())
    with pytest.raises(ShopError, match="the sample does not take"):
        given_up(find_places(SAMPLE))


def test_folders_have_the_names_that_earlier_versions_gave_them(tmp_path: Path) -> None:
    """Written out: the first eight digits of the SHA-256 of the path."""
    assert name_of(Source(raw=Path("/nowhere/exports"))) == "exports-120282f7"
    publish(name_of(Source(raw=folder(tmp_path / "shop"))))
    assert refresh(tmp_path / "shop").raw == tmp_path / "shop"


def test_the_sample_that_an_earlier_version_published_is_the_sample(tmp_path: Path) -> None:
    publish(OLD_NAME_OF_SAMPLE)
    assert refresh().shop == "sample"
    publish(OLD_NAME_OF_SAMPLE)
    assert given_up(find_places(folder(tmp_path / "shop"))) == OLD_NAME_OF_SAMPLE


def test_a_remembered_folder_that_is_gone_is_named_and_the_sample_is_not_read(tmp_path: Path) -> None:
    shop = refresh(folder(tmp_path / "shop")).shop
    (tmp_path / "shop").rmdir()
    with pytest.raises(ShopError, match=f"{tmp_path}/shop: the folder .* of the shop {shop} read is gone") as raised:
        check_source(find_places())
    assert f"STAMMKUNDE_SHOP={shop} stammkunde run --raw FOLDER" in str(raised.value)


def test_what_is_remembered_and_damaged_is_named(tmp_path: Path) -> None:
    places = refresh(folder(tmp_path / "shop"))
    (places.records / FILE).write_text("[{", encoding="utf-8")
    with pytest.raises(ShopError, match=f"{FILE}: cannot be read. Take it away and name the shop's folder once"):
        find_places()


# Names


def test_a_shop_is_its_folder_without_saying_where_that_lies(tmp_path: Path) -> None:
    one, other = find_places(tmp_path / "a" / "raw").shop, find_places(tmp_path / "b" / "raw").shop
    assert one.startswith("raw-")
    assert one != other
    assert one == find_places(tmp_path / "b" / ".." / "a" / "raw").shop
    assert str(tmp_path) not in one


def test_a_shop_with_a_name_may_come_in_a_new_folder_every_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_SHOP", "my shop")
    for day in ("monday", "tuesday"):
        assert refresh(folder(tmp_path / day)).shop == "my shop"
    assert find_places().raw == tmp_path / "tuesday"
    assert [source.raw for source in remembered(find_places())] == [tmp_path / "tuesday"]


def test_the_name_holds_in_shells_that_do_not_know_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_SHOP", "my shop")
    named = refresh(folder(tmp_path / "shop"))
    monkeypatch.delenv("STAMMKUNDE_SHOP")
    assert refresh() == named
    assert refresh(tmp_path / "shop") == named


def test_a_folder_that_was_moved_is_the_same_shop_once_its_name_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = refresh(folder(tmp_path / "old")).shop
    (tmp_path / "old").rename(tmp_path / "new")
    with pytest.raises(ShopError, match=f"If it is the same shop in another place: STAMMKUNDE_SHOP={shop}"):
        refresh(tmp_path / "new")
    monkeypatch.setenv("STAMMKUNDE_SHOP", shop)
    refresh(tmp_path / "new")
    monkeypatch.delenv("STAMMKUNDE_SHOP")
    assert (find_places().raw, find_places().shop) == (tmp_path / "new", shop)
    assert refresh(tmp_path / "new").shop == shop


def test_a_link_that_leads_to_another_folder_every_day_is_one_shop(tmp_path: Path) -> None:
    link = tmp_path / "current"
    link.symlink_to(folder(tmp_path / "monday"))
    shop = refresh(link).shop
    link.unlink()
    link.symlink_to(folder(tmp_path / "tuesday"))
    assert refresh(link).shop == refresh().shop == shop


def test_a_shop_may_get_a_name_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = refresh(folder(tmp_path / "shop")).shop
    monkeypatch.setenv("STAMMKUNDE_SHOP", "my shop")
    named = find_places(tmp_path / "shop")
    assert given_up(named) is None
    assert {before, "my shop"} <= Source.of(named).names
    assert are_one_shop(before, "my shop", [Source.of(named)])
    refresh(tmp_path / "shop")
    assert len(remembered(named)) == 1


def test_a_name_that_is_known_of_no_shop_reads_no_other_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """STAMMKUNDE_SHOP is set in a shell for another shop than the one of this warehouse."""
    refresh(folder(tmp_path / "shop"))
    monkeypatch.setenv("STAMMKUNDE_SHOP", "another")
    with pytest.raises(ShopError, match="STAMMKUNDE_SHOP is 'another', a shop that was never refreshed here: name"):
        check_source(find_places())


def test_two_shops_with_names_are_two_also_in_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_SHOP", "books")
    refresh(folder(tmp_path / "exports"))
    monkeypatch.setenv("STAMMKUNDE_SHOP", "toys")
    with pytest.raises(ShopError, match=r"holds the figures of the shop books, and the shop toys .* is another one"):
        refresh(tmp_path / "exports")
    assert not are_one_shop("books", "toys", remembered(find_places()))


@pytest.mark.parametrize("name", ["sample", OLD_NAME_OF_SAMPLE])
def test_no_shop_is_called_as_the_sample(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_SHOP", name)
    with pytest.raises(ShopError, match="the name of the sample shop: take another"):
        refresh(folder(tmp_path / "shop"))


def test_the_sample_keeps_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else own orders would be compared with it, and be taken for the same shop."""
    monkeypatch.setenv("STAMMKUNDE_SHOP", "my shop")
    assert refresh().shop == "sample"
    assert refresh(folder(tmp_path / "shop")).shop == "my shop"


# Which shop takes the place of which


def test_own_orders_take_the_place_of_the_sample(tmp_path: Path) -> None:
    refresh()
    assert given_up(find_places(folder(tmp_path / "shop"))) == "sample"


def test_the_sample_takes_the_place_of_no_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = refresh(folder(tmp_path / "shop")).shop
    for replaced in (None, shop):
        with pytest.raises(ShopError, match=f"the figures of the shop {shop}, whose place the sample does not take"):
            refresh(SAMPLE, replaced)
    monkeypatch.setenv("STAMMKUNDE_RAW", str(SAMPLE))
    with pytest.raises(ShopError, match="the sample does not take"):
        refresh()


def test_another_shop_takes_its_place_only_by_the_name_of_the_one_that_is_given_up(tmp_path: Path) -> None:
    one = refresh(folder(tmp_path / "one")).shop
    for wrong in (None, "one", "sample", find_places(tmp_path / "other").shop):
        with pytest.raises(ShopError) as raised:
            refresh(folder(tmp_path / "other"), wrong)
        command = f"stammkunde run --raw {tmp_path / 'other'} --replace-shop {one} "
        assert f"To give {one} up: {command}(make run RAW={tmp_path / 'other'} REPLACE_SHOP={one}" in str(raised.value)
    with pytest.raises(ShopError, match=f"raw folder {tmp_path / 'othre'}: is not there"):
        refresh(tmp_path / "othre")
    with pytest.raises(ShopError, match="the shop that would be read itself"):
        refresh(None, one)
    assert [source.shop for source in remembered(find_places())] == [one]
    assert refresh(tmp_path / "other", one).raw == tmp_path / "other"
    assert refresh(tmp_path / "other", one).raw == tmp_path / "other"  # as a line of cron that was left so
    with pytest.raises(ShopError, match="is another one"):
        refresh(tmp_path / "one")


def test_names_with_blanks_can_be_copied_from_the_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_SHOP", " Bob's shop ")  # a blank at its end would be seen by nobody
    refresh(folder(tmp_path / "one"))
    monkeypatch.delenv("STAMMKUNDE_SHOP")
    with pytest.raises(ShopError) as raised:
        refresh(folder(tmp_path / "other"))
    assert """--replace-shop 'Bob'"'"'s shop' (make run RAW=""" in str(raised.value)


def test_where_nothing_is_published_nothing_is_given_up(tmp_path: Path) -> None:
    refresh(folder(tmp_path / "one"), is_published=False)
    assert refresh(folder(tmp_path / "other"), is_published=False).raw == find_places().raw


def test_who_owns_a_file_that_says_no_shop_is_not_asked(tmp_path: Path) -> None:
    publish(None)
    assert given_up(find_places(folder(tmp_path / "shop"))) is None


def test_a_source_that_is_named_whole_comes_without_what_was_remembered(tmp_path: Path) -> None:
    last = Source(shop="a", raw=tmp_path / "a", mapping=tmp_path / "m.yml", target="spark")
    found = chosen(Source(raw=tmp_path / "a"), "a", [last])
    assert (found.shop, found.mapping, found.target) == ("a", None, "duckdb")
