"""Reads JSON that anybody may have written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_json(path: Path) -> Any:
    """What a JSON file holds, whatever that is.

    Parameters
    ----------
    path
        Of the file.

    Raises
    ------
    OSError
        Where it cannot be read.
    ValueError
        Where it is no JSON, no UTF-8, or nested too deeply.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as problem:
        raise ValueError("it is nested too deeply") from problem
