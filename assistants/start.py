"""Starts the server, where what it needs is installed, and says how a client starts it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from stammkunde.errors import StammkundeError


def start(published: Path) -> None:
    """Serve until the client goes. Raises StammkundeError where the package is missing."""
    if find_spec("mcp") is None:
        raise StammkundeError(
            "assistants need the package mcp: 'make assistants' installs it and says how to set up a client"
        )
    from assistants.server import serve

    if sys.stdin.isatty():
        print("Waiting for a client on stdin; --show-config says what it needs (Ctrl-C ends it).", file=sys.stderr)
    serve(published)


def configuration(published: Path) -> Iterator[str]:
    """What clients need to start the server, as their files hold it."""
    command = Path(sys.executable).with_name("stammkunde")
    started = {"command": str(command), "args": ["mcp"], "env": {"STAMMKUNDE_PUBLISHED": str(published)}}
    yield "Claude Desktop (claude_desktop_config.json) and Cursor (.cursor/mcp.json):"
    yield json.dumps({"mcpServers": {"stammkunde": started}}, indent=2)
    yield ""
    yield "VS Code (.vscode/mcp.json):"
    yield json.dumps({"servers": {"stammkunde": {"type": "stdio", **started}}}, indent=2)
