"""Which pixels two masks share, and whose the others are.

A mask is taken generously, so two neighbours that only touch both claim the pixels between them. Shared is only what
the network, asked for either, says belongs to both; of the rest each pixel goes to the mask that claims it most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.box import Box
from ..core.mask import PlacedMask

MAX_CONTESTED = 0.2


@dataclass(frozen=True, eq=False)
class Claim:
    """One mask and what the network said over the part of the image that its seeds saw."""

    placed: PlacedMask
    """The mask, in the image's pixels."""
    seen: Box
    """That part of the image."""
    own: NDArray[np.float32]
    """Probability of belonging to it, alone or not; float32, shape (seen.height, seen.width)."""
    both: NDArray[np.float32]
    """Probability of belonging to it and another; float32, the same shape."""

    def own_under(self) -> NDArray[np.float32]:
        """`own` over the mask's box."""
        return self.own[self.placed.box.shift(-self.seen.x0, -self.seen.y0).slices]

    def both_under(self) -> NDArray[np.float32]:
        """`both` over the mask's box."""
        return self.both[self.placed.box.shift(-self.seen.x0, -self.seen.y0).slices]


def settle_overlaps(claims: Sequence[Claim], shared_from: float) -> list[PlacedMask]:
    """The masks of some claims, of which no two share a border that is no overlap; in the same order.

    Masks that contest a large part of each other are two readings of one place, not neighbours: they stay as they are.

    Parameters
    ----------
    claims
        Of the masks of one piece of foreground.
    shared_from
        Mean probability of class "both", over those who claim a pixel, from which they share it.
    """
    if not claims:
        return []
    window = claims[0].placed.box
    for claim in claims[1:]:
        window = window.enclose(claim.placed.box)
    contested, _ = _contested(claims, window, shared_from)
    neighbours = [c for c in claims if contested[_at(c, window)][c.placed.mask].mean() <= MAX_CONTESTED]
    contested, owner = _contested(neighbours, window, shared_from)
    settled = {}
    for number, claim in enumerate(neighbours):
        there = _at(claim, window)
        mask = claim.placed.mask & (~contested[there] | (owner[there] == number))
        settled[id(claim)] = PlacedMask.from_dense(mask, (claim.placed.box.y0, claim.placed.box.x0))
    return [settled.get(id(claim)) or claim.placed for claim in claims]


def _contested(claims: Sequence[Claim], window: Box, shared_from: float) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """(pixels that several claim but do not share, number of the claim with the highest probability) in a window."""
    shape = (window.height, window.width)
    claimants, owner = np.zeros(shape, dtype=np.int32), np.full(shape, -1, dtype=np.int32)
    both, most = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)
    for number, claim in enumerate(claims):
        there, mask, own = _at(claim, window), claim.placed.mask, claim.own_under()
        claimants[there] += mask
        both[there] += np.where(mask, claim.both_under(), 0)
        better = mask & (own > most[there])
        most[there] = np.where(better, own, most[there])
        owner[there] = np.where(better, number, owner[there])
    return (claimants > 1) & (both < shared_from * claimants), owner


def _at(claim: Claim, window: Box) -> tuple[slice, slice]:
    """Where a claim's mask lies in a window."""
    return claim.placed.box.shift(-window.x0, -window.y0).slices
