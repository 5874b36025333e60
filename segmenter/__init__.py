"""Separates the chromosomes of a box with a U-Net that is asked with a seed."""

from .decoder import ComponentAnswer, DecodingSettings, Segmenter, Separated
from .unet import CROP_SIDE, SeededUNet, UNetConfig

__all__ = ["CROP_SIDE", "ComponentAnswer", "DecodingSettings", "SeededUNet", "Segmenter", "Separated", "UNetConfig"]
