from __future__ import annotations

import errno
from pathlib import Path

import pytest
from karyo_split.core.atomic import write_text
from karyo_split.core.errors import OutputError


def test_a_disk_that_becomes_read_only_is_told_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*given: object, **options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "replace", refuses)
    monkeypatch.setattr(Path, "unlink", refuses)
    with pytest.raises(OutputError, match="cannot be written: Read-only file system"):
        write_text(tmp_path / "a.txt", "words")
