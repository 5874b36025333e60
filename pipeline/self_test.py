"""Is everything here that a slide needs, and does it work?"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from .. import weights
from ..core.device import choose_device
from ..core.errors import KaryoSplitError
from ..core.mask import iou
from ..datasets.simulate import SlideRecipe, simulate_slide
from .settings import SplitSettings
from .split import Splitter
from .versions import versions

SLIDE = SlideRecipe(seed=8, shape=(320, 360), chromosomes=12, length_px=36, nuclei=1, debris=3)
"""The simulated slide of the self-test."""
MIN_FOUND = 10
"""Of its twelve chromosomes, how many must be found at IoU 0.5 or more."""


@dataclass(frozen=True)
class Check:
    """What was checked, and what came of it."""

    name: str
    """Of what was checked."""
    told: str
    """What is said where all is well."""
    problem: str = ""
    """One line; empty where all is well."""


def checks(folder: Path | None, device: str, threads: int | None) -> Iterator[Check]:
    """Check versions, device and weights, and split a small simulated slide, one after the other.

    Parameters
    ----------
    folder
        Of weights; None for the shipped ones.
    device
        As a user names it.
    threads
        Of torch; None leaves it to torch.
    """
    yield _safely(_versions)
    yield _safely(lambda: _processor(device, threads))
    for name in _named(folder):
        yield _safely(partial(_weights, name, folder or weights.FOLDER))
    yield _safely(lambda: _self_test(folder, device, threads))


def _safely(check: Callable[[], Check]) -> Check:
    try:
        return check()
    except KaryoSplitError as problem:
        return Check("error", "", str(problem))


def _versions() -> Check:
    return Check("versions", ", ".join(f"{name} {version}" for name, version in versions().items()))


def _processor(device: str, threads: int | None) -> Check:
    chosen = choose_device(device)
    used = threads or torch.get_num_threads()
    return Check(
        "device", f"{chosen}, {used} threads of {os.cpu_count()} cores, {torch.backends.cpu.get_cpu_capability()}"
    )


def _named(folder: Path | None) -> list[str]:
    try:
        return sorted(weights.read_manifest(folder or weights.FOLDER))
    except KaryoSplitError:
        return ["detector"]  # its check says what is wrong with the folder


def _weights(name: str, folder: Path) -> Check:
    entry = weights.entry_named(name, folder)
    weights.verify(entry, folder)
    return Check(f"weights {name}", f"SHA-256 {entry.sha256[:12]}... as in the manifest")


def _self_test(folder: Path | None, device: str, threads: int | None) -> Check:
    slide = simulate_slide(SLIDE)
    splitter = Splitter(SplitSettings(device=device, threads=threads, weights_folder=str(folder) if folder else None))
    since = time.perf_counter()
    result = splitter.split(slide.image)
    seconds = time.perf_counter() - since
    found = sum(
        max((iou(truth, c.placed) for c in result.chromosomes), default=0.0) >= 0.5 for truth in slide.chromosomes
    )
    told = f"{found} of {len(slide.chromosomes)} chromosomes of a simulated slide found, {seconds:.1f} s"
    return Check("self-test", told, "" if found >= MIN_FOUND else f"only {told}: these weights do not fit")
