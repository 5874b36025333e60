"""The fast part of benchmarks/fuzz: some hundred odd inputs, without a fuzzer."""

from __future__ import annotations

import copy
import importlib.util
import json
import random
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from karyo_split.core.box import Box
from karyo_split.core.errors import InputError, KaryoSplitError, TruthError, WeightsError
from karyo_split.datasets.box_files import read_boxes
from karyo_split.datasets.coco import crop_of, placed_of, read_coco
from karyo_split.detector.architecture import check_architecture
from karyo_split.pipeline.read_folder import ODD, read_input, read_result
from karyo_split.pipeline.review.edit_log import EDITS_FILE, read_log
from karyo_split.pipeline.review.replay import replay
from karyo_split.pipeline.review.reviewed_folder import open_folder
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.pipeline.verify_folder import verify_folders
from karyo_split.pipeline.writers.run_record import is_run_file, read_run

from karyo_split import weights

SEEDS = range(400)
PLACE = Path(__file__).resolve().parents[1] / "benchmarks" / "fuzz" / "corpus.py"


@pytest.fixture(scope="module")
def corpus() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_corpus", PLACE)
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_odd_documents_are_read_or_refused_in_words(corpus: ModuleType, tmp_path: Path) -> None:
    documents = corpus.documents(tmp_path)
    (tmp_path / "s.tif").touch()
    whole = {name: json.dumps(document) for name, document in documents.items()}
    for name, text in whole.items():
        (tmp_path / name).write_text(text)
    assert len(read_result(tmp_path).chromosomes) == 3
    for seed in SEEDS:
        below = random.Random(seed).randrange
        name = sorted(documents)[below(len(documents))]
        text = json.dumps(corpus.with_odd_values(documents[name], below)).encode()
        (tmp_path / name).write_bytes(text if below(8) else corpus.with_odd_bytes(text, below))
        read_run(tmp_path)
        is_run_file(tmp_path / "run.json")
        with suppress(InputError):
            read_result(tmp_path)
        with suppress(InputError):
            read_input(tmp_path)
        with suppress(InputError):
            list(verify_folders(tmp_path))
        with suppress(TruthError):
            list(read_coco(tmp_path))
        with suppress(WeightsError, KeyError):
            check_architecture(weights.read_manifest(tmp_path)["detector"].config)
        (tmp_path / name).write_text(whole[name])


def test_what_does_not_fit_together_is_refused(corpus: ModuleType, tmp_path: Path) -> None:
    corpus.finished_folder(tmp_path)
    whole = {name: json.loads((tmp_path / name).read_text()) for name in ("run.json", "chromosomes.json")}

    def twice(documents: Any) -> None:
        documents["chromosomes.json"]["annotations"][1]["id"] = 1

    def larger(documents: Any) -> None:
        documents["run.json"]["input"]["shape"] = [97, 96]

    def empty(documents: Any) -> None:
        first, last = (documents["chromosomes.json"]["annotations"][place] for place in (0, 2))
        first["bbox"] = last["bbox"]

    for change in (twice, larger, empty):
        documents = copy.deepcopy(whole)
        change(documents)
        for name, document in documents.items():
            (tmp_path / name).write_text(json.dumps(document))
        with pytest.raises(InputError, match="written by another version"):
            read_result(tmp_path)


@pytest.mark.parametrize("odd", [7, [], "x", None, {"9" * 5000: "x", "\0": "x"}])
def test_odd_parts_of_a_run_are_told_or_refused(corpus: ModuleType, tmp_path: Path, odd: object) -> None:
    corpus.finished_folder(tmp_path)
    run = json.loads((tmp_path / "run.json").read_text())
    for part in ("outputs", "review", "weights", "settings", "input"):
        (tmp_path / "run.json").write_text(json.dumps(run | {part: odd}))
        with suppress(InputError):
            list(verify_folders(tmp_path, tmp_path))
        with suppress(InputError):
            open_folder(tmp_path)


@pytest.mark.parametrize("file", [7, None, "../detector.safetensors", "/etc/passwd", "\0", "9" * 5000])
def test_odd_files_of_weights_are_refused(tmp_path: Path, file: object) -> None:
    manifest = json.loads((weights.FOLDER / weights.MANIFEST).read_text())
    manifest["detector"]["file"] = file
    (tmp_path / weights.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(WeightsError):
        weights.verify(weights.entry_named("detector", tmp_path), tmp_path)


def test_deep_nesting_is_refused_in_words(tmp_path: Path) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    (tmp_path / weights.MANIFEST).write_text(deep)
    with pytest.raises(WeightsError):
        weights.read_manifest(tmp_path)
    with pytest.raises(TruthError):
        list(read_coco(tmp_path))
    with pytest.raises(TruthError):
        list(read_boxes(tmp_path))


def test_odd_logs_of_edits_are_read_or_refused_in_words(corpus: ModuleType, tmp_path: Path) -> None:
    corpus.finished_folder(tmp_path)
    base, lines = corpus.edits(tmp_path)
    path = tmp_path / EDITS_FILE
    assert path.read_bytes() == corpus.hashed(lines)
    whole = read_log(path)
    assert whole is not None and len(replay(base, whole.edits).present) == 5
    for seed in SEEDS:
        below = random.Random(seed).randrange
        odd = corpus.hashed(corpus.with_odd_values(lines, below))
        path.write_bytes(odd if below(8) else corpus.with_odd_bytes(path.read_bytes(), below))
        with suppress(InputError):
            log = read_log(path)
            replay(base, log.edits if log else ())


def test_odd_run_lengths_are_read_or_refused_in_words(corpus: ModuleType) -> None:
    for seed in SEEDS:
        below = random.Random(seed).randrange
        segmentation = json.loads(corpus.run_lengths()[below(4)])
        if isinstance(segmentation, dict):
            odd = corpus.with_odd_bytes(segmentation["counts"].encode(), below).decode("latin-1")
            segmentation |= {"counts": odd}
        segmentation = segmentation if below(3) else corpus.with_odd_values(segmentation, below)
        with suppress(TruthError):
            placed_of(segmentation, (96, 96))
        with suppress(*ODD):
            crop_of(segmentation, Box(3, 4, 40, 50))


def test_mutated_slides_are_read_or_refused_in_words(corpus: ModuleType, tmp_path: Path) -> None:
    files = corpus.slides(corpus.picture())
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        assert Slide.open(tmp_path / name).view().shape == (96, 96)
    for seed in SEEDS:
        below = random.Random(seed).randrange
        name = sorted(files)[below(len(files))]
        (tmp_path / name).write_bytes(corpus.with_odd_bytes(files[name], below))
        with suppress(KaryoSplitError), Slide.open(tmp_path / name, 0, 0, max_pixels=10**6) as slide:
            slide.view()
