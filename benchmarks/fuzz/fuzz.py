"""Atheris on the readers of what comes from elsewhere: slides, JSON, logs of edits, run lengths.

python benchmarks/fuzz/fuzz.py slides|json|edits|runs [-runs=100000] [-max_total_time=300]

Every other word goes to libFuzzer. An input is a finding where a reader raises what it does not document, or takes
longer than ten seconds; libFuzzer then writes it to crash-... beside it. Needs `pip install 'karyo-split[fuzz]'`. With
OMP_NUM_THREADS=1 no threads wait for each other: where other programs work too, that is many times as fast.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["karyo_split", "tifffile"]):
    import tifffile  # noqa: F401
    from karyo_split.datasets import coco
    from karyo_split.datasets.box_files import read_boxes
    from karyo_split.detector.architecture import check_architecture
    from karyo_split.pipeline import read_folder
    from karyo_split.pipeline.review.edit_log import EDITS_FILE, read_log
    from karyo_split.pipeline.review.replay import replay
    from karyo_split.pipeline.review.reviewed_folder import open_folder
    from karyo_split.pipeline.slide import slide as slides
    from karyo_split.pipeline.verify_folder import verify_folders
    from karyo_split.pipeline.writers import run_record

from corpus import documents, edits, hashed, picture, run_lengths, with_odd_bytes, with_odd_values
from corpus import slides as slide_files
from karyo_split.core.box import Box
from karyo_split.core.errors import InputError, KaryoSplitError, TruthError, WeightsError

from karyo_split import weights

MEMORY = Path("/dev/shm")
FOLDER = Path(tempfile.mkdtemp(prefix="karyo-split-fuzz-", dir=MEMORY if MEMORY.is_dir() else None))
SHAPE = (96, 96)
MAX_PIXELS = 1_000_000
Readers = tuple[tuple[Callable[[Path], object], type[Exception] | tuple[type[Exception], ...]], ...]


def read_slide(data: bytes) -> None:
    """A slide: opened, and all of it read."""
    path = FOLDER / "slide.tif"
    path.write_bytes(data)
    with suppress(KaryoSplitError), slides.Slide.open(path, page=0, channel=0, max_pixels=MAX_PIXELS) as slide:
        slide.view()
        slide.read(Box(0, 0, 2, 2))


def chooser(data: bytes) -> Callable[[int], int]:
    """What the input says, as a choice of whole numbers from 0 up to, and without, an argument."""
    given = atheris.FuzzedDataProvider(data)
    return lambda number: given.ConsumeIntInRange(0, number - 1)


OF_RUN: Readers = (
    (run_record.read_run, ()),
    (lambda folder: run_record.is_run_file(folder / "run.json"), ()),
    (read_folder.read_result, InputError),
    (read_folder.read_input, InputError),
    (lambda folder: list(verify_folders(folder)), InputError),
    (open_folder, InputError),
)
OF_MASKS: Readers = (
    (read_folder.read_result, InputError),
    (lambda folder: list(coco.read_coco(folder)), TruthError),
    (lambda folder: list(read_boxes(folder)), TruthError),
)
OF_MANIFEST: Readers = (
    (lambda folder: [weights.verify(entry, folder) for entry in weights.read_manifest(folder).values()], WeightsError),
    (lambda folder: check_architecture(weights.read_manifest(folder)["detector"].config), (WeightsError, KeyError)),
)
READERS: dict[str, Readers] = {"run.json": OF_RUN, "chromosomes.json": OF_MASKS, weights.MANIFEST: OF_MANIFEST}


class Json:
    """Each of our readers of JSON, on documents of which the input says what is changed."""

    def __init__(self) -> None:
        self.documents = documents(FOLDER)
        self.texts = {name: json.dumps(document).encode() for name, document in self.documents.items()}
        for name, text in self.texts.items():
            place = FOLDER / name if name != weights.MANIFEST else FOLDER / "weights" / name
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(text)
        (FOLDER / "s.tif").touch()

    def __call__(self, data: bytes) -> None:
        below = chooser(data)
        name = sorted(self.documents)[below(len(self.documents))]
        folder = FOLDER / "weights" if name == weights.MANIFEST else FOLDER
        text = self.texts[name]
        odd = with_odd_bytes(text, below) if not below(8) else b""
        odd = odd or json.dumps(with_odd_values(self.documents[name], below)).encode()
        (folder / name).write_bytes(odd)
        for read, allowed in READERS[name]:
            with suppress(allowed):
                read(folder)
        (folder / name).write_bytes(text)


class Edits:
    """A log of edits of which the input says what is changed; mostly with hashes that fit."""

    def __init__(self) -> None:
        documents(FOLDER)
        self.base, self.lines = edits(FOLDER)

    def __call__(self, data: bytes) -> None:
        below = chooser(data)
        path = FOLDER / EDITS_FILE
        path.write_bytes(
            with_odd_bytes(hashed(self.lines), below) if not below(8) else hashed(with_odd_values(self.lines, below))
        )
        with suppress(InputError):
            log = read_log(path)
            state = replay(self.base, log.edits if log else ())
            for condition in state.present.values():
                condition.placed(SHAPE)
            state.record(log.chain if log else "")


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


def target_named(name: str) -> tuple[Callable[[bytes], None], list[bytes]]:
    """What is fuzzed, and the inputs that it starts from."""
    choices = [bytes((31 * number + 7 * at) % 256 for at in range(48)) for number in range(16)]
    if name == "slides":
        return read_slide, list(slide_files(picture()).values())
    if name == "runs":
        return read_runs, run_lengths()
    return {"json": Json, "edits": Edits}[name](), choices


def main() -> None:
    """Write the corpus and hand over to libFuzzer."""
    target, seeds = target_named(sys.argv.pop(1))
    corpus = FOLDER / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds):
        (corpus / str(number)).write_bytes(seed)
    longest = max(map(len, seeds)) + 1000
    atheris.Setup([*sys.argv, str(corpus), f"-max_len={longest}", "-timeout=10", "-rss_limit_mb=4096"], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
