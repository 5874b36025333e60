from __future__ import annotations

from karyo_split.core.box import Box
from karyo_split.detector import CHROMOSOME, CLUSTER, MEMBER
from karyo_split.pipeline.merge_boxes import merge_detections, merge_members
from karyo_split.pipeline.records import PlacedDetection


def test_repeated_boxes_become_one() -> None:
    sure, unsure = (
        PlacedDetection(Box(0, 0, 40, 40), CHROMOSOME, 0.9),
        PlacedDetection(Box(2, 1, 41, 40), CHROMOSOME, 0.4),
    )
    assert merge_detections([unsure, sure]) == [sure]


def test_a_chromosome_inside_a_better_cluster_is_dropped() -> None:
    cluster = PlacedDetection(Box(0, 0, 100, 100), CLUSTER, 0.9)
    inside = PlacedDetection(Box(10, 10, 40, 40), CHROMOSOME, 0.5)
    beside = PlacedDetection(Box(90, 90, 140, 140), CHROMOSOME, 0.5)
    assert merge_detections([inside, cluster, beside]) == [cluster, beside]


def test_a_cluster_stays_unless_better_boxes_cover_it() -> None:
    cluster = PlacedDetection(Box(0, 0, 100, 100), CLUSTER, 0.4)
    left, right = (
        PlacedDetection(Box(0, 0, 45, 100), CHROMOSOME, 0.9),
        PlacedDetection(Box(45, 0, 90, 100), CHROMOSOME, 0.8),
    )
    assert merge_detections([cluster, left]) == [left, cluster]
    assert merge_detections([cluster, left, right]) == [left, right]


def test_pieces_cut_by_windows_are_joined() -> None:
    left, right = (
        PlacedDetection(Box(0, 0, 60, 30), CHROMOSOME, 0.6),
        PlacedDetection(Box(50, 5, 120, 30), CHROMOSOME, 0.7),
    )
    assert merge_detections([], [left, right]) == [PlacedDetection(Box(0, 0, 120, 30), CLUSTER, 0.7)]


def test_a_cut_piece_of_a_whole_box_is_dropped() -> None:
    whole = PlacedDetection(Box(0, 0, 60, 30), CHROMOSOME, 0.6)
    assert merge_detections([whole], [PlacedDetection(Box(30, 0, 60, 30), CHROMOSOME, 0.9)]) == [whole]


def test_a_member_inside_another_ones_box_stays_and_a_repeat_goes() -> None:
    long, short = Box(0, 0, 80, 80), Box(30, 30, 50, 55)
    members = [PlacedDetection(long, MEMBER, 0.9), PlacedDetection(short, MEMBER, 0.5)]
    repeat = PlacedDetection(long.shift(3, 0), MEMBER, 0.4)
    assert merge_members([repeat, *members]) == members
