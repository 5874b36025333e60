"""The command line: what the user typed, and exit codes. Heavy imports stay inside the commands."""

from __future__ import annotations

import difflib
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from ..errors import DeviceError, InputError, KaryoSplitError, OutputError, TruthError, UsageError, WeightsError

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
train_app = typer.Typer(no_args_is_help=True, help="Train a network; --resume goes on after an interruption.")
weights_app = typer.Typer(no_args_is_help=True, help="List or check the weights.")
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(train_app, name="train")
app.add_typer(weights_app, name="weights")

Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads a process may use. [default: all cores]")]
WeightsFolder = Annotated[Path | None, typer.Option("--weights", help="Folder of weights. [default: the shipped ones]")]

Truth = Annotated[Path, typer.Argument(help="Folder of M-FISH maps, or of COCO files with their slides.")]
TrainingFolder = Annotated[Path, typer.Option("--out", help="Folder for checkpoints, log and the finished weights.")]
SimulatedSlides = Annotated[int, typer.Option(min=0, help="Simulated slides to add.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the training in --out.")]
Seed = Annotated[int, typer.Option(help="Seed of all that is random.")]
TrainingThreads = Annotated[int, typer.Option(min=1, help="Threads.")]
Start = Annotated[str | None, typer.Option(help="Folder of weights to begin from, or: shipped. [default: scratch]")]
Bfloat16 = Annotated[
    bool, typer.Option("--bfloat16", help="Multiply in bfloat16: twice as fast on processors that have it.")
]
PairSplit = Annotated[str, typer.Option(help="Of pairs: order (the study's), or chromosome (none in both parts).")]
Variant = Annotated[str, typer.Option(help="Cleaning of pairs as in the study's text or in its code.")]
PUBLISHED = "Of --recipe published"
Rate = Annotated[float | None, typer.Option(min=1e-7, help="Peak learning rate. [default: the network's own]")]


Formats = Annotated[
    str,
    typer.Option(
        "--format",
        help="Comma-separated: coco, labels, csv, preview, report (the default); geojson (QuPath), rois (ImageJ and "
        "Fiji), zarr (OME-Zarr), pieces (a TIFF per chromosome), upright (the same, turned); or all.",
    ),
]


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
        allowed = ", ".join(sorted(n for n in names if len(n) > 1 and n not in ("config", "inputs")))
        raise UsageError(f"the configuration {path} holds unknown options {', '.join(unknown)}: allowed are {allowed}")
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
    from .commands.split import SplitOptions, split_slides

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
    from .commands.export import export_folders

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
    from .commands.evaluate import evaluate_slides

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
    from .commands.evaluate_pairs import PairsEvaluation, evaluate_pairs

    evaluate_pairs(PairsEvaluation(data, split, last, variant, weights, out, plots, limit, threads))


@train_app.command("detector")
def train_detector_command(
    truth: Truth,
    out: TrainingFolder,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the slides.")] = 50,
    simulated: SimulatedSlides = 60,
    resume: Resume = False,
    seed: Seed = 0,
    threads: TrainingThreads = 2,
    start: Start = None,
    rate: Rate = None,
    bfloat16: Bfloat16 = False,
) -> None:
    """Train the detector, from scratch or from trained weights."""
    from .commands.train import TrainOptions, train_detector_on

    options = TrainOptions(
        truth=truth, simulated=simulated, out=out, length=epochs, resume=resume, seed=seed, threads=threads,
        start=start, rate=rate, bfloat16=bfloat16,
    )  # fmt: skip
    train_detector_on(options)


@train_app.command("segmenter")
def train_segmenter_command(
    out: TrainingFolder,
    truth: Annotated[
        Path | None, typer.Argument(help="Folder of M-FISH maps, or of COCO files with their slides.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="HDF5 file of overlapping pairs to train on; slides only lend it chromosomes.")
    ] = None,
    recipe: Annotated[str, typer.Option(help="seeded, or published: the study's network, on pairs only.")] = "seeded",
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps of 16 crops with 4 seeds each.")] = 6000,
    simulated: SimulatedSlides = 60,
    resume: Resume = False,
    seed: Seed = 0,
    threads: TrainingThreads = 2,
    start: Start = None,
    rate: Rate = None,
    bfloat16: Bfloat16 = False,
    split: PairSplit = "order",
    variant: Variant = "text",
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the pairs.", rich_help_panel=PUBLISHED)] = 30,
    width: Annotated[int, typer.Option(min=1, help="Channels at full size.", rich_help_panel=PUBLISHED)] = 64,
    target: Annotated[
        str, typer.Option(help="one-hot, integer, merged, first or second.", rich_help_panel=PUBLISHED)
    ] = "one-hot",
    loss: Annotated[str, typer.Option(help="mse, cross-entropy or dice.", rich_help_panel=PUBLISHED)] = "mse",
    activation: Annotated[str, typer.Option(help="relu, elu or leaky-relu.", rich_help_panel=PUBLISHED)] = "relu",
    class_weights: Annotated[
        bool, typer.Option("--class-weights", help="Weigh classes by their rarity.", rich_help_panel=PUBLISHED)
    ] = False,
) -> None:
    """Train the segmenter on slides or on pairs, from scratch or from trained weights."""
    if recipe not in ("seeded", "published"):
        raise UsageError(f"unknown recipe {recipe!r}: choose seeded or published")
    if recipe == "published" and (data is None or truth is not None):
        raise UsageError("the published recipe learns from pairs alone: name their file with --data, and no folder")
    if data is None:
        from .commands.train import TrainOptions, train_segmenter_on

        if truth is None:
            raise UsageError("name a folder of slides with truth, a file of pairs with --data, or both")
        on_slides = TrainOptions(
            truth=truth, simulated=simulated, out=out, length=steps, resume=resume, seed=seed, threads=threads,
            start=start, rate=rate, bfloat16=bfloat16,
        )  # fmt: skip
        train_segmenter_on(on_slides)
        return
    from .commands.train_pairs import PairsOptions, train_published_on, train_seeded_on

    length = epochs if recipe == "published" else steps
    options = PairsOptions(
        data=data, truth=truth, split=split, variant=variant, out=out, length=length, resume=resume, seed=seed,
        threads=threads, start=start, rate=rate, bfloat16=bfloat16,
    )  # fmt: skip
    if recipe == "seeded":
        train_seeded_on(options)
        return
    from ..segmenter.published import Recipe

    train_published_on(options, Recipe(width, target, loss, activation, class_weights))  # type: ignore[arg-type]


@train_app.command("calibration")
def train_calibration_command(
    truth: Truth,
    weights: Annotated[Path, typer.Option(help="Folder of weights that gets the fitted confidence.")],
    threads: Threads = None,
) -> None:
    """Fit the scores: how likely a mask is right, given all that is known of it."""
    from .commands.train import calibrate_on

    calibrate_on(truth, weights, threads)


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
    from .commands.simulate import SimulateOptions, simulate_slides

    simulate_slides(SimulateOptions(out, count, seed, stain, chromosomes, (rows, columns), bits, overwrite))


@app.command("doctor")
def doctor_command(weights: WeightsFolder = None, device: Device = "auto", threads: Threads = None) -> None:
    """Check versions, device and weights, and split a small simulated slide."""
    from .commands.doctor import examine

    if not examine(weights, device, threads):
        raise typer.Exit(EXIT_SOME_FAILED)


@weights_app.command("list")
def weights_list_command(weights: WeightsFolder = None) -> None:
    """List the weights and what is known about them."""
    from .commands.weights import list_weights

    list_weights(weights)


@weights_app.command("verify")
def weights_verify_command(weights: WeightsFolder = None) -> None:
    """Compare every weights file with its SHA-256."""
    from .commands.weights import verify_weights

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
    nearest = difflib.get_close_matches(first, COMMANDS, n=1)
    if nearest and not Path(first).exists():
        raise UsageError(f"{first!r} is neither a command nor a file: did you mean {nearest[0]!r}?")
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
