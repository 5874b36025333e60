"""karyo-split: finds chromosomes in slides and gives every one its own mask.

    from karyo_split import Splitter
    splitter = Splitter()                      # loads the weights once
    result = splitter.split("slide.tif")       # a SplitResult
    for chromosome in result.chromosomes:
        print(chromosome.id, chromosome.box_slide, chromosome.score, chromosome.flags)

Names are imported when they are first used, so `import karyo_split` itself is quick.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .core.box import Box as Box
    from .core.errors import KaryoSplitError as KaryoSplitError
    from .core.mask import PlacedMask as PlacedMask
    from .pipeline.records import Chromosome as Chromosome
    from .pipeline.records import Metaphase as Metaphase
    from .pipeline.records import PlacedDetection as PlacedDetection
    from .pipeline.result import SplitResult as SplitResult
    from .pipeline.settings import SplitSettings as SplitSettings
    from .pipeline.slide.slide import Slide as Slide
    from .pipeline.split import Splitter as Splitter
    from .pipeline.split import split_slide as split_slide
    from .pipeline.write_folder import write_result as write_result

_HOMES = {
    "Box": ".core.box",
    "Chromosome": ".pipeline.records",
    "KaryoSplitError": ".core.errors",
    "Metaphase": ".pipeline.records",
    "PlacedDetection": ".pipeline.records",
    "PlacedMask": ".core.mask",
    "Slide": ".pipeline.slide.slide",
    "SplitResult": ".pipeline.result",
    "SplitSettings": ".pipeline.settings",
    "Splitter": ".pipeline.split",
    "split_slide": ".pipeline.split",
    "write_result": ".pipeline.write_folder",
}
__all__ = [*sorted(_HOMES), "__version__"]
__version__ = version("karyo-split")


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
