"""The program `karyo-split`: its commands, its default command, and how it ends."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ...core.address_space import MIN_BYTES, allowed_bytes
from ...core.errors import KaryoSplitError, UsageError, did_you_mean
from ...core.wait_policy import wait_asleep
from .doctor_command import doctor
from .evaluate_boxes_command import evaluate_boxes
from .evaluate_pairs_command import evaluate_pairs
from .evaluate_slides_command import evaluate_slides
from .exit_codes import EXIT_USAGE, exit_code_of
from .export_command import export
from .plain_help import PlainCommand, PlainGroup
from .review_command import review
from .simulate_command import simulate
from .split_command import split
from .train_calibration_command import train_calibration
from .train_detector_command import train_detector
from .train_segmenter_command import train_segmenter
from .verify_command import verify
from .weights_commands import list_weights, verify_weights

COMMANDS = ("split", "review", "export", "verify", "evaluate", "train", "simulate", "weights", "doctor")
LITTLE_MEMORY = ("failed to map segment", "annot allocate memory")
"""What libraries say that find no room for themselves."""
SLIDES, OWN_MODELS = "Slides", "Your own models"


app = typer.Typer(
    cls=PlainGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Find chromosomes in slides, separate those that touch or overlap, and give each its own mask.\n\n"
    "`karyo-split SLIDE --out FOLDER` is short for `karyo-split split SLIDE --out FOLDER`. Most labs need five "
    "options: --out, --expect 46, --resume, --overwrite and --format; `karyo-split split --help` shows them first, "
    "and all.",
)
evaluate_app = typer.Typer(cls=PlainGroup, no_args_is_help=True, rich_markup_mode=None, help="Measure against truth.")
train_app = typer.Typer(
    cls=PlainGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Train a network; --resume goes on after an interruption.",
)
weights_app = typer.Typer(
    cls=PlainGroup, no_args_is_help=True, rich_markup_mode=None, help="List or check the weights."
)
app.command("split", cls=PlainCommand, rich_help_panel=SLIDES)(split)
app.command("review", cls=PlainCommand, rich_help_panel=SLIDES)(review)
app.command("export", cls=PlainCommand, rich_help_panel=SLIDES)(export)
app.command("verify", cls=PlainCommand, rich_help_panel=SLIDES)(verify)
app.command("doctor", cls=PlainCommand, rich_help_panel=SLIDES)(doctor)
app.command("simulate", cls=PlainCommand, rich_help_panel=OWN_MODELS)(simulate)
app.add_typer(evaluate_app, name="evaluate", rich_help_panel=OWN_MODELS)
app.add_typer(train_app, name="train", rich_help_panel=OWN_MODELS)
app.add_typer(weights_app, name="weights", rich_help_panel=OWN_MODELS)
evaluate_app.command("slides", cls=PlainCommand)(evaluate_slides)
evaluate_app.command("boxes", cls=PlainCommand)(evaluate_boxes)
evaluate_app.command("pairs", cls=PlainCommand)(evaluate_pairs)
train_app.command("detector", cls=PlainCommand)(train_detector)
train_app.command("segmenter", cls=PlainCommand)(train_segmenter)
train_app.command("calibration", cls=PlainCommand)(train_calibration)
weights_app.command("list", cls=PlainCommand)(list_weights)
weights_app.command("verify", cls=PlainCommand)(verify_weights)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"karyo-split {version('karyo-split')}")
        raise typer.Exit


@app.callback()
def _root(
    show: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def with_default_command(arguments: list[str]) -> list[str]:
    """Put `split` before arguments that name no command.

    Raises
    ------
    UsageError
        Where the first argument looks like a mistyped command.
    """
    if not arguments or arguments[0] in (*COMMANDS, "--help", "--version", "--install-completion", "--show-completion"):
        return arguments
    first = arguments[0]
    hint = did_you_mean([first], COMMANDS)
    if hint and not Path(first).exists():
        raise UsageError(f"{first!r} is neither a command nor a file{hint}")
    return ["split", *arguments]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    wait_asleep()
    allowed = allowed_bytes()
    if allowed is not None and allowed < MIN_BYTES:
        told = f"{allowed // 2**20} MB of address space, and the libraries alone take {MIN_BYTES // 2**20}"
        _end_for_memory(told)
    try:
        app(with_default_command(sys.argv[1:] if arguments is None else arguments), prog_name="karyo-split")
    except KaryoSplitError as problem:
        print(f"karyo-split: {problem}", file=sys.stderr)
        sys.exit(exit_code_of(problem))
    except (ImportError, OSError, MemoryError) as problem:
        if not isinstance(problem, MemoryError) and not any(sign in str(problem) for sign in LITTLE_MEMORY):
            raise
        _end_for_memory(str(problem) or type(problem).__name__)


def _end_for_memory(told: str) -> NoReturn:
    print(f"karyo-split: too little memory ({told}): raise its limit (ulimit -v, a job's memory)", file=sys.stderr)
    sys.exit(EXIT_USAGE)


if __name__ == "__main__":
    main()
