from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from karyo_split.core.errors import TruthError
from karyo_split.study.pairs import VARIANTS, Variant, clean_labels, crop, read_pairs


def write(path: Path, pixels: np.ndarray, name: str = "dataset_1") -> Path:
    with h5py.File(path, "w") as file:
        file[name] = pixels
    return path


def pairs(count: int = 3) -> np.ndarray:
    pixels = np.zeros((count, 94, 93, 2), dtype=np.int16)
    pixels[:, 20:60, 30:40, 0] = 120
    pixels[:, 20:60, 30:40, 1] = 1
    pixels[:, 50:60, 30:70, 0] += 90
    pixels[:, 50:60, 40:70, 1] = 2
    pixels[:, 50:60, 30:40, 1] = 3
    return pixels


def test_a_set_is_read_cropped_and_counted(tmp_path: Path) -> None:
    pixels = pairs(5)
    pixels[0, 10, 10, 0], pixels[1, 11, 11, 0] = -7, 300
    got = read_pairs(write(tmp_path / "p.h5", pixels))
    assert got.grey.shape == got.labels.shape == (5, 88, 88)
    assert got.clipped == 2
    assert got.grey[0].max() == 210 and got.grey[1].max() == 255
    assert np.array_equal(got.labels[2], pixels[2, 3:91, 2:90, 1])
    training, test = got.split(0.2)
    assert (len(training), len(test)) == (4, 1)


def test_the_codes_crop_starts_rows_and_columns_alike(tmp_path: Path) -> None:
    path = write(tmp_path / "p.h5", pairs())
    assert np.array_equal(read_pairs(path, "code").grey[0], pairs()[0, 3:91, 3:91, 0])
    assert np.array_equal(read_pairs(path, "text").grey[0], pairs()[0, 3:91, 2:90, 0])


SMALL = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0],
        [0, 1, 1, 1, 0, 0, 0],
        [0, 1, 4, 1, 0, 0, 2],
        [0, 1, 1, 1, 0, 0, 0],
        [0, 3, 3, 2, 2, 2, 0],
        [0, 0, 0, 2, 2, 2, 0],
    ]
)


def test_a_stray_label_takes_the_commonest_around() -> None:
    for variant in VARIANTS:
        assert clean_labels(SMALL, variant)[2, 2] == 1


def test_lonely_pixels_become_background_in_the_text_and_like_their_neighbours_in_the_code() -> None:
    text, code = clean_labels(SMALL, "text"), clean_labels(SMALL, "code")
    assert text[2, 6] == code[2, 6] == 0
    assert text[4, 1] == text[4, 2] == 0
    assert code[4, 2] == 1
    assert text[4, 4] == code[4, 4] == 2


@given(arrays(np.int16, (2, 9, 8), elements=st.integers(0, 4)), st.sampled_from(VARIANTS))
def test_cleaning_follows_its_rule_pixel_by_pixel(labels: np.ndarray, variant: Variant) -> None:
    cleaned = clean_labels(labels, variant)
    padded = np.pad(labels, ((0, 0), (1, 1), (1, 1)), constant_values=9)
    for index in np.ndindex(labels.shape):
        image, row, column = index
        around = np.delete(padded[image, row : row + 3, column : column + 3].ravel(), 4)
        counts = [int(np.sum(around == value)) for value in range(4)]
        commonest = int(np.argmax(counts))
        label = int(labels[index])
        if label > 3:
            expected = commonest
        elif label > 0 and counts[label] < 3:
            expected = commonest if variant == "code" else 0
        else:
            expected = label
        assert cleaned[index] == expected


@pytest.mark.parametrize(
    ("pixels", "name", "message"),
    [
        (np.zeros((2, 94, 93), np.int16), "dataset_1", "shape"),
        (np.zeros((2, 94, 93, 3), np.int16), "dataset_1", "expected .N, rows, columns, 2."),
        (np.zeros((0, 94, 93, 2), np.int16), "dataset_1", "empty"),
        (np.zeros((2, 60, 93, 2), np.int16), "dataset_1", "at least 88"),
        (np.full((1, 94, 93, 2), 5, np.int16), "dataset_1", "labels 5..5: allowed are 0 to 4"),
        (pairs(), "other", "holds other, but no 'dataset_1'"),
    ],
    ids=["no channels", "three channels", "empty", "small", "labels", "name"],
)
def test_other_files_are_refused(tmp_path: Path, pixels: np.ndarray, name: str, message: str) -> None:
    with pytest.raises(TruthError, match=message):
        read_pairs(write(tmp_path / "p.h5", pixels, name))


def test_what_is_no_hdf5_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.h5").write_text("no")
    with pytest.raises(TruthError, match="not an HDF5 file"):
        read_pairs(tmp_path / "text.h5")
    with pytest.raises(TruthError, match="does not exist"):
        read_pairs(tmp_path / "none.h5")


def test_images_too_narrow_for_the_codes_crop_are_refused() -> None:
    with pytest.raises(TruthError, match="cannot be cropped"):
        crop(np.zeros((1, 100, 88)), "code")
