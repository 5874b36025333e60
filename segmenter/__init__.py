"""Separates the chromosomes of a box with a U-Net that is asked with a seed."""

from .decode import DecodingSettings, PieceAnswer, Segmenter, Separated
from .model import CROP_SIDE, SeededUNet, UNetConfig

__all__ = ["CROP_SIDE", "DecodingSettings", "PieceAnswer", "SeededUNet", "Segmenter", "Separated", "UNetConfig"]
