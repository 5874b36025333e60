"""The command line: what the user typed, and exit codes. Heavy imports stay inside the commands."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from ...core.errors import (
    DeviceError,
    InputError,
    KaryoSplitError,
    OutputError,
    TruthError,
    UsageError,
    WeightsError,
    did_you_mean,
)
from .options import Device, Formats, PairSplit, Threads, Truth, Variant, WeightsFolder
from .train_commands import train_app

EXIT_SOME_FAILED, EXIT_USAGE, EXIT_NOTHING_READ = 1, 2, 3
COMMANDS = ("split", "export", "evaluate", "train", "simulate", "weights", "doctor")

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Find chromosomes in slides, separate those that touch or overlap, and give each its own mask.\n\n"
    "`karyo-split SLIDE --out FOLDER` is short for `karyo-split split SLIDE --out FOLDER`.",
)
evaluate_app = typer.Typer(no_args_is_help=True, help="Measure against truth.")
weights_app = typer.Typer(no_args_is_help=True, help="List or check the weights.")
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(train_app, name="train")
app.add_typer(weights_app, name="weights")


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"karyo-split {version('karyo-split')}")
        raise typer.Exit


def _read_config(context: typer.Context, path: Path | None) -> Path | None:
    """Options from a TOML file, by their long names; what is typed on the command line wins."""
    if path is None:
        return None
    import tomllib

    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise UsageError(f"the configuration {path} cannot be read: {problem}") from problem
    names = {option.removeprefix("--"): p.name for p in context.command.params for option in p.opts}
    unknown = sorted(set(values) - set(names))
    if unknown:
        allowed = sorted(n for n in names if len(n) > 1 and n not in ("config", "inputs"))
        raise UsageError(
            f"the configuration {path} holds unknown options {', '.join(unknown)}: "
            f"allowed are {', '.join(allowed)}{did_you_mean(unknown, allowed)}"
        )
    context.default_map = {**(context.default_map or {}), **{names[k] or k: v for k, v in values.items()}}
    return path


@app.callback()
def _root(
    show: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command("split")
def split_command(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Slides, folders, quoted globs, or - for a list on stdin.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results: one folder per slide in it.")],
    device: Device = "auto",
    polarity: Annotated[str, typer.Option(help="auto, bright (chromosomes on dark) or dark (on bright).")] = "auto",
    page: Annotated[int | None, typer.Option(min=0, help="Page of files that hold several, from 0.")] = None,
    channel: Annotated[int | None, typer.Option(min=0, help="Channel of files that hold several, from 0.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Slides at a time, each in a process of its own.")] = 1,
    cluster: Annotated[
        str | None, typer.Option(help="Scheduler of a Dask cluster that does the work, such as tcp://host:8786.")
    ] = None,
    threads: Threads = None,
    tile: Annotated[int, typer.Option(min=512, help="Side in px of the windows that are searched.")] = 1024,
    expect: Annotated[int | None, typer.Option(min=1, help="Chromosomes of a metaphase; others are flagged.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep folders finished from the same file, settings and weights.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace finished folders.")] = False,
    formats: Formats = "default",
    weights: WeightsFolder = None,
    config: Annotated[
        Path | None,
        typer.Option(callback=_read_config, is_eager=True, help="TOML file with defaults for these options."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    log_json: Annotated[
        bool, typer.Option("--log-json", help="On stderr one JSON object a line for each slide, for programs.")
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Errors only.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Also warnings and seconds by stage.")] = False,
) -> None:
    """Split slides: a mask for every chromosome. The default command."""
    from .split_command import SplitOptions, split_slides

    options = SplitOptions(
        inputs=tuple(inputs), out=out, device=device, polarity=polarity, page=page, channel=channel, jobs=jobs,
        cluster=cluster, threads=threads, tile=tile, expect=expect, resume=resume, overwrite=overwrite,
        formats=formats, weights=weights, dry_run=dry_run, log_json=log_json, quiet=quiet, verbose=verbose,
    )  # fmt: skip
    raise typer.Exit(split_slides(options))


@app.command("export")
def export_command(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER...", help="Finished folders, such as masks/slide.")],
    formats: Formats,
    slide: Annotated[
        Path | None, typer.Option(help="The slide's file, for formats that need its pixels; of one folder only.")
    ] = None,
) -> None:
    """Write more formats from finished folders, without splitting again."""
    from .export_command import export_folders

    export_folders(folders, formats, slide)


@evaluate_app.command("slides")
def evaluate_slides_command(
    truth: Truth,
    split: Annotated[str, typer.Option(help="train, validation, test or all (M-FISH only).")] = "all",
    out: Annotated[Path | None, typer.Option(help="JSON file for the figures.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many slides.")] = None,
    device: Device = "auto",
    threads: Threads = None,
    weights: WeightsFolder = None,
    errors: Annotated[
        Path | None, typer.Option(help="Folder for the errors by stage and a contact sheet of the worst clusters.")
    ] = None,
) -> None:
    """Split slides with known chromosomes and print how well that went."""
    from .evaluate_slides_command import evaluate_slides

    evaluate_slides(truth, split, out, limit, device, threads, weights, errors)


@evaluate_app.command("pairs")
def evaluate_pairs_command(
    data: Annotated[Path, typer.Argument(help="HDF5 file of the published overlapping pairs, or of the same layout.")],
    last: Annotated[float, typer.Option(help="Share of the pairs, at the end of the file, that is tested.")] = 0.2,
    split: PairSplit = "order",
    variant: Variant = "text",
    weights: WeightsFolder = None,
    out: Annotated[Path | None, typer.Option(help="JSON file for the figures.")] = None,
    plots: Annotated[Path | None, typer.Option(help="Folder for samples.png and intensities.png.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many pairs.")] = None,
    threads: Threads = None,
) -> None:
    """Separate the published study's pairs and print its figures."""
    from ...study.evaluate_pairs import PairsEvaluation, evaluate_pairs

    evaluate_pairs(PairsEvaluation(data, split, last, variant, weights, out, plots, limit, threads))


@app.command("simulate")
def simulate_command(
    out: Annotated[Path, typer.Option(help="Folder for the slides and their COCO truth.")],
    count: Annotated[int, typer.Option(min=1, help="Slides to draw.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the first slide; the others follow.")] = 0,
    stain: Annotated[str, typer.Option(help="dapi or giemsa.")] = "dapi",
    chromosomes: Annotated[int, typer.Option(min=0, help="Chromosomes a slide.")] = 46,
    rows: Annotated[int, typer.Option(help="Height in px.")] = 517,
    columns: Annotated[int, typer.Option(help="Width in px.")] = 645,
    bits: Annotated[int, typer.Option(help="8 or 16.")] = 8,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace slides of the same name.")] = False,
) -> None:
    """Draw slides with exact truth."""
    from .simulate_command import SimulateOptions, simulate_slides

    simulate_slides(SimulateOptions(out, count, seed, stain, chromosomes, (rows, columns), bits, overwrite))


@app.command("doctor")
def doctor_command(weights: WeightsFolder = None, device: Device = "auto", threads: Threads = None) -> None:
    """Check versions, device and weights, and split a small simulated slide."""
    from ..self_test import examine

    if not examine(weights, device, threads):
        raise typer.Exit(EXIT_SOME_FAILED)


@weights_app.command("list")
def weights_list_command(weights: WeightsFolder = None) -> None:
    """List the weights and what is known about them."""
    from .weights_commands import list_weights

    list_weights(weights)


@weights_app.command("verify")
def weights_verify_command(weights: WeightsFolder = None) -> None:
    """Compare every weights file with its SHA-256."""
    from .weights_commands import verify_weights

    verify_weights(weights)


def exit_code_of(problem: KaryoSplitError) -> int:
    """The documented exit code of an error that ends a command."""
    if isinstance(problem, (UsageError, WeightsError, DeviceError)):
        return EXIT_USAGE
    if isinstance(problem, (InputError, TruthError, OutputError)):
        return EXIT_NOTHING_READ
    return EXIT_SOME_FAILED


def with_default_command(arguments: list[str]) -> list[str]:
    """`split` is the command where none is named."""
    if not arguments or arguments[0] in (*COMMANDS, "--help", "--version", "--install-completion", "--show-completion"):
        return arguments
    first = arguments[0]
    hint = did_you_mean([first], COMMANDS)
    if hint and not Path(first).exists():
        raise UsageError(f"{first!r} is neither a command nor a file{hint}")
    return ["split", *arguments]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    try:
        app(with_default_command(sys.argv[1:] if arguments is None else arguments), prog_name="karyo-split")
    except KaryoSplitError as problem:
        print(f"karyo-split: {problem}", file=sys.stderr)
        sys.exit(exit_code_of(problem))


if __name__ == "__main__":
    main()
