"""The documented exit codes."""

from __future__ import annotations

from ...core.errors import DeviceError, InputError, KaryoSplitError, OutputError, TruthError, UsageError, WeightsError

EXIT_ALL_DONE, EXIT_SOME_FAILED, EXIT_USAGE, EXIT_NOTHING_READ, EXIT_INTERRUPTED = 0, 1, 2, 3, 130


def exit_code_of(problem: KaryoSplitError) -> int:
    """Look up the exit code of an error that ends a command."""
    if isinstance(problem, (UsageError, WeightsError, DeviceError)):
        return EXIT_USAGE
    if isinstance(problem, (InputError, TruthError, OutputError)):
        return EXIT_NOTHING_READ
    return EXIT_SOME_FAILED
