"""Two refreshes at once, and refreshes that are killed."""

from __future__ import annotations

import os
import random
import signal
import threading
from pathlib import Path

import pytest

from orchestration.places import Places
from orchestration.publish import kept
from orchestration.state import State
from tests.refreshes import RefreshServer, content, copied, last_build, published_figures, published_rows


def test_two_refreshes_at_once_come_one_after_the_other(shop: Places, server: RefreshServer, tmp_path: Path) -> None:
    places = copied(shop, tmp_path / "shop")
    first, second = server.start(places), server.start(places)
    assert (first.wait(), second.wait()) == (0, 0), first.output + second.output
    assert "another refresh runs; this one waits for it" in first.output + second.output
    builds = State(places.state).rows("builds")[1:]
    assert [row["outcome"] for row in builds] == ["published", "published"]
    assert published_figures(places) == published_figures(shop)
    assert len(kept(places)) == 3


@pytest.mark.parametrize("seed", [0, 1, 2, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 25))])
def test_after_a_kill_the_next_refresh_is_as_if_nothing_had_been(
    seed: int, shop: Places, server: RefreshServer, tmp_path: Path
) -> None:
    """Killed at a random moment of a random step; the next refresh gives what an undisturbed one gives."""
    moment = random.Random(seed)
    places = copied(shop, tmp_path / "shop")
    before = content(places)
    step = moment.choice(["raw ...", "models ...", "models ...", "gate ...", "build ...", "publish ..."])
    refresh = server.start(places)
    refresh.wait_for(lambda: step in refresh.output)
    pause = threading.Event()
    pause.wait(moment.uniform(0, {"models ...": 10, "publish ...": 0.2}.get(step, 3)))
    try:
        os.kill(refresh.pid, signal.SIGKILL)
    except ProcessLookupError:
        pytest.fail("it had ended before it could be killed")
    assert refresh.wait() in (-signal.SIGKILL, 0)
    if last_build(places)["outcome"] == "running":
        published_rows(places, "select count(*) from marts.orders")  # opens, whatever was going on
        assert content(places) == before or last_build(places)["build_id"] in str(
            published_rows(places, "from marts.build")
        )
    status, output = server.run(places)
    assert status == 0, output
    assert published_figures(places) == published_figures(shop)
    assert "running" not in {row["outcome"] for row in State(places.state).rows("builds")}
    assert not list(places.published.parent.rglob("*unfinished*"))
    assert not list(places.published.parent.rglob("*.wal"))
