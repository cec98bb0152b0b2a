"""Trying a rule: today is what the mart says, a past day is what was known then, and a wrong rule is named."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from orchestration.progress import Telling
from orchestration.replay.compiled import compile_models
from orchestration.replay.past import KEPT, Past, opened
from orchestration.trial import (
    ACTIONS,
    AS_BUILT,
    PREDICTIONS,
    TRUST,
    Trial,
    TrialError,
    month_ends_before,
    on_all_days,
    report,
    typed_rules,
    write_today,
)
from stammkunde.manifest import Manifest
from stammkunde.places import SAMPLE, Places
from tests.conftest import PROJECT, Build
from tests.reference.files import read_raw
from tests.reference.intake import take_in
from tests.reference.lifecycle import customers_mart
from tests.reference.playbook import retention_actions
from tests.reference.seeds import read_seeds
from tests.reference.settings import read_settings

PAST = date(2025, 12, 31)
LIMIT = {"inactive_14_days": {"threshold": "21"}}


@pytest.fixture(scope="module")
def manifest(sample: Build, tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    places = Places(SAMPLE, None, sample.warehouse, sample.warehouse.parent / "published" / "r.duckdb")
    return compile_models(places, {}, tmp_path_factory.mktemp("compiled"))


@pytest.fixture(scope="module")
def past(sample: Build, manifest: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    with opened(sample.warehouse, manifest, tmp_path_factory.mktemp("past"), {}, {ACTIONS.name}, AS_BUILT) as found:
        yield found


@pytest.fixture(scope="module")
def trial(sample: Build, manifest: Manifest, past: Past) -> Trial:
    """All rules as they are but one, today and at the end of one month."""
    as_they_are = {row["rule_id"]: {} for row in read_seeds()["playbook_rules"]}
    shipped, tried = typed_rules(sample.warehouse, manifest, {**as_they_are, **LIMIT}, None)
    return on_all_days(past, shipped, tried, Telling(lambda text: None), 1)


def test_today_is_what_the_mart_says(trial: Trial, sample: Build) -> None:
    of_mart = {
        rule_id: tuple(counts)
        for rule_id, *counts in sample.rows(
            """
            select
                rule_id, count(*), count(*) filter (arm = 'treatment'), count(*) filter (arm = 'control'),
                count(*) filter (is_selected),
                count(*) filter (is_selected and arm = 'treatment' and not in_other_experiment)
            from marts.retention_actions group by rule_id
            """
        )
    }
    for tried in trial.rules:
        assert tried.as_it_is is not None
        today = tried.as_it_is[0]
        found = (today.not_in_cooldown, today.treatment, today.control, today.selected, today.on_the_list)
        assert found == of_mart.get(tried.rule_id, (0, 0, 0, 0, 0)), tried.rule_id


def test_each_step_leaves_no_more_than_the_one_before(trial: Trial) -> None:
    """And a limit that fewer reach catches fewer."""
    dropped = Counter[str]()
    for tried in trial.rules:
        for caught in tried.caught:
            steps = (caught.in_stages, caught.meet_limits, caught.may_be_contacted, caught.not_in_cooldown)
            assert sorted(steps, reverse=True) == list(steps)
            assert caught.treatment + caught.control == caught.not_in_cooldown
            dropped += Counter(limits=steps[0] - steps[1], consent=steps[1] - steps[2], cooldown=steps[2] - steps[3])
    assert min(dropped.values()) > 0 and len(dropped) == 3
    (later,) = (tried for tried in trial.rules if tried.rule_id == "inactive_14_days")
    assert later.as_it_is is not None
    for caught, as_it_is in zip(later.caught, later.as_it_is, strict=True):
        assert 0 < caught.meet_limits < as_it_is.meet_limits
        assert caught.in_stages == as_it_is.in_stages


def test_a_past_day_sees_nothing_of_what_came_later(trial: Trial) -> None:
    """It is what the independent calculation gives on what was known that day."""
    chosen = read_settings({"run_at": "2026-11-22T00:00:00Z", "as_of_date": PAST.isoformat()})
    seeds, intake = read_seeds(), take_in(read_raw(SAMPLE), chosen)
    actions = retention_actions(intake, customers_mart(intake, PAST, chosen, seeds), PAST, chosen, seeds)
    want = Counter((row["rule_id"], row["arm"]) for row in actions)
    got: Counter[tuple[object, object]] = Counter()
    for tried in (tried for tried in trial.rules if not tried.predictions):
        assert tried.as_it_is is not None
        caught = tried.as_it_is[1]
        assert caught.day == PAST
        got += Counter({(tried.rule_id, "treatment"): caught.treatment, (tried.rule_id, "control"): caught.control})
    assert got == want
    assert len(want) > 10


def test_a_rule_on_a_prediction_is_tried_on_today_alone_and_where_nobody_has_one_it_is_said(
    sample: Build, manifest: Manifest, past: Past
) -> None:
    """Where dbt was started alone there are no predictions. Then every customer has one, of a model that is worth
    using, then of one that is not."""
    on_churn = {"metric": "churn_probability", "operator": ">=", "threshold": "0.5", "and_metric": "-"}
    changes = {"inactive_14_days": {**on_churn, "and_operator": "-"}, "lost_win_back": {"threshold": "3"}}
    shipped, tried = typed_rules(sample.warehouse, manifest, changes, None)

    def found() -> Trial:
        return on_all_days(past, shipped, dict(sorted(tried.items())), Telling(lambda text: None), 1)

    nobody = found()
    churn, lost = nobody.rules
    assert churn.as_it_is is not None and [len(churn.caught), len(churn.as_it_is), len(lost.caught)] == [1, 1, 2]
    assert (churn.predictions, churn.unknown, lost.predictions) == (["churn_probability"], ["churn_probability"], [])
    assert churn.caught[0].meet_limits == 0 < churn.as_it_is[0].meet_limits
    said = "\n".join(report(nobody))
    assert "Past days are left out" in said and "Nobody has churn_probability today" in said
    predictions, trust = PREDICTIONS.inside(KEPT), TRUST.inside(KEPT)
    before = past.connection.execute(f"select * from {trust}").fetchall()
    past.connection.execute(f"update {predictions} set churn_probability = 0.5")
    past.connection.execute(f"update {trust} set is_used = true where model = 'churn_logistic'")
    churn, _ = found().rules
    assert churn.unknown == [] and churn.caught[0].meet_limits == churn.caught[0].in_stages > 0
    past.connection.execute(f"update {trust} set is_used = false")
    assert found().rules[0].unknown == ["churn_probability"]
    past.connection.execute(f"update {predictions} set churn_probability = null")
    assert past.connection.execute(f"select * from {trust}").fetchall() == before


def test_the_report_and_the_file_say_it(trial: Trial, tmp_path: Path) -> None:
    said = "\n".join(report(trial))
    assert "inactive_14_days" in said and "as it is" in said and str(PAST) in said
    written = write_today(trial, tmp_path / "today.csv", "de")
    with (tmp_path / "today.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert len(found) == written == sum(tried.caught[0].not_in_cooldown for tried in trial.rules)
    assert all(float(row["metric_value"]) >= 21 for row in found if row["rule_id"] == "inactive_14_days")


def test_a_rule_of_a_file_is_tried_and_a_wrong_one_is_named_with_its_line(
    sample: Build, manifest: Manifest, tmp_path: Path
) -> None:
    text = (PROJECT / "seeds" / "playbook_rules.csv").read_text(encoding="utf-8").splitlines()
    head, nps = text[0], next(line for line in text if line.startswith("nps_detractor"))
    file = tmp_path / "my_rules.csv"

    def given(*lines: str) -> dict[str, object]:
        file.write_text("\n".join(lines), encoding="utf-8")
        return dict(typed_rules(sample.warehouse, manifest, {}, file)[1])

    assert [*given(head, nps.replace("nps_detractor", "mine"))] == ["mine"]
    for lines, why in (
        ((head, nps, nps.replace("nps_detractor", "mine").replace(",7,", ",seven,")),
         r"my_rules.csv, line 3: rule mine: threshold seven is no number"),
        ((head, nps.replace("phone", "pigeon")), r"line 2: rule nps_detractor: channel pigeon is no channel"),
        ((head, nps, nps), r"line 3: rule nps_detractor stands there twice"),
        ((head, nps + ",more"), r"line 2: has not as many cells"),
        ((head.replace(",owner", ",keeper"), nps), r"the column owner is missing"),
        ((head,), r"holds no rule"),
    ):  # fmt: skip
        with pytest.raises(TrialError, match=why):
            given(*lines)
    for changes, why in (
        ({"inactive_14_days": {"threshold": "many"}}, "rule inactive_14_days: threshold many is no number"),
        ({"inactive_14_days": {"limit": "3"}}, "limit is no field of a rule"),
        ({"inactive": {"threshold": "3"}}, "rule inactive is not in the playbook"),
    ):
        with pytest.raises(TrialError, match=why):
            typed_rules(sample.warehouse, manifest, changes, None)


def test_month_ends_are_the_last_days_of_months_before_the_day() -> None:
    assert month_ends_before(date(2025, 3, 31), date(2024, 12, 31), 12) == [
        date(2025, 2, 28),
        date(2025, 1, 31),
        date(2024, 12, 31),
    ]
    assert month_ends_before(date(2025, 3, 1), date(2025, 1, 1), 1) == [date(2025, 2, 28)]
