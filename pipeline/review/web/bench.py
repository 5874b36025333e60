"""The work of one person: the slides of a batch, of which one is open at a time, and the writing of its files."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....core.errors import InputError, KaryoSplitError
from ...writers.report.pictures import pictures_of
from ..session import ReviewSession
from ..slide_clicks import SlideClicks
from ..work_list import by_doubt, finished_folders, work_item
from .requests import edit_of, revision_of, seeds
from .views import Views, candidate_view

if TYPE_CHECKING:
    from ..clicks import Asker  # it imports torch, which takes seconds: the page need not wait for it

REST_SECONDS = 1.5
"""Files are written anew when nobody edited for so long."""


class OpenSlide(SlideClicks):
    """A slide while it is on the page."""

    def __init__(self, number: int, session: ReviewSession, asker: Callable[[], Asker]) -> None:
        super().__init__(session, asker)
        self.number, self.views = number, Views(session)
        self.pictures: list[tuple[tuple[int, int, int, int], bytes]] = []
        if session.slide is not None:
            for picture in pictures_of(session.opened.base, session.slide):
                self.pictures.append((picture["box"], base64.b64decode(picture["src"].partition(",")[2])))


class Bench:
    """What the server does, without the server."""

    def __init__(
        self,
        folder: Path,
        reviewer: str,
        slides: Path | None = None,
        read_only: bool = False,
        asker: Callable[[], Asker] | None = None,
    ) -> None:
        """Find the slides.

        Parameters
        ----------
        folder
            Of one slide's results, or of a batch's.
        reviewer
            Who edits.
        slides
            The slide's file, or the folder that was split; None looks where summary.csv says.
        read_only
            Whether the person only wants to look.
        asker
            Makes what answers clicks, once; None takes the shipped weights.

        Raises
        ------
        InputError
            Where there is no finished result.
        """
        self._top, self._reviewer, self._slides, self._read_only = folder, reviewer, slides, read_only
        items = by_doubt([work_item(each, folder) for each in finished_folders(folder)])
        self._folders = [item.folder for item in items]
        self._make_asker = asker
        self._asker: Asker | None = None
        self._open: OpenSlide | None = None
        self._busy = threading.RLock()
        self._timer: threading.Timer | None = None
        self._problem = ""

    def list(self) -> dict[str, Any]:
        """The work list, in the order in which the slides wait."""
        items = [work_item(folder, self._top) for folder in self._folders]
        rows = [
            {
                "name": item.name,
                "chromosomes": item.chromosomes,
                "spreads": item.spreads,
                "off": item.off_count,
                "flagged": item.flagged,
                "edits": item.edits,
                "signed": item.signed,
            }
            for item in items
        ]
        return {"slides": rows, "reviewer": self._reviewer}

    def slide(self, number: int) -> OpenSlide:
        """One slide of the list, opened where it is not; the one before is written and closed.

        Raises
        ------
        InputError
            Where there is no such slide, or it cannot be used.
        """
        with self._busy:
            if self._open is not None and self._open.number == number:
                return self._open
            if not 0 <= number < len(self._folders):
                raise InputError(f"there is no slide {number}: the list has {len(self._folders)}")
            self.close()
            session = ReviewSession.open(self._folders[number], self._reviewer, self._slides, self._read_only)
            try:
                self._open = OpenSlide(number, session, self._one_asker)
            except BaseException:
                session.close()
                raise
            if session.opened.log.edits and not session.read_only:
                self._write_soon(0)  # files that a crash left behind
            if session.slide is not None and not session.read_only:
                # no daemon: torch aborts where the interpreter ends in the midst of its work
                threading.Thread(target=self._warm, args=(self._open,), daemon=False).start()
            return self._open

    def view(self, number: int) -> dict[str, Any]:
        """All that the page needs of a slide."""
        opened = self.slide(number)
        pictures = [{"box": box, "src": f"slide/{number}/picture/{i}"} for i, (box, _) in enumerate(opened.pictures)]
        return opened.views.whole() | {"pictures": pictures, "problem": self._problem}

    def click(self, number: int, asked: dict[str, Any]) -> dict[str, Any]:
        """What lies under the page's clicks. Raises KaryoSplitError."""
        return candidate_view(self.slide(number).answer(seeds(asked, "yes"), seeds(asked, "no")))

    def edit(self, number: int, asked: dict[str, Any]) -> dict[str, Any]:
        """Make the edit that the page asks for, and say what changed. Raises KaryoSplitError."""
        with self._busy:
            opened = self.slide(number)
            session, before, seen = opened.session, opened.session.state, revision_of(asked)
            verb = asked.get("verb")
            if verb in ("undo", "redo", "sign"):
                edit = {"undo": session.undo, "redo": session.redo, "sign": session.sign}[verb](seen)
            else:
                edit = session.edit(edit_of(asked, opened.answer), seen)
            self._write_soon(0 if edit.verb == "sign" else REST_SECONDS)
            told = {
                "verb": edit.verb,
                "ids": [id for id in edit.after if id in session.state.present] or list(edit.ids),
            }
            return opened.views.changed(before, edit.after) | {"edit": told, "problem": self._problem}

    def written(self, number: int) -> dict[str, Any]:
        """Whether the files are of the last edit, and what went wrong with them."""
        return {"written": self.slide(number).session.is_written, "problem": self._problem}

    def close(self) -> None:
        """Write what is to be written, and let others edit."""
        with self._busy:
            if self._timer is not None:
                self._timer.cancel()
            opened, self._open = self._open, None
            if opened is not None:
                opened.session.close()

    def _write_soon(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        assert self._open is not None
        self._timer = threading.Timer(seconds, self._write, (self._open.session,))
        self._timer.daemon = True
        self._timer.start()

    def _write(self, session: ReviewSession) -> None:
        try:
            session.write()
            self._problem = ""
        except KaryoSplitError as problem:
            self._problem = f"the edits are safe, but the files could not be written: {problem}"

    def _one_asker(self) -> Asker:
        """What answers clicks, for all slides."""
        from ..clicks import Asker

        if self._asker is None:
            self._asker = self._make_asker() if self._make_asker else Asker()
        return self._asker

    @staticmethod
    def _warm(opened: OpenSlide) -> None:
        """Load the network and measure the slide while the person looks."""
        try:
            opened.ready().warm()
        except (KaryoSplitError, OSError):
            return  # the first click says so
