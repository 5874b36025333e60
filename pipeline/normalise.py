"""The one grey scale that detector and segmenter see: background 0, chromosomes bright, typical edge 0.35.

Measured once and applied region by region, so that the same pixel gets the same value whatever tile it is read with.
The background is that of a small view of the whole slide. The contrast is measured at full resolution, on a large slide
in its busiest parts: a view that is much smaller than the slide shows chromosomes blurred and pale. A page around the
picture, hot pixels and burnt-in marks have no say in it (see `field` and `foreign`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..core.box import Box
from ..core.errors import UsageError
from ..core.grey_scale import EDGE_LEVEL, MAX_LEVEL
from .field import find_field
from .foreign import Limits, Picture, despeckled, find_limits, look, unmarked
from .grey_background import background_level, bilinear, sample_positions
from .grey_level import edge_level, energy_on_both_sides, outline
from .noise import MIN_CONTRAST_TO_NOISE, noise_of
from .slide.slide import Slide

POLARITIES = ("auto", "bright", "dark")
BACKGROUND_WINDOW = 1 / 3
"""Side of the window in which the background is sought, as a share of the longer side of the view."""
SAMPLE_PX, MAX_SAMPLES = 512, 24
"""Side and number, at most, of the parts of a large slide in which contrast is measured."""
MIN_ENERGY_RATIO = 1.5
"""Where one side of the background has less than so many times the other's energy, the polarity is doubtful."""
MIN_TOLD_SHARE = 0.0005
"""Of a slide's pixels: fewer foreign ones are not worth a warning."""


@dataclass(frozen=True, eq=False)
class Normalisation:
    """How a slide's grey values become normalised ones."""

    polarity: str
    """Chromosomes are "bright" or "dark" on their background."""
    background: NDArray[np.float32]
    """float32, shape (rows, columns) of the small view: the level under the chromosomes."""
    level: float
    """Grey values between the background and a typical chromosome edge; 0 for a slide without contrast."""
    shape: tuple[int, int]
    """(rows, columns) of the slide."""
    field: Box
    """In slide pixels: the picture, without a page or frame around it."""
    noise: float
    """Grey values, one standard deviation, of the noise that smoothing leaves on the small view."""
    limits: Limits
    """What the picture cannot exceed: specks and marks that were burnt in are replaced by what is next to them."""
    warnings: tuple[str, ...] = ()
    """What a user must know about the slide's grey values."""

    @property
    def is_blank(self) -> bool:
        """True where the slide has no contrast at all."""
        return self.level <= 0

    @property
    def is_noise(self) -> bool:
        """True where nothing on the slide stands out from its noise."""
        return self.level < MIN_CONTRAST_TO_NOISE * self.noise

    def apply(self, region: NDArray[np.float32], box: Box) -> NDArray[np.float32]:
        """Normalise the region of the slide that lies at `box`: float32 of the same shape, 0..1.5.

        Parameters
        ----------
        region
            float32, shape (box.height, box.width): the slide's grey values there.
        box
            In slide pixels.
        """
        image = np.zeros(region.shape, dtype=np.float32)
        field = self.field.intersect(box).shift(-box.x0, -box.y0)
        if not field.is_empty:
            grey = unmarked(despeckled(region[field.slices], self.limits.speck), self.limits)
            image[field.slices] = self._scaled(grey, self.background_in(box)[field.slices])
        return image

    def apply_to_view(self, view: NDArray[np.float32]) -> NDArray[np.float32]:
        """Normalise a view of the whole slide, of the background's shape: float32 of the same shape, 0..1.5.

        Parameters
        ----------
        view
            float32, shape (rows, columns): the slide's averages or extremes.
        """
        step = _step(self.shape, view.shape)
        field = Box(*(-(-edge // step) for edge in self.field.edges))
        image = np.zeros(view.shape, dtype=np.float32)
        image[field.slices] = self._scaled(view, self.background)[field.slices]
        return image

    def background_in(self, box: Box) -> NDArray[np.float32]:
        """The background under a region of the slide: float32, shape (box.height, box.width)."""
        rows = sample_positions(box.y0, box.y1, self.shape[0], self.background.shape[0])
        columns = sample_positions(box.x0, box.x1, self.shape[1], self.background.shape[1])
        return bilinear(self.background, rows, columns)

    def _scaled(self, grey: NDArray[np.float32], background: NDArray[np.float32]) -> NDArray[np.float32]:
        """Normalise grey values over their background: float32 of the same shape, 0..1.5."""
        if self.is_blank:
            return np.zeros(grey.shape, dtype=np.float32)
        risen = _risen(grey, background, self.polarity)
        return np.clip(risen * (EDGE_LEVEL / self.level), 0, MAX_LEVEL).astype(np.float32)


def measure_slide(slide: Slide, polarity: str = "auto") -> Normalisation:
    """Find polarity, background and contrast of a slide. For `polarity` and what is raised see `measure`.

    Parameters
    ----------
    slide
        The open slide.
    polarity
        One of "auto", "bright", "dark".
    """
    _check(polarity)
    view = slide.view()
    no_data = _told(slide.survey.no_data, "hold no data: they were taken for background")
    if view.shape == slide.shape:
        measured = measure(view, slide.shape, polarity)
        return replace(measured, warnings=no_data + measured.warnings)
    sampled = _sample(slide, view, Limits())
    if sampled.seen.foreign or sampled.limits.many_specks:  # what seemed busiest may have been so with these alone
        view = slide.surveyed(partial(despeckled, limit=sampled.limits.speck)).mean
        sampled = _sample(slide, view, sampled.limits)
    coarse = _measured(sampled.seen, sampled.limits, sampled.field, view.shape, slide.shape, polarity)
    pictures = [look(part, sampled.limits) for part in sampled.parts]
    backgrounds = [coarse.background_in(box) for box in sampled.boxes]
    level = _level(pictures, backgrounds, coarse.polarity, sampled.limits)
    return replace(coarse, level=level, warnings=no_data + coarse.warnings + _told_of_foreign(pictures))


def measure(view: NDArray[np.float32], shape: tuple[int, int], polarity: str = "auto") -> Normalisation:
    """Find polarity, background and contrast on a small view of a slide.

    Parameters
    ----------
    view
        float32, shape (rows, columns), the whole slide at reduced size (or the slide itself).
    shape
        (rows, columns) of the slide.
    polarity
        "bright", "dark", or "auto": bright where the grey values reach further above the commonest one than below it.

    Raises
    ------
    UsageError
        For another polarity.
    """
    _check(polarity)
    field = find_field(view)
    inside = view[field.slices]
    centre = float(np.median(inside))
    limits = find_limits([inside], centre) if view.shape == shape else Limits(centre)
    picture = look(inside, limits)
    measured = _measured(picture, limits, field, view.shape, shape, polarity)
    return replace(measured, warnings=measured.warnings + _told_of_foreign([picture]))


def _measured(
    picture: Picture,
    limits: Limits,
    field: Box,
    view_shape: tuple[int, int],
    shape: tuple[int, int],
    polarity: str,
) -> Normalisation:
    """Polarity, background and contrast of the picture that lies at `field` of a view."""
    smooth = picture.filled(limits.centre)
    warnings: list[str] = []
    if polarity == "auto":
        above, below = energy_on_both_sides(smooth)
        polarity = "bright" if above >= below else "dark"
        if max(above, below) < MIN_ENERGY_RATIO * min(above, below):
            warnings.append(
                f"chromosomes were taken to be {polarity}, but what is brighter than the background and what is darker "
                "are about as strong: --polarity settles it"
            )
    window = max(3, round(max(smooth.shape) * BACKGROUND_WINDOW))
    background = background_level(smooth if polarity == "bright" else -smooth, window)
    if polarity == "dark":
        background = -background
    level = _level([picture], [background], polarity, limits)
    if field != Box(0, 0, view_shape[1], view_shape[0]):
        around = ((field.y0, view_shape[0] - field.y1), (field.x0, view_shape[1] - field.x1))
        background = np.pad(background, around, mode="edge")
    step = _step(shape, view_shape)
    field = Box(*(edge * step for edge in field.edges)).clip(shape)
    if field != Box(0, 0, shape[1], shape[0]):
        warnings.append(
            f"a page or frame lies around the picture: only columns {field.x0}..{field.x1 - 1} and rows "
            f"{field.y0}..{field.y1 - 1} were searched"
        )
    return Normalisation(
        polarity, background.astype(np.float32), level, shape, field, noise_of(smooth), limits, tuple(warnings)
    )


def _level(
    pictures: Sequence[Picture], backgrounds: Sequence[NDArray[np.float32]], polarity: str, limits: Limits
) -> float:
    """The contrast of one or several parts of a slide."""
    risen = [_risen(p.smooth, background, polarity) for p, background in zip(pictures, backgrounds, strict=True)]
    marks = [p.marks_and(values < -limits.other_side) for p, values in zip(pictures, risen, strict=True)]
    return edge_level(risen, marks)


def _check(polarity: str) -> None:
    if polarity not in POLARITIES:
        raise UsageError(f"unknown polarity {polarity!r}: choose one of {', '.join(POLARITIES)}")


def _told_of_foreign(pictures: Sequence[Picture]) -> tuple[str, ...]:
    share = sum(picture.foreign for picture in pictures) / sum(picture.smooth.size for picture in pictures)
    return _told(share, "show nothing under the microscope (hot pixels, burnt-in marks): they were set aside")


def _told(share: float, what: str) -> tuple[str, ...]:
    """A warning about a share of the pixels, where it is noteworthy."""
    return (f"{100 * share:.2g} % of the pixels {what}",) if share > MIN_TOLD_SHARE else ()


@dataclass(frozen=True, eq=False)
class _Sampled:
    """A large slide's picture: `field` of its view, what is `seen` there, and its busiest parts at full resolution."""

    field: Box
    seen: Picture
    boxes: list[Box]
    parts: list[NDArray[np.float32]]
    limits: Limits


def _sample(slide: Slide, view: NDArray[np.float32], known: Limits) -> _Sampled:
    """Find the picture on a large slide's view, read its busiest parts and measure its limits on them."""
    field = find_field(view)
    inside = view[field.slices]
    boxes = _busiest(inside, known.reduced(), field, view.shape, slide.shape)
    parts = [slide.read(box) for box in boxes]
    limits = find_limits(parts, float(np.median(inside)))
    return _Sampled(field, look(inside, limits.reduced()), boxes, parts, limits)


def _busiest(
    inside: NDArray[np.float32],
    limits: Limits,
    field: Box,
    view_shape: tuple[int, int],
    shape: tuple[int, int],
) -> list[Box]:
    """The windows of a slide in which the picture at `field` of its view has the most outline, in reading order."""
    energy = np.zeros(view_shape, np.float32)
    energy[field.slices] = outline(despeckled(inside, limits.speck))
    marks = look(inside, limits).marks
    if marks is not None:
        energy[field.slices][marks] = 0
    step = max(shape) / max(view_shape)
    field_slide = Box(*(edge * _step(shape, view_shape) for edge in field.edges)).clip(shape)
    boxes, seen = [], []
    for y0 in range(0, shape[0], SAMPLE_PX):
        for x0 in range(0, shape[1], SAMPLE_PX):
            box = Box(x0, y0, x0 + SAMPLE_PX, y0 + SAMPLE_PX).intersect(field_slide)
            if min(box.width, box.height) < 2:  # no gradient
                continue
            rows = slice(int(box.y0 / step), math.ceil(box.y1 / step))
            columns = slice(int(box.x0 / step), math.ceil(box.x1 / step))
            boxes.append(box)
            seen.append(float(energy[rows, columns].sum()))
    best = np.argsort(-np.array(seen), kind="stable")[:MAX_SAMPLES]
    return [boxes[index] for index in sorted(best)]


def _risen(grey: NDArray[np.float32], background: NDArray[np.float32], polarity: str) -> NDArray[np.float32]:
    """How far grey values lie from the background on the chromosomes' side."""
    return grey - background if polarity == "bright" else background - grey


def _step(shape: tuple[int, int], view_shape: tuple[int, ...]) -> int:
    """Pixels of a slide, a side, in one of its view."""
    return math.ceil(max(shape) / max(view_shape))
