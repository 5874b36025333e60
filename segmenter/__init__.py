"""Separates the chromosomes of a box with a network that answers seeds."""

from .conditional import CROP_SIDE, ConditionalConfig, ConditionalUNet
from .decoder import ComponentAnswer, DecodingSettings, Segmenter, Separated
from .feature_cache import TooManySeeds
from .selection import ExpectedBox

__all__ = [
    "CROP_SIDE",
    "ComponentAnswer",
    "ConditionalConfig",
    "ConditionalUNet",
    "DecodingSettings",
    "ExpectedBox",
    "Segmenter",
    "Separated",
    "TooManySeeds",
]
