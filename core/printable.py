"""Names that every file and terminal can show."""

from __future__ import annotations


def printable(name: object) -> str:
    """The text of a name or path; bytes that are no UTF-8, as file names may hold them, become question marks."""
    return str(name).encode("utf-8", "replace").decode("utf-8")
