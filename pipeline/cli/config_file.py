"""Options from a TOML file."""

from __future__ import annotations

from pathlib import Path

import typer

from ...core.errors import UsageError, did_you_mean


def read_config(context: typer.Context, path: Path | None) -> Path | None:
    """Take options from a TOML file by their long names; what is typed on the command line wins.

    Raises
    ------
    UsageError
        Where the file cannot be read or names an option that the command does not have.
    """
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
        allowed = sorted(n for n in names if len(n) > 1 and n not in ("config", "inputs"))
        raise UsageError(
            f"the configuration {path} holds unknown options {', '.join(unknown)}: "
            f"allowed are {', '.join(allowed)}{did_you_mean(unknown, allowed)}"
        )
    context.default_map = {**(context.default_map or {}), **{names[k] or k: v for k, v in values.items()}}
    return path
