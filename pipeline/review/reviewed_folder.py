"""A slide's folder under review: opened with all doubts about it, and written anew from answer and edits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from ... import weights
from ...core.errors import InputError
from ...core.locks import held
from ..find_slide import Batch, find_slide
from ..read_folder import read_input, read_result
from ..result import SplitResult
from ..slide.slide import Slide
from ..write_folder import Material, is_complete, remove_remains, write_format
from ..writers.output_hashes import formats_of, sha256_of_output
from ..writers.run_file import RUN_FILE, write_reviewed_run
from ..writers.run_record import part_of, read_document, read_run
from ..writers.summary import LOCK_FILE, MAX_WAIT_SECONDS, told, write_summary
from .condition import Condition
from .edit_log import EDITS_FILE, Log, read_log
from .original import ANSWER, ORIGINAL, answer_hash, check_original
from .replay import ReviewState, replay
from .reviewed_result import base_conditions, reviewed_result


@dataclass(frozen=True, eq=False)
class ReviewedFolder:
    """A folder, its first answer and its edits."""

    folder: Path
    """Of the slide's results."""
    base: SplitResult
    """The first answer."""
    conditions: dict[int, Condition]
    """The same, by id: what the edits begin from."""
    log: Log
    """The edits so far."""
    slide_path: Path | None
    """The slide's file; None where it is not found."""
    doubts: tuple[str, ...]
    """Why it may be looked at only; empty where it may be edited."""
    news: tuple[str, ...]
    """What a person should know of it."""

    def state(self) -> ReviewState:
        """The chromosomes after the edits. Raises InputError where they do not fit each other."""
        return replay(self.conditions, self.log.edits)

    def open_slide(self) -> Slide:
        """Open the slide that the folder was made from. Raises InputError where it is not found or cannot be read."""
        if self.slide_path is None:
            raise InputError(f"the slide of {self.folder} is not found: name it, or its folder, with --slides")
        made_from = read_input(self.folder)
        return Slide.open(self.slide_path, made_from.page, made_from.channel)

    def is_current(self, log: Log) -> bool:
        """True where the files are of the last edit of a log."""
        return _is_of(self.folder, log)


def open_folder(folder: Path, slides: Path | None = None) -> ReviewedFolder:
    """Open a folder for review.

    Parameters
    ----------
    folder
        Of a slide's results.
    slides
        The slide's file, or the folder that was split; None looks where summary.csv says.

    Raises
    ------
    InputError
        Where it is unfinished or damaged, or where its edits or its first answer are not as they were written.
    """
    if not is_complete(folder):
        raise InputError(f"{folder} is not finished (it has no {RUN_FILE}): split the slide again")
    log = read_log(folder / EDITS_FILE)
    source = folder
    if log is not None:
        check_original(folder, log)
        source = folder / ORIGINAL
    base = replace(read_result(source), name=folder.name)
    if log is not None and log.shape != base.shape:
        raise InputError(f"{folder / EDITS_FILE} is of a slide of {log.shape}, and this one is of {base.shape}")
    found, of_slide = _slide_of(folder, slides)
    news = (f"the last line of {EDITS_FILE} was cut off and is left out",) if log is not None and log.torn else ()
    return ReviewedFolder(
        folder=folder,
        base=base,
        conditions=base_conditions(base),
        log=log or Log(answer_hash(folder), base.shape),
        slide_path=found,
        doubts=(*_changed(folder, log), *_of_another_version(base), *of_slide),
        news=news,
    )


def _changed(folder: Path, log: Log | None) -> list[str]:
    """That the answer was edited by hand. Where files are behind the log they are not compared: they come anew."""
    run = read_document(folder / RUN_FILE)
    review = part_of(run, "review")
    told = review.get("chain", "")
    if log is not None and told != log.chain:
        lines = review.get("lines")
        return [f"{EDITS_FILE} has lost edits: the files are of {lines}"] if _more(lines, len(log.edits)) else []
    if log is None and told:
        return [f"{EDITS_FILE} is gone, and the files are of a review"]
    outputs = part_of(run, "outputs")
    if ANSWER in outputs and sha256_of_output(folder / ANSWER) != outputs[ANSWER]:
        return [f"{ANSWER} was changed by something else than this review"]
    return []


def _more(lines: object, known: int) -> bool:
    """True for a number of edits beyond those that are known."""
    return isinstance(lines, int) and lines > known


def _of_another_version(base: SplitResult) -> list[str]:
    ours, its = version("karyo-split"), base.versions.get("karyo-split")
    return [] if its == ours else [f"it was made by karyo-split {its}, and this is {ours}"]


def _slide_of(folder: Path, slides: Path | None) -> tuple[Path | None, list[str]]:
    """The slide's file, and what is wrong with it; None where it is not found or is another one."""
    made_from, batch = read_input(folder), Batch.above(folder)
    row = batch.row_of(folder)
    listed = Path(row.slide) if row else None
    found = find_slide(Path(made_from.name).name, listed, slides, batch.place_of(folder))
    if found is None:
        where = f" at {listed}" if listed and slides is None else ""
        return None, [f"the slide {made_from.name} is not found{where}: name it, or its folder, with --slides"]
    if made_from.sha256 is not None and weights.sha256_of(found) != made_from.sha256:
        return None, [f"{found} is not the file that was split: its SHA-256 differs"]
    return found, []


def write_reviewed(opened: ReviewedFolder, log: Log, slide: Slide, formats: Collection[str] = ()) -> SplitResult:
    """Write all files of a folder anew from the first answer and the edits; the same edits give the same bytes.

    Each file is written whole or not at all. run.json comes last: it names the last edit that the files are of, so that
    files that a crash left behind are known, and come anew when the folder is next opened.

    Parameters
    ----------
    opened
        The folder, whose original/ is there.
    log
        The edits.
    slide
        The open slide.
    formats
        To add to those that the folder has.

    Returns
    -------
    SplitResult
        What the files hold.

    Raises
    ------
    OutputError
        Where a file cannot be written.
    """
    folder = opened.folder
    state = replay(opened.conditions, log.edits)
    result = reviewed_result(opened.base, state, state.record(log.chain))
    present = [*formats_of(part_of(read_document(folder / RUN_FILE), "outputs")), *formats]
    remove_remains(folder)
    material = Material(result, slide, read_input(folder / ORIGINAL).facts)
    for name in dict.fromkeys(present):
        write_format(name, material, folder)
    write_reviewed_run(result, folder / RUN_FILE, present, read_document(folder / ORIGINAL / RUN_FILE))
    _tell_batch(folder, result)
    return result


def check_current(folder: Path) -> None:
    """Refuse a folder whose files are not of its last edit.

    Parameters
    ----------
    folder
        Of a slide's results.

    Raises
    ------
    InputError
        Where that is so, or where its edits cannot be read.
    """
    log = read_log(folder / EDITS_FILE)
    if log is None:
        return
    check_original(folder, log)
    if not _is_of(folder, log):
        raise InputError(
            f"{folder} holds edits that its files do not show yet: open it once with `karyo-split review {folder}`"
        )


def _is_of(folder: Path, log: Log) -> bool:
    """True where the files of a folder are of the last edit of a log; a log without lines has an empty hash."""
    record = read_run(folder)
    return record is not None and (record.review.chain if record.review else "") == log.chain


def _tell_batch(folder: Path, result: SplitResult) -> None:
    """Bring the slide's row of summary.csv up to date, where there is one. Others' reviews wait for their turn."""
    above = Batch.above(folder).folder
    if above is None:
        return
    with held(above / LOCK_FILE, MAX_WAIT_SECONDS):
        batch = Batch.above(folder)
        row = batch.row_of(folder)
        if row is None:
            return
        signed = result.review.signed if result.review else None
        new = replace(row, counts=result.counts, signed=str(signed or ""), warnings=told(result.warnings))
        rows = [new if each is row else each for each in batch.rows]
        write_summary(rows, above)
        if (above / "index.html").is_file():
            from ..writers.report.batch_page import write_index

            write_index(rows, above)
