"""From a folder of truth to the detector's weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ... import weights
from ...datasets.read_truth import truth_name
from ...detector.yolo import DetectorTraining, check_untouched, fit
from ...detector.yolo_dataset import DATA_FILE, write_dataset
from .detector_slides import labelled_slides
from .prepared_slides import SIMULATION_SEED
from .provenance import Beginning, entry_of

DETECTOR_INPUT = "normalised grey 0..1.5 as 0..255 in three equal channels, 640 px in training"


def train_detector(
    folders: Sequence[Path],
    out: Path,
    settings: DetectorTraining,
    beginning: Beginning,
    simulated_slides: int,
    resume: bool = False,
) -> Path:
    """Train the detector on slides with truth.

    Parameters
    ----------
    folders
        Of truth: each of M-FISH maps, of COCO files with their slides, or of the G-band set.
    out
        Folder for checkpoints, log and weights.
    settings
        Of the training; the learning rate is that of a training from scratch.
    beginning
        Weights to begin from, and the learning rate where it is another.
    simulated_slides
        How many are added.
    resume
        Whether a training in `out` goes on.

    Returns
    -------
    Path
        The folder of the new weights.

    Raises
    ------
    TruthError
        Where the truth cannot be used.
    UsageError
        Where `out` holds a training that is not to go on.
    WeightsError
        Where the weights to begin from cannot be used.
    """
    start = beginning.load("detector")
    folder = out / "detector"
    check_untouched(folder / "run", resume)
    data = folder / "data" / DATA_FILE
    if not (resume and data.exists()):
        write_dataset(*labelled_slides(folders, simulated_slides, SIMULATION_SEED), folder / "data")
    settings = replace(settings, rate=beginning.rate_from(settings.rate))
    architecture, tensors = fit(data, folder / "run", settings, resume, start)
    command = (
        f"karyo-split train detector{' TRUTH' * len(folders)} --epochs {settings.epochs} "
        f"--simulated {simulated_slides} --seed {settings.seed}{beginning}"
    )
    names = "; ".join(truth_name(folder) for folder in folders)
    data_used = f"{names}; {simulated_slides} simulated slides, seeds from {SIMULATION_SEED}"
    weights.save(entry_of("detector", data_used, DETECTOR_INPUT, command, architecture), tensors, out / "weights")
    return out / "weights"
