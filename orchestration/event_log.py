"""Dagster's event log in SQLite, with connections that are kept and failures that are said in one sentence.

As shipped it opens a new engine for each of the hundreds of events of a refresh and compiles every statement again,
some 3 s of CPU time in all. What is stored, and how, stays the same. The private names that this rests on are those of
one version; orchestration/launch.py takes Dagster's own log with any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dagster._core.events import DagsterEvent, EngineEventData, JobFailureData
from dagster._core.events.log import EventLogEntry
from dagster._core.execution.plan.objects import StepFailureData
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from dagster._utils.error import SerializableErrorInfo
from sqlalchemy import Connection, Engine, create_engine, event

BUSY_SECONDS = 60
KNOWN = "Failure"  # Dagster's name of an error that a step tells of itself (orchestration/assets/steps.py)


class KeptEventLogStorage(SqliteEventLogStorage):
    """One engine per file. Commits do not wait for the disk: a power cut may lose the last events of a run, no more."""

    @classmethod
    def from_config_value(  # type: ignore[override]  # Dagster hands over the config as it was read
        cls, inst_data: ConfigurableClassData | None, config_value: dict
    ) -> KeptEventLogStorage:
        return cls(inst_data=inst_data, **config_value)

    def store_event(self, event: EventLogEntry) -> None:
        super().store_event(in_one_sentence(event))

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._engine(shard).connect() as connection, connection.begin():
            yield connection

    def _engine(self, shard: str) -> Engine:
        engines: dict[str, Engine] = self.__dict__.setdefault("_engines", {})
        if shard not in engines:
            arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
            engine = create_engine(self.conn_string_for_shard(shard), connect_args=arguments)
            event.listen(engine, "connect", lambda connection, _: connection.execute("pragma synchronous = normal"))
            self._initdb(engine)
            self._initialized_dbs.add(shard)
            engines[shard] = engine
        return engines[shard]


def in_one_sentence(event: EventLogEntry) -> EventLogEntry:
    """An event of a known error without the stack: where the code noticed it is of no use to who reads it."""
    return event._replace(dagster_event=told_plainly(event.dagster_event)) if event.dagster_event else event


def told_plainly(event: DagsterEvent) -> DagsterEvent:
    data = event.event_specific_data
    if not isinstance(data, (StepFailureData, JobFailureData, EngineEventData)):
        return event
    data = data._replace(error=plain(data.error))
    if isinstance(data, JobFailureData) and data.first_step_failure_event:
        data = data._replace(first_step_failure_event=told_plainly(data.first_step_failure_event))
    return event._replace(event_specific_data=data)


def plain(error: SerializableErrorInfo | None) -> SerializableErrorInfo | None:
    """The sentence of a known error, which a resource hands on as the cause of another."""
    known = error
    while known and known.cls_name != KNOWN:
        known = known.cause
    if known is None:
        return error
    sentence = known.message.partition(f"{KNOWN}: ")[2]
    return SerializableErrorInfo(message=sentence, stack=[], cls_name=None)
