"""What a manifest may say of a detector's architecture: ultralytics builds what it is told to, so it is told little.

Its builder looks layers and arguments up by name, and evaluates what stands for an activation. Only the layers of the
networks that are trained here may be named, with plain numbers in bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.errors import WeightsError

KEPT_KEYS = ("nc", "scale", "scales", "backbone", "head", "ch", "channels", "depth_multiple", "width_multiple")
"""All that makes the network; the rest of ultralytics' own files is about training, or is code."""
LAYERS = frozenset({"Conv", "C3k2", "SPPF", "C2PSA", "nn.Upsample", "Concat", "Detect"})
WORDS = frozenset({"nc", "None", "nearest"})
MAX_LAYERS, MAX_REPEATS, MAX_CLASSES, MAX_ARGUMENTS = 100, 10, 100, 4
MAX_CHANNELS, MAX_KERNEL = 2048, 16


def check_architecture(config: Mapping[str, Any]) -> dict[str, Any]:
    """The architecture as ultralytics wants it, if it names nothing but known layers and plain values.

    Parameters
    ----------
    config
        From a manifest that anybody may have written.

    Raises
    ------
    WeightsError
        For anything else.
    """
    if not isinstance(config, Mapping):
        raise _refused("it is no table")
    unknown = sorted(str(key)[:40] for key in config if key not in KEPT_KEYS)
    if unknown:
        raise _refused(f"it says {unknown[0]!r}; allowed are {', '.join(KEPT_KEYS)}")
    if not _is_count(config.get("nc"), MAX_CLASSES):
        raise _refused(f"nc, the number of classes, must be 1..{MAX_CLASSES}")
    if any(config.get(key, 3) != 3 for key in ("ch", "channels")):
        raise _refused("ch and channels must be 3")
    layers = [layer for part in ("backbone", "head") for layer in _list_of(config.get(part), MAX_LAYERS)]
    for number, layer in enumerate(layers):
        _check_layer(number, layer)
    if not layers or layers[-1][2] != "Detect" or any(layer[2] == "Detect" for layer in layers[:-1]):
        raise _refused("the last layer, and no other, must be Detect")
    _check_scales(config)
    return dict(config)


def _check_layer(number: int, layer: Any) -> None:
    if not isinstance(layer, (list, tuple)) or len(layer) != 4:
        raise _refused(f"layer {number} must be [from, repeats, name, arguments]")
    origin, repeats, name, arguments = layer
    if not isinstance(name, str) or name not in LAYERS:
        raise _refused(f"layer {number} is {str(name)[:40]!r}; allowed are {', '.join(sorted(LAYERS))}")
    origins = origin if isinstance(origin, (list, tuple)) else [origin]
    if not origins or len(origins) > MAX_LAYERS or not all(_is_whole(o) and -number - 1 <= o < number for o in origins):
        raise _refused(f"layer {number} must come from layers before it")
    if not _is_count(repeats, MAX_REPEATS):
        raise _refused(f"layer {number} must be repeated 1..{MAX_REPEATS} times")
    for place, argument in enumerate(_list_of(arguments, MAX_ARGUMENTS)):
        most = MAX_KERNEL if place else MAX_CHANNELS
        if not (argument in WORDS if isinstance(argument, str) else _is_number(argument, most)):
            raise _refused(f"argument {place} of layer {number} must be a number up to {most}, true or false")


def _check_scales(config: Mapping[str, Any]) -> None:
    scales = config.get("scales", {})
    if not isinstance(scales, Mapping) or (scales and config.get("scale") not in list(scales)):
        raise _refused("scale must be one of scales")
    for factors in scales.values():
        if len(_list_of(factors, 3)) != 3 or not all(_is_number(each, MAX_CHANNELS) for each in factors):
            raise _refused("each of scales must be [depth, width, most channels]")
    if not all(_is_number(config.get(f"{side}_multiple", 1.0), 4) for side in ("depth", "width")):
        raise _refused("depth_multiple and width_multiple must be numbers up to 4")


def _list_of(value: Any, most: int) -> list[Any]:
    if not isinstance(value, (list, tuple)) or len(value) > most:
        raise _refused(f"a list of at most {most} was expected")
    return list(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_count(value: Any, most: int) -> bool:
    return _is_whole(value) and 1 <= value <= most


def _is_number(value: Any, most: float) -> bool:
    """True for true, false, and numbers from 0; NaN is none."""
    return isinstance(value, (int, float)) and 0 <= value <= most


def _refused(why: str) -> WeightsError:
    return WeightsError(f"the manifest's config of the detector is no architecture that is trained here: {why}")
