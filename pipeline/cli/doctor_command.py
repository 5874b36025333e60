"""`karyo-split doctor`: is everything here that a slide needs, and does it work?"""

from __future__ import annotations

import typer

from .exit_codes import EXIT_SOME_FAILED
from .options import Device, Threads, WeightsFolder


def doctor(weights: WeightsFolder = None, device: Device = "auto", threads: Threads = None) -> None:
    """Check versions, device, weights, a small split."""
    from ..self_test import checks

    passed = True
    for check in checks(weights, device, threads):
        passed = passed and not check.problem
        print(f"{'FAILED' if check.problem else 'ok':7}{check.name}: {check.problem or check.told}", flush=True)
    if not passed:
        raise typer.Exit(EXIT_SOME_FAILED)
