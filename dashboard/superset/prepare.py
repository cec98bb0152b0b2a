"""Makes Superset ready, in its own environment: its database, its roles, who logs in, and the shipped dashboard.

Superset's own commands, in one process: each would take seconds to start, and everybody on the machine can read the
arguments of a process, a password among them.
"""

from __future__ import annotations

import os
import sys

from flask.cli import ScriptInfo
from superset.app import create_app
from superset.cli.main import superset

ADMIN = "admin"


def prepare(bundle: str, address: str, password: str) -> None:
    app = create_app()
    info = ScriptInfo(create_app=lambda: app)

    def tell(*arguments: str) -> None:
        superset.main(list(arguments), obj=info, standalone_mode=False)

    tell("db", "upgrade")
    tell("init")
    # A new one, or the one there is with a new password; without one nothing changes.
    with app.app_context():
        known = app.appbuilder.sm.find_user(ADMIN) is not None
    if password and known:
        tell("fab", "reset-password", "--username", ADMIN, "--password", password)
    elif password:
        tell(
            "fab", "create-admin", "--username", ADMIN, "--firstname", "Stammkunde", "--lastname", "Admin",
            "--email", "admin@localhost", "--password", password,
        )  # fmt: skip
    tell("import-dashboards", "--path", bundle, "--username", ADMIN)
    # An import leaves a database that is known as it is; the published file may lie elsewhere now.
    tell("set-database-uri", "--database_name", "Stammkunde", "--uri", address)


if __name__ == "__main__":
    prepare(sys.argv[1], sys.argv[2], os.environ.pop("SUPERSET_ADMIN_PASSWORD", ""))
