"""napari's dock widget, on napari's viewer without a window: what the mouse and the buttons do to the folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from karyo_split.pipeline.read_folder import read_result
from karyo_split.pipeline.review.hand import Hand

from .review.made import make_folder

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
components = pytest.importorskip("napari.components", reason="needs napari, of the extra of that name")
try:
    from qtpy import QtWidgets
except ImportError as problem:
    pytest.skip(f"needs a Qt that napari can use: {problem}", allow_module_level=True)


@pytest.fixture(scope="module")
def application() -> Iterator[Any]:
    yield QtWidgets.QApplication.instance() or QtWidgets.QApplication([])


def mouse(widget: Any, *way: tuple[float, float]) -> None:
    """Press at the first point (row, column) of the slide, move through the others, let go."""

    def event(kind: str, place: tuple[float, float]) -> Any:
        world = (place[0] - 0.5, place[1] - 0.5)
        return SimpleNamespace(type=kind, position=world, pos=place, modifiers=())

    now = event("mouse_press", way[0])
    heard = widget._mouse(widget._viewer, now)
    next(heard)
    for place in way[1:]:
        now.__dict__.update(event("mouse_move", place).__dict__)
        next(heard)
    now.type = "mouse_release"
    assert next(heard, None) is None


def test_the_opened_folder_is_reviewed(application: Any, tmp_path: Path) -> None:
    from karyo_split.pipeline.napari import read_folder
    from karyo_split.pipeline.napari_review import ReviewWidget

    folder = make_folder(tmp_path)
    viewer = components.ViewerModel()
    for data, options, kind in read_folder(str(folder)):
        getattr(viewer, f"add_{kind}")(data, **options)
    widget = ReviewWidget(viewer)
    buttons = {button.text(): button for button in widget.findChildren(QtWidgets.QPushButton)}
    buttons["Review the opened folder"].click()
    assert "slide" in viewer.layers and "boxes" not in viewer.layers
    mouse(widget, (25, 14))
    assert len(viewer.layers["review marks"].data) == 1
    buttons["&Delete"].click()
    assert viewer.layers["chromosomes 1"].data[25, 14] == 0
    buttons["&Undo"].click()
    assert viewer.layers["chromosomes 1"].data[25, 14] == 1
    buttons["Split"].click()
    camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
    assert not camera.mouse_pan
    mouse(widget, (25, 34), (25, 44), (25, 54))
    assert viewer.layers["chromosomes 1"].data[15, 44] != viewer.layers["chromosomes 1"].data[35, 44]
    widget.close()
    assert len(read_result(folder)) == 7 and widget._mouse not in viewer.mouse_drag_callbacks
    Hand.open(folder, "Bob", lambda _: True).close()
