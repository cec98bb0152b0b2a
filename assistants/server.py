"""The server: it lists the tools, opens the published file for each call, and answers or refuses in one sentence."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from pydantic import BaseModel, ValidationError

from assistants.reading import reading
from assistants.refusals import OF_A_PERSON, RefusedError, named, nearest, reason_for
from assistants.tools import INSTRUCTIONS, TOOLS, Tool
from stammkunde.errors import StammkundeError

NAME = "stammkunde"
READS_ONLY = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
logger = logging.getLogger("stammkunde.assistants")


def server(published: Path) -> Server[Any]:
    """The server on a published file, which each call opens, reads and closes."""

    async def list_tools(
        _: ServerRequestContext[Any], __: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[described(tool) for tool in TOOLS])

    async def call_tool(_: ServerRequestContext[Any], params: types.CallToolRequestParams) -> types.CallToolResult:
        return await anyio.to_thread.run_sync(partial(called, published, params.name, params.arguments or {}))

    return Server(
        NAME,
        version=version("stammkunde"),
        title="Stammkunde: customer retention figures",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def described(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=schema(tool.takes, "validation"),
        output_schema=schema(tool.gives, "serialization"),
        annotations=READS_ONLY,
    )


def schema(model: type[BaseModel], mode: Any) -> dict[str, Any]:
    """A model's JSON schema, without the titles that only say a name again."""
    return without_titles(model.model_json_schema(mode=mode))


def without_titles(part: Any) -> Any:
    if isinstance(part, dict):
        return {
            name: without_titles(value)
            for name, value in part.items()
            if not (name == "title" and isinstance(value, str))
        }
    return [without_titles(value) for value in part] if isinstance(part, list) else part


def called(published: Path, name: str, given: Mapping[str, Any]) -> types.CallToolResult:
    """What a tool answers: a sentence, and all of it as data. What it cannot answer is one sentence, too."""
    try:
        tool = known_tool(name)
        asked = arguments(tool, given)
        with reading(published) as found:
            answer = tool.run(found, asked)
    except StammkundeError as error:
        return types.CallToolResult(content=[types.TextContent(text=sentence(str(error)))], is_error=True)
    except Exception:
        logger.exception("%s failed", name)
        text = f"{name} failed for a reason that only the server's log holds; no figure can be given."
        return types.CallToolResult(content=[types.TextContent(text=text)], is_error=True)
    data = answer.model_dump(mode="json")
    # For clients that show their model no structured content, it is there as text, too.
    whole = json.dumps(data, ensure_ascii=False)
    return types.CallToolResult(
        content=[types.TextContent(text=answer.sentence), types.TextContent(text=whole)], structured_content=data
    )


def known_tool(name: str) -> Tool:
    for tool in TOOLS:
        if tool.name == name:
            return tool
    reason = reason_for(name) or (OF_A_PERSON if "customer" in name.lower() else None)
    near = nearest(name, {tool.name: () for tool in TOOLS})
    raise RefusedError(
        f"there is no tool {named(name)}{f': {reason}' if reason else ''}; there is {', '.join(near or all_tools())}"
    )


def all_tools() -> list[str]:
    return [tool.name for tool in TOOLS]


def arguments(tool: Tool, given: Mapping[str, Any]) -> Any:
    """What was asked, checked. Raises RefusedError on the first thing that cannot be asked."""
    try:
        return tool.takes.model_validate(dict(given))
    except ValidationError as error:
        problems = error.errors(include_url=False)
    field = str(problems[0]["loc"][0])
    takes = ", ".join(tool.takes.model_fields) or "nothing"
    if problems[0]["type"] == "extra_forbidden":
        reason = reason_for(field) or reason_for(given[field])
        raise RefusedError(
            f"{tool.name} has no argument {named(field)}{f': {reason}' if reason else ''}; it takes {takes}"
        )
    wanted = (tool.takes.model_fields[field].description or "").rstrip(".")
    if problems[0]["type"] == "missing":
        raise RefusedError(f"{tool.name} needs {field}: {wanted}")
    reason = reason_for(given[field])
    raise RefusedError(f"{field} cannot be {named(given[field])}{f', as {reason}' if reason else ''}: {wanted}")


def sentence(text: str) -> str:
    """An error as a sentence: with a full stop, and with a capital unless it begins with a name."""
    first = text.split(maxsplit=1)[0]
    return f"{text if '_' in first else text[:1].upper() + text[1:]}".rstrip(".") + "."


def serve(published: Path) -> None:
    """Answer the client on stdin and stdout until it closes them. All else that is written goes to stderr."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")

    async def run() -> None:
        served = server(published)
        async with stdio_server() as (incoming, outgoing):
            await served.run(incoming, outgoing, served.create_initialization_options())

    anyio.run(run)
