"""One person at one slide: edits go to the log first, then to the state; the files follow."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ...core.errors import FolderInUse, InputError, OutputError
from ...core.mask import PlacedMask
from ..records import Chromosome, Metaphase
from ..slide.slide import Slide
from ..write_folder import RUN_FILE
from .condition import FOUND, Condition
from .edit_log import EDITS_FILE, Edit, EditLog
from .lock import FolderLock, now
from .original import keep_original
from .replay import ReviewState, after_edit, do_again, take_back
from .reviewed_folder import ReviewedFolder, open_folder, write_reviewed
from .reviewed_result import doubts_of, grouped, is_cut
from .verbs import Desk, sign


@dataclass(frozen=True)
class Spread:
    """A metaphase as it is now."""

    metaphase: Metaphase
    """Its count, box and flags."""
    ids: tuple[int, ...]
    """Its chromosomes."""
    accepted: bool
    """Whether a person accepted it with just these."""

    @property
    def is_open(self) -> bool:
        """True where a person still must look at it."""
        return bool(self.metaphase.flags) and "stray" not in self.metaphase.flags and not self.accepted


@dataclass(frozen=True)
class Left:
    """What must be looked at before a slide can be signed."""

    chromosomes: tuple[int, ...]
    """Flagged ones that no person looked at; the lowest score first."""
    spreads: tuple[int, ...]
    """Flagged metaphases that no person accepted as they are."""

    def __str__(self) -> str:
        """In words; empty where nothing is left."""
        told = [(self.chromosomes, "flagged chromosome"), (self.spreads, "flagged metaphase")]
        parts = [f"{len(ids)} {name}{'s' * (len(ids) > 1)}" for ids, name in told if ids]
        return f"{' and '.join(parts)} not reviewed" if parts else ""


class ReviewSession:
    """A slide's folder while a person works on it. Methods may be called from several threads."""

    def __init__(
        self, opened: ReviewedFolder, reviewer: str, lock: FolderLock | None, slide: Slide | None, doubts: list[str]
    ) -> None:
        """lock: None where the folder is only looked at. doubts: why it is."""
        self.opened, self.reviewer, self.slide = opened, reviewer, slide
        self.doubts = tuple(doubts)
        self._lock = lock
        self._log = EditLog(opened.folder / EDITS_FILE, opened.log)
        self._busy, self._writing = threading.RLock(), threading.RLock()
        self._masks: dict[Condition, PlacedMask] = {}
        self.state: ReviewState = opened.state()
        self.first = {c.id: c for c in opened.base.chromosomes}

    @classmethod
    def open(cls, folder: Path, reviewer: str, slides: Path | None = None, read_only: bool = False) -> Self:
        """Open a slide's folder; where it is in doubt, or another person's, to look at only.

        Parameters
        ----------
        folder
            Of a slide's results.
        reviewer
            Who edits.
        slides
            The slide's file, or the folder that was split; None looks where summary.csv says.
        read_only
            Whether the person only wants to look.

        Raises
        ------
        InputError
            As `open_folder` does.
        """
        doubts = ["it was opened to be looked at only"] if read_only else []
        lock = None
        try:
            if not read_only and (folder / RUN_FILE).is_file():
                lock = FolderLock(folder, reviewer)
        except (FolderInUse, OutputError) as problem:
            doubts.append(str(problem))
        try:
            opened = open_folder(folder, slides)
            doubts += opened.doubts
            if doubts and lock is not None:
                lock.release()
                lock = None
            slide = opened.open_slide() if opened.slide_path else None
            return cls(opened, reviewer, lock, slide, doubts)
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    @property
    def read_only(self) -> bool:
        """True where nothing may be edited; `doubts` says why."""
        return self._lock is None

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of the slide."""
        return self.opened.base.shape

    @property
    def is_written(self) -> bool:
        """True where the files are of the last edit."""
        return self.opened.is_current(self._log.log)

    def desk(self) -> Desk:
        """What verbs work on, now."""
        return Desk(self.state, self.shape, self.reviewer, now())

    def mask(self, condition: Condition) -> PlacedMask:
        """The mask of a condition, in slide pixels; known ones are kept."""
        if condition not in self._masks:
            self._masks[condition] = condition.placed(self.shape)
        return self._masks[condition]

    def edit(self, make: Callable[[Desk], Edit], seen: int | None = None) -> Edit:
        """Make one edit. It is on the disk when this returns.

        Parameters
        ----------
        make
            A verb.
        seen
            How many edits the person had seen; None does not ask.

        Raises
        ------
        InputError
            Where the folder may only be looked at, or where another page edited it since.
        UsageError
            For an edit that cannot be made; Unsure where a person must say yes first.
        OutputError
            Where it cannot be written; then it is not made.
        """
        with self._busy:
            if self.read_only:
                raise InputError(f"{self.opened.folder.name} can be looked at only: {'; '.join(self.doubts)}")
            if seen is not None and seen != len(self.state.edits):
                raise InputError("another page edited this slide since: look again")
            edit = make(self.desk())
            state = after_edit(self.state, edit)
            if not self._log.log.bytes:
                keep_original(self.opened.folder)
            self._log.append(edit)
            self.state = state
            return edit

    def undo(self, seen: int | None = None) -> Edit:
        """Take back the last edit that holds. Raises as `edit` does."""
        return self.edit(lambda desk: take_back(desk.state, desk.reviewer, desk.time), seen)

    def redo(self, seen: int | None = None) -> Edit:
        """Do again what was undone last. Raises as `edit` does."""
        return self.edit(lambda desk: do_again(desk.state, desk.reviewer, desk.time), seen)

    def sign(self, seen: int | None = None) -> Edit:
        """Sign the slide. Raises UsageError where something is left, and as `edit` does."""
        return self.edit(lambda desk: sign(desk, str(self.left())), seen)

    def spreads(self) -> list[Spread]:
        """The metaphases as they are now, in reading order."""
        chromosomes = list[Chromosome]()
        for id, condition in self.state.present.items():
            first, found = self.first.get(id), self.opened.conditions.get(id)
            drawn = found is None or found.counts != condition.counts
            edge = ("edge",) if is_cut(first, condition, drawn, self.shape) else ()
            flags = edge + doubts_of(first, condition)
            mask = self.mask(condition).mask
            chromosomes.append(Chromosome(id, condition.box, mask, 1.0, 0, 0, 0, flags))
        numbers, metaphases = grouped(self.opened.base, chromosomes)
        members: dict[int, list[int]] = {}
        for chromosome, number in zip(chromosomes, numbers, strict=True):
            members.setdefault(number, []).append(chromosome.id)
        accepted = self.state.accepted_spreads
        return [Spread(m, tuple(members[m.id]), frozenset(members[m.id]) in accepted) for m in metaphases]

    def left(self, spreads: list[Spread] | None = None) -> Left:
        """What must be looked at before the slide can be signed; `spreads` where they are known."""
        flagged = [
            first for id, first in self.first.items() if first.flags and self.state.conditions[id].status == FOUND
        ]
        flagged.sort(key=lambda c: (c.score, c.id))
        return Left(tuple(c.id for c in flagged), tuple(s.metaphase.id for s in spreads or self.spreads() if s.is_open))

    def write(self) -> bool:
        """Write the files anew where they are not of the last edit; False where nothing is to be done, or may be.

        Raises
        ------
        OutputError
            Where a file cannot be written; the log holds the edits.
        """
        with self._writing:
            with self._busy:
                log = self._log.log
            if self.read_only or not log.edits or self.opened.is_current(log):
                return False
            with self.opened.open_slide() as slide:  # its own: clicks read the other one meanwhile
                write_reviewed(self.opened, log, slide)
            return True

    def close(self) -> None:
        """Write what is to be written, and let others edit."""
        with self._writing:
            try:
                self.write()
            finally:
                if self._lock is not None:
                    self._lock.release()
                    self._lock = None
                if self.slide is not None:
                    self.slide.close()
