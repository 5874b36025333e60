from __future__ import annotations

import numpy as np
import pytest
from karyo_split.datasets.simulate.burnt_in import KINDS, burn_in


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("shape", "dtype"), [((200, 260), np.uint8), ((200, 260, 3), np.uint8), ((200, 260), np.uint16)]
)
def test_marks_change_a_part_of_the_picture_only(kind: str, shape: tuple[int, ...], dtype: type) -> None:
    image = np.full(shape, 40, dtype)
    avoid = np.zeros(shape[:2], dtype=bool)
    avoid[80:120, 100:160] = True
    changed = []
    for seed in range(6):
        marked = burn_in(image, (kind,), np.random.default_rng(seed), avoid)
        assert (marked.shape, marked.dtype) == (image.shape, image.dtype)
        changed.append(float((marked != image).mean()))
    assert 0 < max(changed) < 0.8
    assert (image == 40).all()


def test_the_same_seed_burns_in_the_same() -> None:
    image, avoid = np.zeros((90, 120), np.uint8), np.zeros((90, 120), dtype=bool)
    one, other = (burn_in(image, KINDS, np.random.default_rng(3), avoid) for _ in range(2))
    assert np.array_equal(one, other)
