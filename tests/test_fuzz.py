"""The fast part of benchmarks/fuzz: some hundred odd inputs, without a fuzzer."""

from __future__ import annotations

import importlib.util
import json
import random
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest
from karyo_split.core.box import Box
from karyo_split.core.errors import InputError, KaryoSplitError, TruthError, WeightsError
from karyo_split.datasets.coco import crop_of, placed_of, read_coco
from karyo_split.detector.architecture import check_architecture
from karyo_split.pipeline.read_folder import ODD, read_input, read_result
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
