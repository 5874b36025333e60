"""edits.jsonl: every edit of a review, in order, one line each; never changed, only added to.

The first line names the answer that the edits begin from, by its SHA-256. Each line holds a hash of itself and of all
lines before it, so that a line that was changed, left out or put in by hand shows. That finds accidents and later
changes; the lines are not signed, so it does not find somebody who works out all hashes anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...core.errors import InputError, OutputError
from .condition import Condition, as_json, from_json

EDITS_FILE = "edits.jsonl"
FORMAT = "karyo-split edits 1"
VERBS = (
    "accept", "delete", "restore", "not_a_chromosome", "split", "join", "add", "erase", "redraw", "new", "move", "note",
    "accept_spread", "sign", "undo", "redo",
)  # fmt: skip


@dataclass(frozen=True)
class Edit:
    """One thing that a person did."""

    time: str
    """When, ISO 8601 with zone."""
    reviewer: str
    """Who."""
    verb: str
    """One of VERBS."""
    ids: tuple[int, ...]
    """The chromosomes that it is about, as the person named them; of accept_spread all of the spread."""
    before: Mapping[int, Condition | None] = field(default_factory=dict)
    """Each chromosome that it changes, as it was; None where it was not there."""
    after: Mapping[int, Condition | None] = field(default_factory=dict)
    """The same ones as they are now."""
    of: int | None = None
    """Of undo and redo: the place in the log, from 0, of the edit that is taken back or done again."""


@dataclass(frozen=True)
class Log:
    """What an edits.jsonl holds."""

    answer: str
    """SHA-256 of the chromosomes.json that the edits begin from."""
    shape: tuple[int, int]
    """(rows, columns) of the slide."""
    edits: tuple[Edit, ...] = ()
    """In the order in which they were made."""
    chain: str = ""
    """The hash in the last whole line."""
    bytes: int = 0
    """Length of the whole lines; what follows was cut off while it was written."""
    torn: bool = False
    """Whether a last line was cut off."""


def read_log(path: Path) -> Log | None:
    """Read an edits.jsonl; None where there is none, or where it was cut off before its first line was whole.

    Parameters
    ----------
    path
        Of the file.

    Raises
    ------
    InputError
        Where it cannot be read, or is not as it was written.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror}") from problem
    whole = raw[: raw.rfind(b"\n") + 1]
    if not whole:
        return None
    chain, edits = "", list[Edit]()
    try:
        lines = whole.decode("utf-8").split("\n")[:-1]
        head, chain = _opened(lines[0], chain)
        if head["format"] != FORMAT:
            raise ValueError("a format of another version")
        rows, columns = (int(side) for side in head["size"])
        for line in lines[1:]:
            document, chain = _opened(line, chain)
            edits.append(_edit_of(document, (rows, columns)))
        return Log(str(head["answer"]), (rows, columns), tuple(edits), chain, len(whole), len(raw) > len(whole))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError) as problem:
        line_number = len(edits) + 1 + bool(chain)
        raise InputError(
            f"{path} is not as karyo-split wrote it, from line {line_number} on ({str(problem)[:80]}): "
            "put back a copy, or move it away to begin from the first answer"
        ) from problem


class EditLog:
    """An edits.jsonl that is added to. Only who holds the folder's lock may have one."""

    def __init__(self, path: Path, log: Log) -> None:
        """log: what the file holds; of a file that is not there its answer and shape alone."""
        self.path, self.log = path, log

    def append(self, edit: Edit) -> None:
        """Add an edit: it is on the disk when this returns.

        Raises
        ------
        OutputError
            Where it cannot be written; then the file holds what it held before.
        """
        log, text, chain = self.log, "", self.log.chain
        if not log.bytes:
            text, chain = _closed({"format": FORMAT, "answer": log.answer, "size": list(log.shape)}, chain)
        line, chain = _closed(_document_of(edit, log.shape), chain)
        data = (text + line).encode("utf-8")
        try:
            with self.path.open("r+b" if self.path.exists() else "x+b") as file:
                file.truncate(log.bytes)  # what was cut off
                file.seek(log.bytes)
                try:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(log.bytes)
                    raise
        except OSError as problem:
            raise OutputError(f"{self.path} cannot be written: {problem.strerror}: the edit was not made") from problem
        self.log = Log(log.answer, log.shape, (*log.edits, edit), chain, log.bytes + len(data))


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True)


def _closed(document: dict[str, Any], chain: str) -> tuple[str, str]:
    """A line with its hash, and the hash."""
    now = hashlib.sha256((chain + _text(document)).encode("utf-8")).hexdigest()
    return _text(document | {"chain": now}) + "\n", now


def _opened(line: str, chain: str) -> tuple[dict[str, Any], str]:
    """What a line holds, and its hash. Raises ValueError where that is not what `_closed` made."""
    document = json.loads(line)
    if not isinstance(document, dict):
        raise ValueError("it holds no object")
    told = document.pop("chain", None)
    if _closed(document, chain) != (line + "\n", told):
        raise ValueError("its hash does not fit")
    return document, str(told)


def _document_of(edit: Edit, shape: tuple[int, int]) -> dict[str, Any]:
    document: dict[str, Any] = {
        "time": edit.time,
        "reviewer": edit.reviewer,
        "verb": edit.verb,
        "ids": list(edit.ids),
        "before": {str(id): as_json(edit.before[id], shape) for id in sorted(edit.before)},
        "after": {str(id): as_json(edit.after[id], shape) for id in sorted(edit.after)},
    }
    return document if edit.of is None else document | {"of": edit.of}


def _edit_of(document: dict[str, Any], shape: tuple[int, int]) -> Edit:
    time, reviewer, verb = (document[name] for name in ("time", "reviewer", "verb"))
    if not (isinstance(time, str) and isinstance(reviewer, str)) or verb not in VERBS:
        raise ValueError("no edit that is known")
    before, after = (
        {int(id): from_json(value, shape) for id, value in document[name].items()} for name in ("before", "after")
    )
    of = document.get("of")
    if before.keys() != after.keys() or not (of is None or type(of) is int):
        raise ValueError("no whole edit")
    return Edit(time, reviewer, verb, tuple(int(id) for id in document["ids"]), before, after, of)
