"""The salt of e-mails: who has one, where it is kept, and that nobody can find it by trying."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

import duckdb
import pytest

from stammkunde import salt, settings
from stammkunde.dbt import Dbt
from stammkunde.places import SAMPLE, Places
from tests.conftest import run_dbt

SECRET = "a salt that nobody may read"


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAMMKUNDE_IDENTITY_SALT", raising=False)


def places_of(folder: Path, shop: str = "small", raw: Path | None = None) -> Places:
    return Places(raw or folder / "raw", None, folder / "w.duckdb", folder / "published" / "r.duckdb", shop=shop)


def publish(places: Places, shop: str, chosen: dict[str, object]) -> None:
    """A published file as far as it says whose it is."""
    places.published.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(places.published)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.build as select 'b1' as build_id, ? as shop, ? as settings", [shop, json.dumps(chosen)]
        )


def test_a_new_shop_gets_a_salt_that_only_its_owner_reads(tmp_path: Path) -> None:
    places = places_of(tmp_path)
    made, is_new = salt.salt_of(places, {})
    assert (len(bytes.fromhex(made)), is_new) == (32, True)
    assert salt.salt_of(places, {}) == (made, False)
    file = places.records / "salt"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(places.records.stat().st_mode) == 0o700
    assert salt.salt_of(places_of(tmp_path, "another"), {})[0] != made
    assert salt.kept(places) == made


def test_what_a_person_chose_goes_before_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = places_of(tmp_path)
    salt.make(places)
    assert salt.salt_of(places, {"identity_salt": "of the mapping"}) == ("of the mapping", False)
    monkeypatch.setenv("STAMMKUNDE_IDENTITY_SALT", SECRET)
    assert salt.salt_of(places, {"identity_salt": "of the mapping"}) == (SECRET, False)
    with pytest.raises(salt.SaltError, match="STAMMKUNDE_IDENTITY_SALT goes before"):
        salt.renew(places, {})


def test_a_shop_that_was_published_without_a_salt_keeps_its_ids_until_it_asks(tmp_path: Path) -> None:
    places = places_of(tmp_path)
    publish(places, "small", {"identity_salt": ""})
    assert salt.salt_of(places, {}) == ("", False)
    salt.renew(places, {})
    chosen, is_new = salt.salt_of(places, {})
    assert (len(chosen), is_new) == (64, False)


def test_the_sample_has_no_salt(tmp_path: Path) -> None:
    assert salt.salt_of(places_of(tmp_path, "sample", SAMPLE), {}) == ("", False)
    assert not (tmp_path / "w.records").exists()


def test_a_salt_that_is_lost_is_missed(tmp_path: Path) -> None:
    places = places_of(tmp_path)
    publish(places, "small", {"identity_salt": "is set"})
    with pytest.raises(salt.SaltError, match=r"a salt that is gone.*bring .*salt back from a backup.*--new-salt"):
        salt.salt_of(places, {})
    salt.renew(places, {})
    assert salt.salt_of(places, {})[0]


def test_a_salt_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    places = places_of(tmp_path)
    salt.make(places)
    (places.records / "salt").write_text("[]")
    with pytest.raises(salt.SaltError, match=r"w\.records/salt: cannot be read"):
        salt.salt_of(places, {})


def test_the_hash_of_the_settings_does_not_tell_whether_a_salt_is_right(tmp_path: Path) -> None:
    """Equal salts give equal hashes in one warehouse; in another one, where the key is another, they do not."""

    def hash_in(folder: Path, chosen: str) -> str:
        in_force = settings.in_force({"identity_salt": chosen})
        return settings.settings_hash(in_force, salt.id_of(chosen, places_of(folder)))

    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    assert hash_in(here, SECRET) == hash_in(here, SECRET)
    assert hash_in(here, SECRET) != hash_in(here, "another")
    assert hash_in(here, SECRET) != hash_in(elsewhere, SECRET)
    assert hash_in(here, "") == hash_in(elsewhere, "")


def test_dbt_hashes_with_the_salt_and_writes_it_nowhere(tmp_path: Path) -> None:
    """Neither the salt nor a hash of it that could be tried out."""
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,amount,customer_email\n1,,2025-01-01,1,Ann@x.de\n2,,2025-01-02,1,ann@X.de \n"
    )
    places = Places(raw, None, tmp_path / "w.duckdb", tmp_path / "r.duckdb")
    dbt = Dbt(tmp_path / "target", places.environment(), {"identity_salt": SECRET})
    dbt.run("run", "--select", "+orders", "+int_activities")
    with duckdb.connect(str(places.warehouse), read_only=True) as connection:
        found = connection.execute("select distinct customer_id from marts.orders").fetchall()
        # A view that anybody reads later: it needs no salt.
        assert connection.execute("select count(*) from intermediate.int_activities").fetchall() == [(0,)]
    assert found == [("guest:" + hashlib.md5((SECRET + "ann@x.de").encode()).hexdigest(),)]
    written = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert {"manifest.json", "partial_parse.msgpack", "dbt.log", "w.duckdb"} <= {file.name for file in written}
    algorithms = ("md5", "sha1", "sha256")
    traces = [SECRET, *(hashlib.new(name, SECRET.encode()).hexdigest() for name in algorithms)]
    assert [file for file, content in written.items() if any(trace.encode() in content for trace in traces)] == []


def test_dbt_alone_says_which_variable_holds_the_salt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_IDENTITY_SALT", SECRET)
    build = run_dbt(["run", "--select", "stg_exchange_rates"], tmp_path)
    assert build.exit_code != 0
    assert "name the salt DBT_ENV_SECRET_IDENTITY_SALT" in build.output
    assert SECRET not in build.output
