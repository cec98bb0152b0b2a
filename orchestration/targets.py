"""The engines that a refresh can build on: the targets of profiles.yml, and what they need."""

from __future__ import annotations

import importlib.util
import os

import yaml

from stammkunde.errors import StammkundeError
from stammkunde.places import PROJECT

READ_ONLY = "published"  # the target that metrics are asked on


class TargetError(StammkundeError):
    """A target that cannot be had; the text says why and what to do."""


def on_spark(target: str) -> bool:
    """Whether dbt builds elsewhere than in the DuckDB warehouse."""
    return target.startswith("spark")


def check_installed(target: str) -> None:
    """Raises TargetError where there is no such target, or its packages are missing on this machine."""
    profiles = yaml.safe_load((PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    known = [name for name in profiles["stammkunde"]["outputs"] if name != READ_ONLY]
    if target not in known:
        raise TargetError(f"STAMMKUNDE_TARGET is '{target}'; profiles.yml has {', '.join(known)}")
    if on_spark(target) and importlib.util.find_spec("dbt.adapters.spark") is None:
        raise TargetError("Spark is not installed here: make .venv/installed-spark")


def check_running(target: str) -> None:
    """Raises TargetError where the engine would not answer now."""
    if not on_spark(target):
        return
    from spark.cluster import HOST, listens, thrift_port, why_spark_cannot_run

    if target == "spark_local":
        if missing := why_spark_cannot_run():
            raise TargetError(missing)
        return
    host = os.environ.get("STAMMKUNDE_SPARK_HOST", HOST)
    if not listens(thrift_port(), host):
        raise TargetError(
            f"no Spark Thrift server answers at {host}:{thrift_port()} (STAMMKUNDE_SPARK_HOST, STAMMKUNDE_SPARK_PORT); "
            "make spark-up starts one on this machine"
        )
