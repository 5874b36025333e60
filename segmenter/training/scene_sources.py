"""Where scenes come from: slides with truth, their lone chromosomes, and slides that are drawn on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from numpy.random import Generator

from .examples import Scenes, cut_scene
from .scene import Scene, TrainingSlide
from .synthetic_clusters import compose_scene

COMPOSED_SHARE = 0.5
"""Share of the scenes that are composed where real clusters have truth."""
MIN_LONE = 6
"""Clusters are composed of slides with so many lone chromosomes."""


@dataclass(frozen=True, eq=False)
class SlideScenes:
    """Real scenes of slides with truth, and scenes composed from their lone chromosomes."""

    slides: Sequence[TrainingSlide]
    """At least one of them with a chromosome that can be asked about."""
    composed: float = COMPOSED_SHARE
    """Share of the composed scenes."""

    def draw(self, rng: Generator, number: int) -> Scene:
        """A real or a composed scene."""
        while True:
            slide = self.slides[int(rng.integers(len(self.slides)))]
            if rng.random() < self.composed and len(slide.lone) >= MIN_LONE:
                scene = compose_scene(slide, rng)
            else:
                scene = cut_scene(slide, rng)
            if scene is not None and scene.subject:
                return scene

    def fixed(self, number: int, rng: Generator) -> Scene | None:
        """A real scene, not augmented."""
        return cut_scene(self.slides[number % len(self.slides)], rng, augment=False)


@dataclass(frozen=True, eq=False)
class ComposedScenes:
    """Composed scenes: to validate where no real cluster has exact masks."""

    slides: Sequence[TrainingSlide]
    """Each with at least six lone chromosomes."""

    def draw(self, rng: Generator, number: int) -> Scene:
        """A composed scene."""
        return SlideScenes(self.slides, composed=1.0).draw(rng, number)

    def fixed(self, number: int, rng: Generator) -> Scene | None:
        """A composed scene of the slide that the number names."""
        return compose_scene(self.slides[number % len(self.slides)], rng)


@dataclass(frozen=True, eq=False)
class SimulatedScenes:
    """Scenes of an endless row of simulated slides, a few of which are in use at a time."""

    slide: Callable[[int], TrainingSlide]
    """Draws the slide of a number."""
    crops_between: int = 320
    """Crops of the training between two new slides."""
    in_use: int = 6
    """Slides in use at a time."""
    cache: dict[int, TrainingSlide] = field(default_factory=dict)
    """The slides drawn last, by number."""

    def draw(self, rng: Generator, number: int) -> Scene:
        """A scene of one of the slides in use, cut or composed."""
        slide = self._numbered(number // self.crops_between + int(rng.integers(self.in_use)))
        return SlideScenes([slide]).draw(rng, number)

    def fixed(self, number: int, rng: Generator) -> Scene | None:
        """A real scene of the slide of the number, not augmented."""
        return cut_scene(self._numbered(number), rng, augment=False)

    def _numbered(self, number: int) -> TrainingSlide:
        if number not in self.cache:
            while len(self.cache) >= 2 * self.in_use:
                del self.cache[min(self.cache)]
            self.cache[number] = self.slide(number)
        return self.cache[number]


@dataclass(frozen=True, eq=False)
class MixedScenes:
    """Scenes of several sources."""

    sources: Sequence[Scenes]
    """At least one."""
    shares: Sequence[float]
    """How often each is drawn from; they sum to 1."""

    def draw(self, rng: Generator, number: int) -> Scene:
        """A scene of a random source."""
        return self.sources[int(rng.choice(len(self.sources), p=self.shares))].draw(rng, number)

    def fixed(self, number: int, rng: Generator) -> Scene | None:
        """A fixed scene of each source in turn."""
        which, nth = number % len(self.sources), number // len(self.sources)
        return self.sources[which].fixed(nth, rng)
