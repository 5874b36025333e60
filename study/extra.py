"""What the study needs beyond the rest of the program: the extra [study]."""

from __future__ import annotations

from importlib.util import find_spec

from ..core.errors import UsageError


def require(*names: str) -> None:
    """Refuse to begin what would end for want of a module.

    Parameters
    ----------
    names
        Of modules that the extra [study] installs.

    Raises
    ------
    UsageError
        Where one of them is not installed.
    """
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise UsageError(f"the published study needs {' and '.join(missing)}: pip install 'karyo-split[study]'")
