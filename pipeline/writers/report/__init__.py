"""Pages that need no network and no other file: report.html for a slide, index.html for a batch.

They hold no times, so that the same run writes the same bytes.
"""

from __future__ import annotations

from importlib.resources import files

REPORT_FILE, INDEX_FILE = "report.html", "index.html"


def part(name: str) -> str:
    """A file beside this one, as text."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def is_whole(text: str) -> None:
    """Raise ValueError for a page that does not end."""
    if not text.rstrip().endswith("</html>"):
        raise ValueError("the page is not whole")
