"""One image whose planes lie in several files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
from karyo_split.core.box import Box
from karyo_split.core.errors import UnreadableSlide
from karyo_split.pipeline.slide.slide import Slide

GREY = np.random.default_rng(0).integers(0, 200, (60, 80)).astype(np.uint8)
ALL = Box(0, 0, 80, 60)
NAMES = ("x_dapi.ome.tif", "x_fitc.ome.tif", "x_cy3.ome.tif")
SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def write_set(folder: Path, names: tuple[str, ...] = NAMES, written: tuple[int, ...] = (0, 1, 2), **options) -> None:
    """Files of one channel each; every one describes the whole set."""
    planes = "".join(
        f'<TiffData FirstC="{c}" IFD="0" PlaneCount="1"><UUID FileName="{name}">urn:uuid:{c}</UUID></TiffData>'
        for c, name in enumerate(names)
    )
    channels = "".join(f'<Channel ID="Channel:0:{c}" SamplesPerPixel="1"/>' for c in range(len(names)))
    for c in written:
        text = (
            f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{SCHEMA}" UUID="urn:uuid:{c}"><Image ID="Image:0">'
            f'<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="80" SizeY="60" SizeZ="1" '
            f'SizeC="{len(names)}" SizeT="1">{channels}{planes}</Pixels></Image></OME>'
        )
        tifffile.imwrite(folder / names[c], GREY + c, description=text, metadata=None, **options)


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (32, 32)}])
def test_a_channel_is_read_from_its_own_file_whichever_was_opened(tmp_path: Path, options: dict) -> None:
    write_set(tmp_path, **options)
    for opened in NAMES:
        for channel, holder in enumerate(NAMES):
            with Slide.open(tmp_path / opened, channel=channel) as slide:
                assert np.array_equal(slide.read(ALL), GREY + channel)
                assert slide.info.others == (() if holder == opened else (tmp_path / holder,))


def test_a_channel_whose_file_is_missing_is_refused_and_others_are_read_with_a_warning(tmp_path: Path) -> None:
    write_set(tmp_path, written=(0, 2))
    with pytest.raises(UnreadableSlide, match=NAMES[1]):
        Slide.open(tmp_path / NAMES[0], channel=1)
    with Slide.open(tmp_path / NAMES[0], channel=2) as slide:
        assert np.array_equal(slide.read(ALL), GREY + 2)
        assert NAMES[1] in slide.info.warnings[0]


def test_a_truncated_file_of_the_set_is_refused(tmp_path: Path) -> None:
    write_set(tmp_path)
    whole = (tmp_path / NAMES[1]).read_bytes()
    (tmp_path / NAMES[1]).write_bytes(whole[:-500])
    with pytest.raises(UnreadableSlide):
        Slide.open(tmp_path / NAMES[0], channel=1).view()


@pytest.mark.parametrize("name", ["../secret.tif", "/etc/secret.tif", "sub/secret.tif", "..\\secret.tif"])
def test_a_set_reaches_into_no_other_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    tifffile.imwrite(tmp_path / "secret.tif", GREY)
    write_set(folder, (NAMES[0], name), written=(0,))
    with pytest.raises(UnreadableSlide, match="another folder"):
        Slide.open(folder / NAMES[0], channel=1)


def test_linked_files_are_read_and_named_as_they_are_linked(tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "links"
    store.mkdir()
    folder.mkdir()
    write_set(store)
    for name in NAMES:
        (folder / name).symlink_to(store / name)
    tifffile.imwrite(store / "plain", GREY)
    (folder / "plain.tif").symlink_to(store / "plain")
    for channel, name in enumerate(NAMES):
        with Slide.open(folder / NAMES[0], channel=channel) as slide:
            assert np.array_equal(slide.read(ALL), GREY + channel)
            assert slide.info.others == ((folder / name,) if channel else ())
    with Slide.open(folder / "plain.tif") as slide:
        assert slide.info.others == ()


def test_a_pipe_in_a_set_does_not_hang(tmp_path: Path) -> None:
    write_set(tmp_path, written=(0,))
    os.mkfifo(tmp_path / NAMES[1])
    with pytest.raises(UnreadableSlide, match="no file"):
        Slide.open(tmp_path / NAMES[0], channel=0)


def test_pixels_alone_are_read_and_told(tmp_path: Path) -> None:
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{SCHEMA}" UUID="urn:uuid:9">'
        '<BinaryOnly MetadataFile="x.companion.ome" UUID="urn:uuid:8"/></OME>'
    )
    tifffile.imwrite(tmp_path / "x.ome.tif", GREY, description=text, metadata=None)
    with Slide.open(tmp_path / "x.ome.tif") as slide:
        assert np.array_equal(slide.read(ALL), GREY)
        assert "x.companion.ome" in slide.info.warnings[0]
