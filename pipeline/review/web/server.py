"""The server of the review page: Starlette behind a guard, on this computer, until Ctrl-C."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ....core.errors import KaryoSplitError, Unsure, UsageError
from ...writers.report import part as part_of_report
from .bench import Bench
from .guard import App, Guard

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ASSETS = {
    "viewer.js": "text/javascript",
    "review.js": "text/javascript",
    "drawing.js": "text/javascript",
    "controls.js": "text/javascript",
    "report.css": "text/css",
    "review.css": "text/css",
}
"""The page's files. Two of them are the report's own."""


def make_app(bench: Bench, token: str, hosts: frozenset[str]) -> App:
    """The server's answers.

    Parameters
    ----------
    bench
        What is worked on.
    token
        The secret word that every address begins with.
    hosts
        What a browser may call the server, with port.
    """

    async def page(request: Request) -> Response:
        return Response(_own("review.html"), media_type="text/html")

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in ASSETS:
            return Response("there is no such file\n", 404, media_type="text/plain")
        text = part_of_report(name) if name in ("viewer.js", "report.css") else _own(name)
        return Response(text, media_type=ASSETS[name])

    async def slides(request: Request) -> Response:
        return await _answer(bench.list)

    async def slide(request: Request) -> Response:
        return await _answer(bench.view, request.path_params["number"])

    async def written(request: Request) -> Response:
        return await _answer(bench.written, request.path_params["number"])

    async def picture(request: Request) -> Response:
        try:
            opened = await run_in_threadpool(bench.slide, request.path_params["number"])
            return Response(opened.pictures[request.path_params["picture"]][1], media_type="image/jpeg")
        except (KaryoSplitError, IndexError):
            return Response("there is no such picture\n", 404, media_type="text/plain")

    async def click(request: Request) -> Response:
        return await _asked(request, bench.click)

    async def edit(request: Request) -> Response:
        return await _asked(request, bench.edit)

    app = Starlette(
        routes=[
            Route("/", page, methods=["GET"]),
            Route("/slides", slides, methods=["GET"]),
            Route("/slide/{number:int}", slide, methods=["GET"]),
            Route("/slide/{number:int}/written", written, methods=["GET"]),
            Route("/slide/{number:int}/picture/{picture:int}", picture, methods=["GET"]),
            Route("/slide/{number:int}/click", click, methods=["POST"]),
            Route("/slide/{number:int}/edit", edit, methods=["POST"]),
            Route("/{name}", asset, methods=["GET"]),
        ]
    )
    return Guard(app, token, hosts)


async def _asked(request: Request, work: Callable[[int, dict[str, Any]], dict[str, Any]]) -> Response:
    try:
        asked = await request.json()
    except (ValueError, RecursionError, ClientDisconnect):
        return JSONResponse({"error": "that is not JSON"}, 400)
    if not isinstance(asked, dict):
        return JSONResponse({"error": "that is no object"}, 400)
    return await _answer(work, request.path_params["number"], asked)


async def _answer(work: Callable[..., dict[str, Any]], *given: Any) -> Response:
    """What the work brings; of what goes wrong a line, and of what must be asked the question."""
    try:
        return JSONResponse(await run_in_threadpool(work, *given))
    except Unsure as question:
        return JSONResponse({"question": str(question)}, 409)
    except UsageError as problem:
        return JSONResponse({"error": str(problem)}, 400)
    except KaryoSplitError as problem:
        return JSONResponse({"error": str(problem)}, 409)


def _own(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket that listens for the page.

    Parameters
    ----------
    host
        Name or address of this computer.
    port
        0 takes any that is free.

    Raises
    ------
    UsageError
        Where the port is in use, or the host is not this computer.
    """
    if not 0 <= port <= 65_535:
        raise UsageError(f"port {port} does not exist: 0 to 65535 do")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.bind(address)
        except BaseException:
            listening.close()
            raise
        return listening
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise UsageError(f"port {port} is in use: name another with --port, or 0 for any free one") from problem
        raise UsageError(f"nothing can listen at {host}:{port}: {problem.strerror or problem}") from problem


def serve(bench: Bench, listening: socket.socket, host: str, token: str, ready: Callable[[str], None]) -> None:
    """Answer until Ctrl-C; then write what is to be written.

    Parameters
    ----------
    bench
        What is worked on.
    listening
        From `bound_socket`.
    host
        The name that it was made for.
    token
        The secret word that every address begins with.
    ready
        Called with the page's address once it is served.
    """
    port = listening.getsockname()[1]
    names = LOOPBACK if host in LOOPBACK else {host.lower()}
    hosts = frozenset(f"[{name}]:{port}" if ":" in name else f"{name}:{port}" for name in names)
    shown = f"[{host}]" if ":" in host else host

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready(f"http://{shown}:{port}/{token}/")

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # a request that Ctrl-C cuts off is no news
            await super().shutdown(sockets)

    config = uvicorn.Config(
        make_app(bench, token, hosts),
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=2,
    )
    try:
        Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        pass  # uvicorn hands it on when it has ended
    finally:
        bench.close()
        listening.close()
