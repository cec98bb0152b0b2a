"""Makes Superset ready, in its own environment: its database, its roles, who logs in, and what is shipped for it.

Superset's own commands, in one process: each would take seconds to start, and everybody on the machine can read the
arguments of a process, a password among them.
"""

from __future__ import annotations

import os
import sys
from zipfile import ZipFile

import yaml
from flask import Flask
from flask.cli import ScriptInfo
from superset.app import create_app
from superset.cli.main import superset

ADMIN = "admin"


def prepare(bundle: str, password: str) -> None:
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
    import_all(app, bundle)


def import_all(app: Flask, bundle: str) -> None:
    """Everything in the bundle, in place of what was imported before.

    The command `import-dashboards`, which others import the bundle by, leaves charts, datasets and databases that are
    known as they are.
    """
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.commands.importers.v1.utils import METADATA_FILE_NAME, get_contents_from_bundle
    from superset.utils.core import override_user

    with app.app_context(), ZipFile(bundle) as file, override_user(app.appbuilder.sm.find_user(ADMIN)):
        contents = get_contents_from_bundle(file)
        metadata = yaml.safe_load(contents[METADATA_FILE_NAME])
        contents[METADATA_FILE_NAME] = yaml.safe_dump({**metadata, "type": "assets"})
        ImportAssetsCommand(contents).run()


if __name__ == "__main__":
    prepare(sys.argv[1], os.environ.pop("SUPERSET_ADMIN_PASSWORD", ""))
