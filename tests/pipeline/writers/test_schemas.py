from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask
from karyo_split.datasets.simulate import SimulatedSlide
from karyo_split.pipeline.metaphases import group_metaphases
from karyo_split.pipeline.records import FLAGS, METAPHASE_FLAGS, NormalisationInfo
from karyo_split.pipeline.result import SplitResult
from karyo_split.pipeline.scoring.candidate import Candidate
from karyo_split.pipeline.settings import SplitSettings
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.pipeline.split import Splitter
from karyo_split.pipeline.stitch import stitch
from karyo_split.pipeline.write_folder import DEFAULT_FORMATS, FORMATS, write_result
from karyo_split.pipeline.writers.run_file import RunFacts

from ...schemas import check_folder, schema_of
from ...strategies import rod

SHAPE = (160, 200)


def write(
    masks: list[PlacedMask], folder: Path, facts: RunFacts | None = None, formats: tuple[str, ...] = FORMATS
) -> None:
    found = [Candidate(mask, 0.3 if i == 2 else 0.9, unresolved=i == 1) for i, mask in enumerate(masks)]
    chromosomes = stitch(found, Box(0, 0, SHAPE[1], SHAPE[0]), 35, 0.5)
    result = SplitResult(
        name="slide", shape=SHAPE, pixel_size_um=None, chromosomes=chromosomes, boxes=(), length_px=35.0,
        normalisation=NormalisationInfo("bright", 50.0, 5.0),
        metaphases=group_metaphases(chromosomes, SHAPE, 35.0, 46)[1],
    )  # fmt: skip
    write_result(result, Slide.from_array(np.zeros(SHAPE, np.uint8)), folder, formats, facts)


MASKS = [rod(0, 10, 40, 8), rod(30, 14, 40, 8), rod(80, 100, 8, 40), rod(100, 10, 30, 8), rod(90, 50, 30, 8)]


@pytest.mark.parametrize("masks", [[], MASKS[:1], MASKS])
def test_files_follow_their_schemas(tmp_path: Path, masks: list[PlacedMask]) -> None:
    write(masks, tmp_path / "array", formats=DEFAULT_FORMATS)
    check_folder(tmp_path / "array")
    write(masks, tmp_path / "file", RunFacts(Path("s.tif"), "a" * 64, "2026-01-01T00:00:00+00:00", {"b.tif": "b" * 64}))
    check_folder(tmp_path / "file")


def test_a_real_result_follows_its_schema(tmp_path: Path, simulated: SimulatedSlide) -> None:
    slide = Slide.from_array(simulated.image)
    result = Splitter(SplitSettings(threads=1, expect=12)).split(slide)
    assert result.chromosomes
    write_result(result, slide, tmp_path, ("coco",))
    check_folder(tmp_path)


def test_the_schemas_know_every_flag_and_format() -> None:
    run, chromosomes = schema_of("run"), schema_of("chromosomes")
    assert run["$defs"]["flag"]["enum"] == list(FLAGS)
    assert run["properties"]["metaphases"]["items"]["properties"]["flags"]["items"]["enum"] == list(METAPHASE_FLAGS)
    assert run["properties"]["formats"]["items"]["enum"] == list(FORMATS)
    fields = chromosomes["properties"]["annotations"]["items"]["properties"]
    assert fields["flags"]["items"]["enum"] == list(FLAGS)


@pytest.mark.parametrize(
    "change", [{"counts": {}}, {"warnings": [3]}, {"input": None}, {"weights": {"detector": "abc"}}]
)
def test_another_document_is_seen(tmp_path: Path, change: dict) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema, of the test extra")
    write(MASKS, tmp_path)
    document = json.loads((tmp_path / "run.json").read_text()) | change
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema_of("run"), jsonschema.Draft202012Validator)
