"""The command `stammkunde` and what it can do. A command imports what it needs by itself: some modules cost seconds."""

from __future__ import annotations

import sys

import typer

from cli.acting import actions, audit, try_rule
from cli.asking import metrics
from cli.console import complaints
from cli.keeping import backup, doctor, restore, rollback
from cli.looking import backtest, builds, check, docs, export, map_, replay, report, review, summary
from cli.people import export_person_, forget
from cli.refreshing import accept, run
from cli.serving import dashboard, mcp, serve
from stammkunde.errors import StammkundeError
from stammkunde.files import keep_private

app = typer.Typer(
    name="stammkunde",
    help="From a shop's raw orders to customer-retention figures that can be trusted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

# In the order in which --help lists them.
for command in (
    run, check, map_, accept, replay, backtest, rollback, forget, export_person_, doctor, backup, restore, builds,
    summary, report, review, export, actions, audit, try_rule, dashboard, metrics, mcp, serve, docs,
):  # fmt: skip
    app.command(command.__name__.rstrip("_").replace("_", "-"))(command)


def main() -> None:
    """Run the command. What cannot go on is one line, without a traceback."""
    keep_private()
    try:
        app(prog_name="stammkunde")
    except StammkundeError as error:
        complaints.print(str(error), markup=False)
        sys.exit(1)
