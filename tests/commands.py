"""Runs the command line in this process."""

from __future__ import annotations

import pytest
from karyo_split.pipeline import cli


def run(*words: object) -> int:
    """The exit code of a command."""
    with pytest.raises(SystemExit) as ended:
        cli.main([str(word) for word in words])
    code = ended.value.code
    return code if isinstance(code, int) else 0
