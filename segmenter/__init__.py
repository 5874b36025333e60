"""Separates the chromosomes of a box with a U-Net that is asked with a seed."""

from .conditional import CROP_SIDE, ConditionalConfig, ConditionalUNet
from .decoder import ComponentAnswer, DecodingSettings, Segmenter, Separated
from .selection import ExpectedBox
from .unet import SeededUNet, UNetConfig

__all__ = [
    "CROP_SIDE",
    "ComponentAnswer",
    "ConditionalConfig",
    "ConditionalUNet",
    "DecodingSettings",
    "ExpectedBox",
    "SeededUNet",
    "Segmenter",
    "Separated",
    "UNetConfig",
]
