"""The hooks before a commit use what the project installs; the workflow of a public forge runs .ci/run."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.conftest import PROJECT

HOOKS = [
    (repository["repo"], hook)
    for repository in yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    for hook in repository["hooks"]
]
WORKFLOW = yaml.load((PROJECT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"), yaml.BaseLoader)


@pytest.mark.parametrize(("repository", "hook"), HOOKS, ids=[hook["id"] for _, hook in HOOKS])
def test_a_hook_fetches_nothing(repository: str, hook: dict) -> None:
    assert repository == "local"
    if hook["language"] != "pygrep":  # a pattern that pre-commit itself searches
        assert hook["language"] == "system"
        assert (PROJECT / hook["entry"].split()[0]).is_relative_to(PROJECT / ".venv" / "bin")
        assert (PROJECT / hook["entry"].split()[0]).exists()
    assert "additional_dependencies" not in hook


@pytest.mark.parametrize(
    ("hook", "bad", "good"),
    [
        ("no-spaces-at-line-ends", "a = 1 \n", "a = 1\n"),
        ("no-spaces-at-line-ends", "a = 1\r\n", " a = 1\n"),
        ("line-end-at-end-of-file", "a = 1", "a = 1\n"),
        ("line-end-at-end-of-file", "a = 1\n\n", "\n\na = 1\n"),
    ],
)
def test_a_pattern_finds_what_its_hook_is_named_for(hook: str, bad: str, good: str) -> None:
    """As pre-commit searches: line by line, or the whole file with --multiline."""
    found = next(one for _, one in HOOKS if one["id"] == hook)
    pattern = re.compile(found["entry"], re.MULTILINE)
    parts = [[text] if "--multiline" in found.get("args", ()) else text.split("\n") for text in (bad, good)]
    assert [any(pattern.search(part) for part in text) for text in parts] == [True, False]


def test_the_workflow_runs_what_a_clone_runs_and_may_only_read() -> None:
    job = WORKFLOW["jobs"]["run"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert int(job["timeout-minutes"]) <= 60
    assert WORKFLOW["concurrency"]["cancel-in-progress"] == "true"


def test_actions_are_pinned_to_a_version() -> None:
    actions = [step["uses"] for step in WORKFLOW["jobs"]["run"]["steps"] if "uses" in step]
    assert actions
    assert [action for action in actions if not re.fullmatch(r"actions/[a-z-]+@v\d+[.]\d+[.]\d+", action)] == []
