"""The networks that weights may be of, by the shape that their manifest names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .conditional import ConditionalConfig, ConditionalUNet
from .unet import SeededUNet, UNetConfig

Config = ConditionalConfig | UNetConfig
Network = ConditionalUNet | SeededUNet


def config_of(values: Mapping[str, Any]) -> Config:
    """The shape that a manifest names; only that of the asking U-Net has a key "looking".

    Raises
    ------
    WeightsError
        Where a value is missing or of the wrong kind.
    """
    return UNetConfig.from_dict(values) if "looking" in values else ConditionalConfig.from_dict(values)


def network_of(config: Config) -> Network:
    """A new network of a shape."""
    return SeededUNet(config) if isinstance(config, UNetConfig) else ConditionalUNet(config)
