"""Boxes chromosomes and clusters in a normalised slide."""

from .detection import CHROMOSOME, CLASS_NAMES, CLUSTER, Detection, Detector, merge_detections

__all__ = ["CHROMOSOME", "CLASS_NAMES", "CLUSTER", "Detection", "Detector", "merge_detections"]
