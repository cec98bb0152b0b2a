"""Keeps pages of others away from Dagster's page.

Dagster answers everybody who reaches its port, and a browser reaches 127.0.0.1 for every page that is open in it.
Dagster also runs a mutation that comes as a GET or as a form. So every request is looked at before Dagster sees it: it
must be addressed to this page, and must not come from another one; what changes something must be a POST of JSON, which
no form and no image can send.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

GRAPHQL = "/graphql"
METHODS = ("GET", "HEAD", "POST")
DEFAULT_PORTS = {"http": 80, "https": 443}
POLICY_VIOLATION = 1008  # of WebSockets
NO_FRAME = (b"x-frame-options", b"SAMEORIGIN")  # a page that shows this one in a frame could borrow its buttons


def origin_of(address: str) -> str:
    """Scheme, name and port of an address, as browsers write them."""
    parts = urlsplit(address)
    port = f":{parts.port}" if parts.port and parts.port != DEFAULT_PORTS.get(parts.scheme) else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}"


def host_of(origin: str) -> str:
    return origin.partition("://")[2]


class Guard:
    """An ASGI application before another one. `public` is the address under which a proxy shows the page, if any."""

    def __init__(self, app: App, port: int, public: str | None = None) -> None:
        self.app = app
        self.public = origin_of(public) if public else None
        own = [origin_of(f"http://{name}:{port}") for name in ("127.0.0.1", "localhost")]
        self.origins = {host_of(origin): origin for origin in [*own, *([self.public] if self.public else [])]}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
        elif reason := self.why_not(scope):
            await refuse(scope, receive, send, reason)
        else:
            await self.app(scope, receive, unframed(send))

    def why_not(self, scope: Scope) -> str | None:
        """Why a request is refused; None where it is not."""
        headers = headers_of(scope)
        if headers is None:
            return "a header is there twice"
        return (
            self.foreign(headers, scope)
            or (scope["type"] == "http" and unusual(scope, headers))
            or (scope["type"] == "http" and scope["method"] == "GET" and changes_something(scope))
            or None
        )

    def foreign(self, headers: Mapping[str, str], scope: Scope) -> str | None:
        """Whether a request is meant for another page (as after DNS rebinding), or comes from one."""
        own = self.origins.get(headers.get("host", ""))
        if own is None:
            return "it is addressed to another host"
        origin = headers.get("origin")
        if origin is not None and origin not in (own, self.public):
            return "it comes from another page"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not is_link(headers, scope):
            return "it comes from another page"
        return None


def headers_of(scope: Scope) -> dict[str, str] | None:
    """The headers that are looked at; None where one of them is there twice: whoever reads on might take the other."""
    looked_at = (b"host", b"origin", b"content-type", b"sec-fetch-site", b"sec-fetch-mode", b"sec-fetch-dest")
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name.lower() in looked_at:
            if name.lower().decode() in found:
                return None
            found[name.lower().decode()] = value.decode("latin-1").strip()
    return found


def is_link(headers: Mapping[str, str], scope: Scope) -> bool:
    """Whether somebody followed a link to this page, as that in a message: it opens the page and changes nothing."""
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


def unusual(scope: Scope, headers: Mapping[str, str]) -> str | None:
    """Whether it is a kind of request that the page never makes."""
    if scope["method"] not in METHODS:
        return f"the page takes no {scope['method']}"
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if scope["method"] == "POST" and kind != "application/json":
        return "what changes something must be sent as application/json"
    return None


def changes_something(scope: Scope) -> str | None:
    """Whether a GET holds anything but questions."""
    if GRAPHQL not in scope["path"]:
        return None
    given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if all(only_asks(value) for name, value in given if name == "query"):
        return None
    return "what changes something must be sent as POST"


def only_asks(query: str) -> bool:
    try:
        document = parse(query)
    except (GraphQLError, RecursionError):
        return False
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    return all(node.operation is OperationType.QUERY for node in operations)


async def refuse(scope: Scope, receive: Receive, send: Send, reason: str) -> None:
    """Say so, and nothing of what was sent."""
    if scope["type"] == "websocket":
        await receive()  # the wish to connect
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        return
    text = f"Refused: {reason}. Open Dagster's page under the address that `stammkunde serve` shows.\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def unframed(send: Send) -> Send:
    """Answers that no other page shows in a frame."""

    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), NO_FRAME]}
        await send(message)

    return sent
