"""Boxes chromosomes and clusters in a normalised image."""

from .detection import CHROMOSOME, CLASS_NAMES, CLUSTER, MEMBER, Detection, Detector

__all__ = ["CHROMOSOME", "CLASS_NAMES", "CLUSTER", "MEMBER", "Detection", "Detector"]
