from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from karyo_split.core.box import Box
from karyo_split.core.errors import AmbiguousSlide, SlideNotFound, UnreadableSlide, UsageError
from karyo_split.pipeline.slide.slide import Slide
from PIL import Image

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 4096, (120, 150)).astype(np.uint16)
PART = Box(20, 10, 90, 70)


@pytest.mark.parametrize(
    ("pixels", "options"),
    [
        (GREY.astype(np.uint8), {"compression": "lzw"}),
        (GREY, {"compression": "zlib", "tile": (64, 64)}),
        (GREY, {"bigtiff": True}),
        (GREY, {"ome": True, "tile": (32, 32)}),
        (GREY.astype(np.float32) / 4095, {}),
        (GREY.astype(np.float64), {"byteorder": ">"}),
    ],
    ids=["8-bit lzw", "12-in-16 tiled", "bigtiff", "ome", "float", "big-endian double"],
)
def test_tiffs_are_read_by_region(tmp_path: Path, pixels: np.ndarray, options: dict) -> None:
    tifffile.imwrite(tmp_path / "s.tif", pixels, **options)
    with Slide.open(tmp_path / "s.tif") as slide:
        assert slide.shape == (120, 150)
        assert np.allclose(slide.read(PART), pixels[PART.slices])


def test_jpeg_tiff_opens(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "s.tif", np.full((64, 64, 3), 90, np.uint8), photometric="rgb", compression="jpeg")
    with Slide.open(tmp_path / "s.tif") as slide:
        assert np.abs(slide.read(Box(0, 0, 64, 64)) - 90).max() < 4


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_pictures_open(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"s.{ending}"
    Image.fromarray(np.full((40, 60, 3), (10, 20, 60), np.uint8)).save(path)
    with Slide.open(path) as slide:
        assert slide.shape == (40, 60)
        assert np.abs(slide.read(Box(5, 5, 20, 20)) - 30).max() < 3


def test_sixteen_bit_png_keeps_its_values(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "s.png")
    with Slide.open(tmp_path / "s.png") as slide:
        assert np.array_equal(slide.read(PART), GREY[PART.slices])


def test_several_pages_or_channels_need_a_choice(tmp_path: Path) -> None:
    pages, channels = tmp_path / "pages.tif", tmp_path / "channels.ome.tif"
    tifffile.imwrite(pages, np.stack([GREY, GREY + 1, GREY + 2]), photometric="minisblack")
    tifffile.imwrite(channels, np.stack([GREY, GREY + 5]), ome=True, metadata={"axes": "CYX"})
    with pytest.raises(AmbiguousSlide, match=r"3 pages.*--page 0..2"):
        Slide.open(pages)
    with pytest.raises(AmbiguousSlide, match=r"2 channels.*--channel 0..1"):
        Slide.open(channels)
    with Slide.open(pages, page=2) as slide:
        assert np.array_equal(slide.read(PART), GREY[PART.slices] + 2)
    with Slide.open(channels, channel=1) as slide:
        assert np.array_equal(slide.read(PART), GREY[PART.slices] + 5)
        assert slide.info.name == "channels"
    with pytest.raises(UsageError, match="no page 7"):
        Slide.open(pages, page=7)


def test_pixel_sizes_come_from_the_file(tmp_path: Path) -> None:
    ome, tags, printer = tmp_path / "a.ome.tif", tmp_path / "b.tif", tmp_path / "c.tif"
    tifffile.imwrite(ome, GREY, ome=True, metadata={"axes": "YX", "PhysicalSizeX": 65.0, "PhysicalSizeXUnit": "nm"})
    tifffile.imwrite(tags, GREY, resolution=(100_000, 100_000), resolutionunit="CENTIMETER")
    tifffile.imwrite(printer, GREY, resolution=(72, 72), resolutionunit="INCH")
    sizes = []
    for path in (ome, tags, printer):
        with Slide.open(path) as slide:
            sizes.append(slide.info.pixel_size_um)
    assert sizes == [pytest.approx(0.065), pytest.approx(0.1), None]


def test_each_image_of_a_file_has_its_own_pixel_size(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "s.ome.tif", ome=True) as writer:
        for number, (x, y) in enumerate([(0.1, 0.1), (0.325, 0.325), (0.1, 0.2)]):
            facts = {"axes": "YX", "PhysicalSizeX": x, "PhysicalSizeY": y, "Name": f"image {number}"}
            writer.write(GREY[: 100 + number], metadata=facts)
    infos = []
    for page in range(3):
        with Slide.open(tmp_path / "s.ome.tif", page=page) as slide:
            infos.append(slide.info)
    assert [info.pixel_size_um for info in infos] == [pytest.approx(0.1), pytest.approx(0.325), None]
    assert infos[0].warnings == infos[1].warnings == ()
    assert "0.1 x 0.2" in infos[2].warnings[0]


def test_pixels_that_are_not_square_are_told(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "s.tif", GREY, resolution=(100_000, 50_000), resolutionunit="CENTIMETER")
    with Slide.open(tmp_path / "s.tif") as slide:
        assert slide.info.pixel_size_um is None
        assert "not square (0.1 x 0.2 µm)" in slide.info.warnings[0]


@pytest.mark.parametrize(
    ("kind", "count", "value"),
    [
        ("f", 1, 5.0), ("f", 1, float("nan")), ("f", 1, float("inf")), ("f", 1, -1.0), ("d", 1, 1e-308),
        ("f", 2, (1, 2)),
        ("I", 1, 7), ("I", 3, (1, 2, 3)), ("H", 1, 0), ("H", 2, (0, 0)), ("s", 4, "abc"), ("B", 5, b"12345"),
        ("2I", 1, (0, 1)), ("2I", 1, (3, 0)), ("2i", 1, (-3, 1)), ("2I", 2, (1, 2, 3, 4)),
    ],
)  # fmt: skip
def test_odd_resolution_tags_say_no_size_and_break_nothing(
    tmp_path: Path, kind: str, count: int, value: object
) -> None:
    tags = [(code, kind, count, value, True) for code in (282, 283, 296)]
    tifffile.imwrite(tmp_path / "s.tif", GREY, extratags=tags, metadata=None)
    with Slide.open(tmp_path / "s.tif") as slide:
        assert slide.info.pixel_size_um is None
        assert np.array_equal(slide.read(PART), GREY[PART.slices])


@pytest.mark.parametrize("compression", [None, "lzw"])
@pytest.mark.parametrize("tile", [None, (32, 32)])
def test_colours_in_planes_of_their_own_are_averaged(tmp_path: Path, compression: str | None, tile: object) -> None:
    planes = np.stack([GREY // 4, GREY // 2, GREY])
    options = {"photometric": "rgb", "planarconfig": "separate", "compression": compression, "tile": tile}
    tifffile.imwrite(tmp_path / "s.tif", planes, **options)
    with Slide.open(tmp_path / "s.tif") as slide:
        assert slide.shape == (120, 150)
        assert np.allclose(slide.read(PART), planes[:, PART.y0 : PART.y1, PART.x0 : PART.x1].mean(axis=0))


def test_a_palette_s_indices_are_looked_up(tmp_path: Path) -> None:
    indices = RNG.integers(0, 256, (60, 70)).astype(np.uint8)
    colours = RNG.integers(0, 65536, (3, 256)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "s.tif", indices, photometric="palette", colormap=colours)
    with Slide.open(tmp_path / "s.tif") as slide:
        expected = colours.astype(float).mean(axis=0)[indices]
        assert np.allclose(slide.read(Box(0, 0, 70, 60)), expected, rtol=1e-6)


@pytest.mark.parametrize("step", [256, 257])
def test_a_palette_that_is_a_grey_ramp_changes_no_value(tmp_path: Path, step: int) -> None:
    indices = RNG.integers(0, 256, (60, 70)).astype(np.uint8)
    ramp = np.stack([np.arange(256) * step] * 3).astype(np.uint16)
    tifffile.imwrite(tmp_path / "s.tif", indices, photometric="palette", colormap=ramp)
    with Slide.open(tmp_path / "s.tif") as slide:
        assert np.array_equal(slide.read(Box(0, 0, 70, 60)), indices)
    tifffile.imwrite(tmp_path / "inverted.tif", indices, photometric="palette", colormap=ramp[:, ::-1])
    with Slide.open(tmp_path / "inverted.tif") as slide:
        assert np.array_equal(slide.read(Box(0, 0, 70, 60)), (255 - indices.astype(int)) * step)


def test_one_bit_tiffs_and_pngs_say_the_same(tmp_path: Path) -> None:
    bits = RNG.random((50, 64)) < 0.3
    tifffile.imwrite(tmp_path / "s.tif", bits)
    Image.fromarray(bits).save(tmp_path / "s.png")
    for name in ("s.tif", "s.png"):
        with Slide.open(tmp_path / name) as slide:
            assert np.array_equal(slide.read(Box(0, 0, 64, 50)) > 0, bits)


def test_colour_pngs_of_16_bits_keep_them(tmp_path: Path) -> None:
    colour = np.stack([GREY, GREY + 3, GREY + 6], axis=-1).astype(np.uint16)
    (tmp_path / "s.png").write_bytes(imagecodecs.png_encode(np.ascontiguousarray(colour)))
    with Slide.open(tmp_path / "s.png") as slide:
        assert slide.info.dtype == "uint16"
        assert np.allclose(slide.read(PART), GREY[PART.slices] + 3.0)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_file_that_ends_before_its_pixels_is_refused(tmp_path: Path, compression: str | None) -> None:
    tifffile.imwrite(tmp_path / "s.tif", GREY, compression=compression, rowsperstrip=16)
    whole = (tmp_path / "s.tif").read_bytes()
    (tmp_path / "cut.tif").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableSlide, match="are not in it"):
        Slide.open(tmp_path / "cut.tif")


def test_a_directory_without_its_tables_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tifffile.imwrite(tmp_path / "s.tif", GREY, compression="lzw", rowsperstrip=16)
    (tmp_path / "cut.tif").write_bytes((tmp_path / "s.tif").read_bytes()[:200])
    with pytest.raises(UnreadableSlide, match="damaged or truncated"):
        Slide.open(tmp_path / "cut.tif")
    assert capsys.readouterr().err == ""


def test_a_directory_that_claims_nonsense_is_told_in_a_user_s_words(tmp_path: Path) -> None:
    """Libraries stumble over such files with words for programmers."""
    tifffile.imwrite(tmp_path / "s.tif", GREY, metadata=None)
    whole = (tmp_path / "s.tif").read_bytes()
    for cut in range(8, 300, 3):
        (tmp_path / "cut.tif").write_bytes(whole[:cut])
        with pytest.raises(UnreadableSlide) as caught:
            Slide.open(tmp_path / "cut.tif").view()
        assert not any(words in str(caught.value) for words in ("index", "unpack", "NoneType", "attribute"))


def test_a_picture_that_is_cut_off_is_no_missing_module(tmp_path: Path) -> None:
    import karyo_split.detector.yolo  # noqa: F401 - it changes what Pillow opens

    for ending, cuts in (("png", (8, 20, 33, 60, -200)), ("jpg", (3, 20, 200, 700))):
        Image.fromarray(GREY.astype(np.uint8)).save(tmp_path / f"s.{ending}")
        for cut in cuts:
            (tmp_path / f"cut.{ending}").write_bytes((tmp_path / f"s.{ending}").read_bytes()[:cut])
            with pytest.raises(UnreadableSlide) as caught:
                Slide.open(tmp_path / f"cut.{ending}").view()
            assert "pi_heif" not in str(caught.value)


def test_a_slide_of_too_many_pixels_is_refused_before_it_is_read(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "s.tif", GREY)
    Image.fromarray(GREY).save(tmp_path / "s.png")
    for name in ("s.tif", "s.png"):
        assert Slide.open(tmp_path / name, max_pixels=GREY.size).shape == GREY.shape
        with pytest.raises(UnreadableSlide, match="--max-pixels"):
            Slide.open(tmp_path / name, max_pixels=GREY.size - 1)
    tifffile.memmap(tmp_path / "bomb.tif", shape=(200, 200), dtype=np.uint8)
    with tifffile.TiffFile(tmp_path / "bomb.tif", mode="r+b") as file:
        for tag in ("ImageWidth", "ImageLength"):
            file.pages[0].tags[tag].overwrite(2_000_000_000, dtype="I")
    with pytest.raises(UnreadableSlide):
        Slide.open(tmp_path / "bomb.tif")


def test_tiles_that_were_never_written_are_told(tmp_path: Path) -> None:
    def tiles() -> Iterator[np.ndarray | None]:
        yield from (None if number == 2 else np.ones((64, 64), np.uint8) for number in range(4))

    tifffile.imwrite(tmp_path / "s.tif", tiles(), shape=(128, 128), dtype=np.uint8, tile=(64, 64), compression="zlib")
    with Slide.open(tmp_path / "s.tif") as slide:
        assert "1 of 4 tiles or strips were never written" in slide.info.warnings[0]
        assert slide.read(Box(0, 0, 128, 128)).sum() == 3 * 64 * 64


def test_the_small_view_averages(tmp_path: Path) -> None:
    big = np.kron(np.arange(16, dtype=np.uint8).reshape(4, 4), np.ones((700, 700), np.uint8))
    tifffile.imwrite(tmp_path / "s.tif", big, compression="zlib")
    with Slide.open(tmp_path / "s.tif") as slide:
        view = slide.view()
    assert max(view.shape) <= 1024
    assert (view[0, 0], view[-1, -1]) == (0, 15)
    assert view.mean() == pytest.approx(7.5, abs=0.05)


def test_arrays_are_slides_too() -> None:
    colour = np.zeros((30, 40, 3), np.uint8)
    colour[..., 2] = 90
    assert Slide.from_array(colour).read(Box(0, 0, 40, 30)).max() == 30
    with pytest.raises(UnreadableSlide, match="shape"):
        Slide.from_array(np.zeros((3, 4, 5, 6)))


def text_file(path: Path) -> None:
    path.write_text("this is no image")


def truncated(path: Path) -> None:
    tifffile.imwrite(path, RNG.integers(0, 255, (400, 400)).astype(np.uint8), compression="lzw", rowsperstrip=20)
    path.write_bytes(path.read_bytes()[:60_000])


def header_only(path: Path) -> None:
    path.write_bytes(b"II*\0")


def one_pixel(path: Path) -> None:
    tifffile.imwrite(path, np.zeros((1, 1), np.uint8))


def not_numbers(path: Path) -> None:
    pixels = np.zeros((50, 50), np.float32)
    pixels[20, 20] = np.nan
    tifffile.imwrite(path, pixels)


def empty(path: Path) -> None:
    path.touch()


@pytest.mark.parametrize("spoil", [text_file, truncated, header_only, one_pixel, not_numbers, empty])
def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path, spoil) -> None:
    spoil(tmp_path / "s.tif")
    with pytest.raises(UnreadableSlide) as caught, Slide.open(tmp_path / "s.tif") as slide:
        slide.view()
    assert "\n" not in str(caught.value)


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(SlideNotFound, match=r"nothing\.tif"):
        Slide.open(tmp_path / "nothing.tif")
    with pytest.raises(UnreadableSlide, match="is a folder"):
        Slide.open(tmp_path)


def test_a_region_outside_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="inside"):
        Slide.from_array(GREY).read(Box(0, 0, 1000, 10))
