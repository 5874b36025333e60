"""Who may ask the server: the page that it gave out itself, on this computer, and nobody else.

Every address begins with a secret word. A browser says in `Host` which name it asked for and in `Origin` which page
asks; a page of another site, or a name that was made to lead here (DNS rebinding), is refused by these.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY_BYTES = 2_000_000
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Passes on what the server's own page asks, without the secret word; answers all else itself."""

    def __init__(self, app: App, token: str, hosts: frozenset[str]) -> None:
        """hosts: what `Host` may say, with port."""
        self._app, self._token, self._hosts = app, token, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        problem = self._problem(scope)
        if problem is not None:
            await _refuse(send, *problem)
            return
        path = scope["path"][1 + len(self._token) :]
        inner = {**scope, "path": path, "raw_path": path.encode("utf-8", "surrogateescape"), "root_path": ""}
        await self._app(inner, _limited(receive), _with_headers(send))

    def _problem(self, scope: Scope) -> tuple[int, str] | None:
        """Why a request is refused, as status and words; None where it is not."""
        given: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            given.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        host = given.get("host", [])
        if len(host) != 1 or host[0].lower() not in self._hosts:
            return 421, "this server does not go by that name"
        if any(origin != f"http://{host[0].lower()}" for origin in given.get("origin", [])):
            return 403, "another page asks"
        if given.get("sec-fetch-site", ["none"])[0] not in ("none", "same-origin"):
            return 403, "another page asks"
        first = scope["path"][1:].partition("/")[0]
        if not secrets.compare_digest(first.encode("utf-8"), self._token.encode("ascii")):
            return 404, "open the address that karyo-split printed"
        if scope["path"] == f"/{self._token}":
            return 404, "the address ends with a stroke"
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 405, "only GET and POST are answered"
        if scope["method"] == "POST":
            if not given.get("origin"):
                return 403, "an edit names the page that it comes from"
            if given.get("content-type", [""])[0].partition(";")[0].strip() != "application/json":
                return 415, "an edit is JSON"
            length = given.get("content-length", ["0"])[0]
            if not length.isdigit() or int(length) > MAX_BODY_BYTES:
                return 413, "too long"
        return None


def _limited(receive: Receive) -> Receive:
    """The same, but a body that is longer than its length said ends here."""
    seen = 0

    async def limited() -> MutableMapping[str, Any]:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if seen > MAX_BODY_BYTES else message

    return limited


def _with_headers(send: Send) -> Send:
    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = [(n, v) for n, v in message.get("headers", []) if n.decode("latin-1").lower() not in HEADERS]
            message["headers"] = headers + [(n.encode(), v.encode()) for n, v in HEADERS.items()]
        await send(message)

    return sent


async def _refuse(send: Send, status: int, why: str) -> None:
    body = f"{why}\n".encode()
    head = {**HEADERS, "content-type": "text/plain; charset=utf-8", "content-length": str(len(body))}
    headers = [(n.encode(), v.encode()) for n, v in head.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
