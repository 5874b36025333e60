"""Signed slides as truth: what a person reviewed is what a training gets, and nothing that was not signed."""

from __future__ import annotations

from pathlib import Path

import pytest
from karyo_split.core.errors import TruthError
from karyo_split.core.mask import iou
from karyo_split.datasets.read_truth import read_truth, training_and_validation, truth_name
from karyo_split.pipeline.review import verbs
from karyo_split.pipeline.review.session import ReviewSession

from ..pipeline.review.made import RODS, make_folder


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    folder = make_folder(tmp_path)
    session = ReviewSession.open(folder, "Ann")
    session.edit(lambda desk: verbs.delete(desk, [1]))
    session.edit(lambda desk: verbs.accept(desk, session.left().chromosomes))
    session.sign()
    session.close()
    return folder


def test_the_masks_are_those_after_the_review(signed: Path) -> None:
    for folder in (signed, signed.parent):
        (slide,) = read_truth(folder)
        assert slide.image_path.name == "a.tif" and slide.shape == (120, 160)
        assert len(slide.chromosomes) == len(RODS) - 1
        assert all(max(iou(mask, rod) for rod in RODS) == 1 for mask in slide.chromosomes)
        assert [len(part) for part in training_and_validation(folder)] == [1, 1]
    assert "reviewed by hand" in truth_name(signed.parent)


def test_an_edit_after_the_signature_takes_it_out(signed: Path) -> None:
    session = ReviewSession.open(signed, "Bob")
    session.edit(lambda desk: verbs.delete(desk, [2]))
    with pytest.raises(TruthError, match="edits that its files do not show"):
        list(read_truth(signed.parent))
    session.close()
    with pytest.raises(TruthError, match="no COCO file"):
        list(read_truth(signed.parent))


def test_a_slide_that_changed_or_is_gone_is_refused(signed: Path) -> None:
    slide = signed.parents[1] / "slides" / "a.tif"
    slide.write_bytes(b"other")
    with pytest.raises(TruthError, match="SHA-256 differs"):
        list(read_truth(signed.parent))
    slide.unlink()
    with pytest.raises(TruthError, match="is not found"):
        list(read_truth(signed.parent))
