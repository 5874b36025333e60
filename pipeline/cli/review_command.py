"""`karyo-split review FOLDER`: correct and sign finished slides on a page in the browser."""

from __future__ import annotations

import secrets
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .messages import tell
from .options import MACHINES, Device, Threads, WeightsFolder

if TYPE_CHECKING:
    from ..review.clicks import Asker


def review(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Of a slide's results, or of a batch's.")],
    slides: Annotated[
        Path | None,
        typer.Option(help="The slide's file, or the folder that was split. [default: where summary.csv says]"),
    ] = None,
    reviewer: Annotated[str | None, typer.Option(help="Your name, for the record. [default: of your account]")] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Only look.")] = False,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes any free one.", rich_help_panel=MACHINES)] = 0,
    host: Annotated[str, typer.Option(help="This computer's name.", rich_help_panel=MACHINES)] = "127.0.0.1",
    yes_i_know: Annotated[
        bool, typer.Option("--yes-i-know", help="Serve others too, with --host.", rich_help_panel=MACHINES)
    ] = False,
    device: Device = "auto",
    threads: Threads = None,
    weights: WeightsFolder = None,
) -> None:
    """Correct and sign slides by hand, in the browser."""
    from ...core.errors import UsageError
    from ...core.printable import printable

    try:
        from ..review.lock import FolderLock, my_name
        from ..review.web.server import LOOPBACK, bound_socket, serve
    except ModuleNotFoundError as problem:
        raise UsageError(f"{problem.name} is not installed: pip install 'karyo-split[review]'") from problem
    from ..review.web.bench import Bench
    from ..write_folder import is_complete

    name = " ".join((reviewer or my_name()).split())[:80]
    if not name:
        raise UsageError("--reviewer is empty: say who reviews")
    if host not in LOOPBACK:
        if not yes_i_know:
            raise UsageError(
                f"--host {host} lets others on the network edit these slides, over a line that is not encrypted: "
                "say --yes-i-know if that is meant"
            )
        if host in ("0.0.0.0", "::"):
            raise UsageError(f"--host {host} names no computer: give the one name or address that others use")
        tell(f"karyo-split: warning: whoever learns the address can edit these slides; {host} is not encrypted")
    if is_complete(folder) and not read_only:
        FolderLock(folder, name).release()  # who is second is told so here

    def asker() -> Asker:
        from ..review.clicks import Asker  # it imports torch

        return Asker(weights, device, threads)

    bench = Bench(folder, name, slides, read_only, asker)
    listening = bound_socket(host, port)

    def ready(address: str) -> None:
        print(address, flush=True)
        tell("karyo-split: the page is at this address; Ctrl-C ends")
        if browser and not _opened(address):
            tell("karyo-split: no browser was found: open the address in one")

    serve(bench, listening, host, secrets.token_urlsafe(24), ready)
    tell(f"karyo-split: {printable(folder)}: all edits are written")


def _opened(address: str) -> bool:
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False
