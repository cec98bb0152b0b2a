"""A plugin of dbt-duckdb: secrets as variables of the DuckDB connection (profiles.yml, macros/portable/secrets.sql).

dbt writes the SQL of every model and settings of the profile into its target folder and its log; this is in neither. It
keeps variables with the prefix DBT_ENV_SECRET_ out of messages by itself.
"""

from __future__ import annotations

import os

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

PREFIX = "DBT_ENV_SECRET_"
SECRETS = ("identity_salt", "suppression_key")


class Plugin(BasePlugin):
    """Every cursor gets the variables: those of one are not seen by another."""

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        for name in SECRETS:
            value = os.environ.get(PREFIX + name.upper(), "").replace("'", "''")
            cursor.execute(f"set variable {name} = '{value}'")
