"""The file of limits is read strictly: what is misspelt lets nothing through, and the message says where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.quality.suites import SUITES
from orchestration.quality.thresholds import DEFAULT, Threshold, ThresholdError, check_names, load_thresholds, threshold


def written(folder: Path, text: str) -> Path:
    file = folder / "limits.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_limits_are_read_as_they_stand(tmp_path: Path) -> None:
    text = "raw: {a: {min: 0.5, max: 2, severity: warn}, b: {severity: fail}}\ndrift: {c: {max: .inf, severity: fail}}"
    assert load_thresholds(written(tmp_path, text)) == {
        "raw": {"a": Threshold("warn", 0.5, 2.0), "b": Threshold("fail")},
        "drift": {"c": Threshold("fail", None, float("inf"))},
    }


@pytest.mark.parametrize("off", ["off", "'off'", "false"])
def test_off_is_off_whether_yaml_takes_it_for_a_text_or_not(tmp_path: Path, off: str) -> None:
    loaded = load_thresholds(written(tmp_path, f"raw: {{a: {{max: 1, severity: {off}}}}}\n"))
    assert loaded["raw"]["a"] == Threshold("off", None, 1.0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("raw: {a: {max: 1, severity: fial}}", "raw.a: severity must be one of fail, warn, off"),
        ("raw: {a: {max: 1}}", "raw.a: severity must be one of fail, warn, off"),
        ("raw: {a: {max: 1, severity: true}}", "raw.a: severity must be one of fail, warn, off"),
        ("raw: {a: {max: 1, severity: 0}}", "raw.a: severity must be one of fail, warn, off"),
        ("raw: {a: {max: 1, severity: [fail]}}", "raw.a: severity must be one of fail, warn, off"),
        (
            "raw: {a: {maxi: 1, severity: fail}}",
            "raw.a: 'maxi' is unknown; there are min, max, warn_min, warn_max and severity",
        ),
        ("raw: {a: {max: 5 %, severity: fail}}", "raw.a: max must be a number"),
        ("raw: {a: {min: true, severity: fail}}", "raw.a: min must be a number"),
        ("raw: {a: {max: .nan, severity: fail}}", "raw.a: max must be a number"),
        ("raw: {a: {min: 2, max: 1, severity: fail}}", "raw.a: min is above max, which nothing can pass"),
        ("raw: {a: {max: null, min: x, severity: fail}}", "raw.a: min must be a number"),
        ("1: {a: {max: 1, severity: fail}}", "must hold suites, each with its checks, as thresholds.yml does"),
        ("raw: {a: fail}", "raw.a: must be like {max: 0.1, severity: fail}"),
        ("raw: {a: }", "raw.a: must be like {max: 0.1, severity: fail}"),
        ("raw: fail", "must hold suites, each with its checks, as thresholds.yml does"),
        ("raw:", "must hold suites, each with its checks, as thresholds.yml does"),
        ("- raw", "must hold suites, each with its checks, as thresholds.yml does"),
        ("", "must hold suites, each with its checks, as thresholds.yml does"),
        ("raw: {a: {max: 1", "cannot be read: while parsing a flow mapping"),
    ],
)
def test_every_error_names_file_and_entry(tmp_path: Path, text: str, says: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ThresholdError) as raised:
        load_thresholds(file)
    assert str(raised.value).startswith(f"{file}: {says}")


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ThresholdError, match=r"nowhere\.yml: cannot be read: "):
        load_thresholds(tmp_path / "nowhere.yml")
    file = tmp_path / "limits.yml"
    file.write_bytes(b"raw: \xff")
    with pytest.raises(ThresholdError, match=r"limits\.yml: cannot be read: "):
        load_thresholds(file)


def test_another_file_is_taken_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "raw: {a: {max: 1, severity: warn}}")
    monkeypatch.setenv("STAMMKUNDE_THRESHOLDS", str(file))
    loaded = load_thresholds()
    assert threshold(loaded, "raw", "a") == Threshold("warn", None, 1.0)
    # What it leaves out is as it ships: a file of one's own need not follow each new check.
    assert threshold(loaded, "drift", "mart_rows_kept") == load_thresholds(DEFAULT)["drift"]["mart_rows_kept"]
    for suite, check in (("raw", "b"), ("drift", "a")):
        with pytest.raises(ThresholdError) as raised:
            threshold(loaded, suite, check)
        assert str(raised.value) == f"{file}: {suite}.{check} is missing, also in thresholds.yml"


def test_limits_of_a_check_that_there_is_not_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "drift: {mart_row_kept: {min: 0.9, severity: fail}}")
    monkeypatch.setenv("STAMMKUNDE_THRESHOLDS", str(file))
    with pytest.raises(ThresholdError, match=r"limits\.yml: there is no check drift\.mart_row_kept: correct it"):
        check_names(load_thresholds(), {"drift": ["mart_rows_kept"]})
    check_names(load_thresholds(DEFAULT), {name: [check.name for check in SUITES[name].checks()] for name in SUITES})


def test_a_check_of_limits_must_have_one_unless_it_is_off(tmp_path: Path) -> None:
    loaded = load_thresholds(
        written(tmp_path, "raw: {a: {severity: fail}, b: {severity: off}, c: {min: 1, severity: warn}}")
    )
    for check in ("b", "c"):
        assert threshold(loaded, "raw", check) == loaded["raw"][check]
    with pytest.raises(ThresholdError, match=r"raw\.a has no limit: give it min or max, or severity: off"):
        threshold(loaded, "raw", "a")


def test_the_file_that_ships_has_every_check_and_no_other() -> None:
    checks = {name: {check.name for table in suite.tables for check in table.checks} for name, suite in SUITES.items()}
    loaded = load_thresholds(DEFAULT)
    assert {suite: set(entries) for suite, entries in loaded.items()} == checks
    for suite, entries in checks.items():
        for name in entries:
            threshold(loaded, suite, name)
