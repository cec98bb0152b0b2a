"""Dagster's event log in SQLite, with connections that are kept.

As shipped it opens a new engine for each of the hundreds of events of a refresh and compiles every statement again,
some 3 s of CPU time in all. What is stored, and how, stays the same. The private names that this rests on are those of
one version; orchestration/launch.py takes Dagster's own log with any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event

BUSY_SECONDS = 60


class KeptEventLogStorage(SqliteEventLogStorage):
    """One engine per file. Commits do not wait for the disk: a power cut may lose the last events of a run, no more."""

    @classmethod
    def from_config_value(  # type: ignore[override]  # Dagster hands over the config as it was read
        cls, inst_data: ConfigurableClassData | None, config_value: dict
    ) -> KeptEventLogStorage:
        return cls(inst_data=inst_data, **config_value)

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
