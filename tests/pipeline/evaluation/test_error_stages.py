from __future__ import annotations

import numpy as np
import pytest
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask
from karyo_split.pipeline.evaluation.comparison import SlideComparison
from karyo_split.pipeline.evaluation.contact_sheet import COLUMNS, TILE_PX, draw_contact_sheet
from karyo_split.pipeline.evaluation.error_stages import band_iou, diagnose, errors_of, on_background, worst_clusters
from karyo_split.pipeline.records import PlacedDetection

SHAPE = (200, 220)


def rod(row: int, column: int, height: int = 40, width: int = 10) -> PlacedMask:
    return PlacedMask(Box(column, row, column + width, row + height), np.ones((height, width), dtype=bool))


def comparison(truth: list[PlacedMask], found: list[PlacedMask], boxes: list[Box] | None = None) -> SlideComparison:
    shown = boxes if boxes is not None else [m.box for m in truth]
    detections = tuple(PlacedDetection(box, 0, 0.9) for box in shown)
    scores = tuple(0.9 - 0.01 * i for i in range(len(found)))
    return SlideComparison("s", SHAPE, tuple(truth), tuple(found), scores, detections)


ALONE = rod(10, 10)
PAIR = [rod(100, 100), rod(100, 110)]


@pytest.mark.parametrize(
    ("case", "losses", "extras"),
    [
        (comparison([ALONE], [ALONE]), [], []),
        (comparison([ALONE], []), ["no mask"], []),
        (comparison([ALONE], [], [rod(150, 150).box]), ["no box"], []),
        (comparison(PAIR, [rod(98, 98, 44, 24)]), ["joined", "joined"], ["joined"]),
        (comparison([ALONE], [rod(10, 10, 19), rod(31, 10, 19)]), ["split"], ["fragment", "fragment"]),
        (comparison([ALONE], [rod(10, 10, 15)]), ["part"], ["fragment"]),
        (comparison([ALONE], [rod(10, 15, 40, 14)]), ["outline"], ["outline"]),
        (comparison([ALONE], [ALONE, rod(10, 10, 35)]), [], ["twice"]),
        (comparison([ALONE], [ALONE, rod(150, 150)]), [], ["background"]),
    ],
    ids=["right", "no mask", "no box", "joined", "split", "part", "outline", "twice", "background"],
)
def test_each_error_has_its_stage(case: SlideComparison, losses: list[str], extras: list[str]) -> None:
    errors = errors_of(case)
    assert [kind for _, kind in errors.losses] == losses
    assert [kind for _, kind in errors.extras] == extras


def test_counts_are_summed_over_slides() -> None:
    boxes = [ALONE.box, Box(150, 150, 170, 170), PAIR[0].box]
    first = comparison([ALONE, *PAIR], [ALONE], boxes)
    diagnosis = diagnose([first, comparison([ALONE], [])])
    assert diagnosis.losses["no box"] == 1
    assert diagnosis.losses["no mask"] == 2
    assert diagnosis.in_boxes == pytest.approx(3 / 4)
    assert diagnosis.empty_boxes == 0.5
    assert (diagnosis.matched_iou, diagnosis.band_75) == (1, 1)


def test_the_outline_itself_does_not_count_in_the_band_figure() -> None:
    wider = rod(9, 9, 42, 12)
    assert band_iou(ALONE, ALONE) == band_iou(ALONE, wider) == 1
    assert band_iou(ALONE, rod(10, 15)) < 0.7


def test_the_worst_clusters_come_first_and_are_drawn_beside_the_truth() -> None:
    case = comparison([ALONE, *PAIR], [rod(10, 10, 15), rod(150, 20)])
    worst = worst_clusters([case], 10)
    assert [(len(c.truth), c.lost, len(c.wrong_found)) for c in worst] == [(1, 1, 1), (2, 2, 0), (0, 0, 1)]
    sheet = np.asarray(draw_contact_sheet(worst, {"s": np.zeros(SHAPE, dtype=np.uint8)}))
    assert sheet.shape[1] == COLUMNS * (2 * TILE_PX + 8)
    assert (sheet == (255, 50, 50)).all(axis=2).any()


def test_no_errors_draw_an_empty_sheet() -> None:
    assert worst_clusters([comparison([ALONE], [ALONE])], 10) == []
    assert draw_contact_sheet([], {}).size[1] > 0


def test_masks_where_the_truth_has_nothing_are_counted() -> None:
    found = [ALONE, rod(150, 150), rod(150, 190), rod(10, 15)]
    assert on_background(comparison([ALONE], found)) == 0.5
    assert on_background(comparison([], [ALONE])) == 1.0
    assert on_background(comparison([ALONE], [])) == 0.0
