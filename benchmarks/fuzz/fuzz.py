"""Atheris on the readers of what comes from elsewhere: slides, JSON, run lengths.

python benchmarks/fuzz/fuzz.py slides|json|runs [-runs=100000] [-max_total_time=300]

Every other word goes to libFuzzer. An input is a finding where a reader raises what it does not document, or takes
longer than ten seconds; libFuzzer then writes it to crash-... beside it. Needs `pip install 'karyo-split[fuzz]'`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["karyo_split", "tifffile"]):
    import tifffile  # noqa: F401
    from karyo_split.datasets import coco
    from karyo_split.pipeline import read_folder
    from karyo_split.pipeline.slide import slide as slides
    from karyo_split.pipeline.writers import run_record

from corpus import documents, picture, run_lengths, with_odd_bytes, with_odd_values
from corpus import slides as slide_files
from karyo_split.core.box import Box
from karyo_split.core.errors import InputError, KaryoSplitError, TruthError, WeightsError
from karyo_split.detector.architecture import check_architecture
from karyo_split.pipeline.verify_folder import verify_folders

from karyo_split import weights

MEMORY = Path("/dev/shm")
FOLDER = Path(tempfile.mkdtemp(prefix="karyo-split-fuzz-", dir=MEMORY if MEMORY.is_dir() else None))
DOCUMENTS = documents(FOLDER)
SHAPE = (96, 96)
MAX_PIXELS = 1_000_000


def read_slide(data: bytes) -> None:
    """A slide: opened, and all of it read."""
    path = FOLDER / "slide.tif"
    path.write_bytes(data)
    with suppress(KaryoSplitError), slides.Slide.open(path, page=0, channel=0, max_pixels=MAX_PIXELS) as slide:
        slide.view()
        slide.read(Box(0, 0, 2, 2))


def read_json(data: bytes) -> None:
    """Each of our readers of JSON, on documents of which the input says what is changed."""
    given = atheris.FuzzedDataProvider(data)

    def below(number: int) -> int:
        return given.ConsumeIntInRange(0, number - 1)

    name = sorted(DOCUMENTS)[below(len(DOCUMENTS))]
    for each, document in DOCUMENTS.items():
        text = json.dumps(with_odd_values(document, below) if each == name else document)
        (FOLDER / each).write_bytes(
            with_odd_bytes(text.encode(), below) if each == name and not below(8) else text.encode()
        )
    (FOLDER / "s.tif").touch()
    check_readers(FOLDER)


def check_readers(folder: Path) -> None:
    """Read all JSON of a folder. Raises what no reader documents."""
    run_record.read_run(folder)
    run_record.is_run_file(folder / "run.json")
    for read, allowed in (
        (lambda: read_folder.read_result(folder), InputError),
        (lambda: read_folder.read_input(folder), InputError),
        (lambda: weights.read_manifest(folder), WeightsError),
        (lambda: check_architecture(weights.read_manifest(folder)["detector"].config), (WeightsError, KeyError)),
        (lambda: list(coco.read_coco(folder)), TruthError),
        (lambda: list(verify_folders(folder)), InputError),
    ):
        with suppress(allowed):
            read()


def read_runs(data: bytes) -> None:
    """A segmentation of COCO, as the truth's reader and the reader of our own folders take it."""
    try:
        segmentation = json.loads(data)
    except (ValueError, RecursionError):
        segmentation = {"size": list(SHAPE), "counts": data.decode("latin-1")}
    with suppress(TruthError):
        coco.placed_of(segmentation, SHAPE)
    with suppress(*read_folder.ODD):
        coco.crop_of(segmentation, Box(3, 4, 40, 50))


TARGETS = {"slides": read_slide, "json": read_json, "runs": read_runs}


def main() -> None:
    """Write the corpus and hand over to libFuzzer."""
    target = sys.argv.pop(1)
    seeds = {
        "slides": list(slide_files(picture()).values()),
        "json": [bytes(range(64 * number, 64 * number + 64)) for number in range(4)],
        "runs": run_lengths(),
    }[target]
    corpus = FOLDER / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds):
        (corpus / str(number)).write_bytes(seed)
    longest = max(map(len, seeds)) + 1000
    atheris.Setup([*sys.argv, str(corpus), f"-max_len={longest}", "-timeout=10", "-rss_limit_mb=4096"], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
