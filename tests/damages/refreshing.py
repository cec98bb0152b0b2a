"""One refresh for tests/fork_server.py, by the steps of the real one: read and judge the raw files, build what the gate
reads, judge it, and publish where asked for. Nothing is imported or parsed again.

Of dbt's models it builds those that the gate's SQL names, with all that they are made from; others stay as they were in
the baseline, which was built whole.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import re
import sys
import traceback
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dbt_common.clients.jinja import template_cache

import orchestration.definitions  # noqa: F401
from orchestration.assets.gate import judge_build
from orchestration.assets.publish import write_and_publish
from orchestration.assets.raw import read_and_judge
from orchestration.progress import Telling
from orchestration.quality.evidence import SQL
from orchestration.quality.gate import warm_up
from orchestration.session import Session, refresh_session
from stammkunde.database import read_only
from stammkunde.errors import StammkundeError
from stammkunde.manifest import AFTER_THE_GATE
from stammkunde.request import RefreshRequest
from stammkunde.settings import vars_arguments
from stammkunde.shops import find_places
from tests import fork_server, parsed_project

warm_up()
assert parsed_project.MANIFEST
for macro in parsed_project.MANIFEST.macros.values():  # else each process would compile them anew
    template_cache.get_node_template(macro)
# What is imported and parsed stays: looking through it for garbage, in every process anew, would take a second.
gc.collect()
gc.freeze()
atexit.register(os._exit, 0)  # nor is it taken apart at the end

FIGURES = """
    select period_grain || ' ' || strftime(period_start, '%Y-%m') as period, is_complete, customer_retention_rate,
        cast(net_revenue as double) as net_revenue, orders
    from marts.retention_kpis
    where period_grain in ('month', 'year')
    order by period_grain, period_start
"""


def run(given: Mapping[str, Any]) -> int:
    """Refresh as asked for, and write what became of it as JSON to the file `answer`."""
    answer: dict[str, Any] = {"outcome": "failed", "checks": [], "error": None, "figures": None, "build_id": None}
    try:
        request = RefreshRequest.model_validate(given["request"])
        with refresh_session(find_places(), uuid.uuid4().hex, request, Telling(print)) as session:
            answer["build_id"] = session.build_id
            try:
                take_steps(session, given, answer)
            finally:
                answer["checks"] = checks(session)
    except StammkundeError as error:
        answer |= {"error": str(error), "outcome": "failed"}
    Path(given["answer"]).write_text(json.dumps(answer, default=str), encoding="utf-8")
    return end(0)


def end(status: int) -> int:
    """Ends the process without taking apart what was imported."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def take_steps(session: Session, given: Mapping[str, Any], answer: dict[str, Any]) -> None:
    with step(session, "raw"):
        exhausted(read_and_judge(session))
    if session.is_blocked:
        answer["outcome"] = "blocked"
        return
    with step(session, "models"):
        build_models(session, whole=given["whole"], publish=given["publish"])
    answer["figures"] = figures(session)
    with step(session, "gate"):
        exhausted(judge_build(session))
    answer["outcome"] = "blocked" if session.is_blocked else "passed"
    if given["publish"] and not session.is_blocked:
        with step(session, "publish"):
            exhausted(write_and_publish(session, (), (), {}))
        answer["outcome"] = "published"


@contextmanager
def step(session: Session, name: str) -> Iterator[None]:
    with session.step(name, ()):
        yield


def exhausted(events: Iterator[Any]) -> None:
    for _ in events:
        pass


def build_models(session: Session, *, whole: bool, publish: bool) -> None:
    """dbt in a process of its own, which frees the warehouse when it ends. Raises StammkundeError where it fails."""
    output = session.places.warehouse.with_name("dbt.txt")
    command = ["build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]
    command += [] if whole else ["--select", *(f"+{model}" for model in needed(publish))]
    arguments = ["--no-write-json", "--log-level-file", "none", *command, *vars_arguments(session.overrides)]
    started = {"request": arguments, "environment": session.dbt.environment(), "output": str(output)}
    status = os.waitstatus_to_exitcode(os.waitpid(fork_server.start(dbt, started), 0)[1])
    if status:
        raise StammkundeError(f"dbt failed: {output.read_text(encoding='utf-8')[-1500:]}")


def dbt(arguments: list[str]) -> int:
    """A dbt command in a process of its own."""
    try:
        parsed_project.run({"arguments": arguments})
    except SystemExit as ended:
        return end(int(ended.code or 0))
    except Exception:
        traceback.print_exc()
        return end(1)
    return end(0)


def needed(publish: bool) -> list[str]:
    """The models that the gate's SQL names, those of the figures, and to publish those that get their rows then."""
    assert parsed_project.MANIFEST
    sql = " ".join(file.read_text(encoding="utf-8") for file in SQL.rglob("*.sql"))
    words = {word.removesuffix("_before") for word in re.findall(r"\w+", f"{sql} {FIGURES} orders customers")}
    models = [node for node in parsed_project.MANIFEST.nodes.values() if node.resource_type == "model"]
    late = {node.name for node in models if node.config.meta.get("phase") == AFTER_THE_GATE}
    return sorted((words & {node.name for node in models}) - late | (late if publish else set()))


def figures(session: Session) -> list[list[Any]]:
    """What readers would see, by month and year."""
    with read_only(session.places.warehouse) as connection:
        return [list(row) for row in connection.execute(FIGURES).fetchall()]


def checks(session: Session) -> list[dict[str, Any]]:
    """What the gate said of this refresh, without what passed."""
    columns = ("suite", "check_name", "outcome", "observed", "expected", "explanation")
    return [
        {column: row[column] for column in columns}
        for row in session.state.of_build("validation_results", session.build_id)
        if row["outcome"] not in ("passed", "off", "no_baseline")
    ]
