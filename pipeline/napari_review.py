"""The dock widget of the napari plugin that reviews an opened folder by hand. What it does is in `review/hand.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtWidgets import (
    QButtonGroup,
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..core.box import Box
from ..core.errors import KaryoSplitError
from .napari import corners_of, layers_of
from .review.hand import TOOLS, Hand, Place
from .review.lock import my_name

MARKS, PROPOSAL = "review marks", "review proposal"
TAP_PX = 4
"""On the screen: a shorter way is a click."""


class ReviewWidget(QWidget):
    """Tools and verbs at the side of napari's viewer; taps and strokes on the picture."""

    def __init__(self, napari_viewer: Any, hand: Hand | None = None) -> None:
        """hand: of an open session; None opens the folder that the viewer shows, or asks for one."""
        super().__init__()
        self._viewer, self._hand = napari_viewer, hand
        self._told = QLabel("No folder is under review.")
        self._told.setWordWrap(True)
        self._folder = self._button("Review the opened folder", self._open)
        self._tools = QButtonGroup(self)
        self._note = QLineEdit()
        self._note.setPlaceholderText("note, then Enter")
        self._note.setAccessibleName("Note")
        self._note.returnPressed.connect(lambda: self._do(lambda hand: hand.note(self._note.text())))
        self._radius = QDoubleSpinBox()
        self._radius.setRange(0.8, 200.0)
        self._radius.setSuffix(" px")
        self._radius.setAccessibleName("Radius of the brush")
        self._lay()
        napari_viewer.mouse_drag_callbacks.append(self._mouse)
        if hand is not None:
            self._begin(hand)

    def _lay(self) -> None:
        rows = QVBoxLayout(self)
        rows.addWidget(self._folder)
        tools = QGridLayout()
        for place, tool in enumerate(TOOLS):
            button = self._button(tool.capitalize(), partial(self._use, tool))
            button.setCheckable(True)
            button.setChecked(tool == "look")
            self._tools.addButton(button)
            tools.addWidget(button, place // 4, place % 4)
        rows.addLayout(tools)
        rows.addWidget(QLabel("Radius of the brush"))
        rows.addWidget(self._radius)
        grid = QGridLayout()
        verbs: dict[str, Callable[[Hand], str | None]] = {
            "&Accept": lambda hand: hand.act("accept"),
            "&Delete": lambda hand: hand.act("delete"),
            "Not a chromosome (&x)": lambda hand: hand.act("not_a_chromosome"),
            "&Restore last deleted": self._restore,
            "&Take": lambda hand: hand.take(),
            "Take as ne&w": lambda hand: hand.take(as_new=True),
            "Dro&p": lambda hand: hand.drop(),
            "&Next to look at": self._next,
            "&Undo": lambda hand: hand.undo(),
            "Red&o": lambda hand: hand.redo(),
            "Accept &metaphase": lambda hand: hand.accept_spread(),
            "Wr&ite files": self._write,
            "&Sign": lambda hand: hand.sign(),
            "&End the review": lambda _: self.end(),
        }
        for place, (text, does) in enumerate(verbs.items()):
            grid.addWidget(self._button(text, partial(self._do, does)), place // 2, place % 2)
        rows.addLayout(grid)
        rows.addWidget(self._note)
        rows.addWidget(self._told)
        rows.addStretch()

    @staticmethod
    def _button(text: str, does: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(lambda _=False: does())
        return button

    # ---- a folder

    def _open(self) -> None:
        named = [layer.metadata.get("folder") for layer in self._viewer.layers]
        folder = next((path for path in named if path), None) or QFileDialog.getExistingDirectory(self, "Results")
        if folder:
            try:
                self._begin(Hand.open(Path(folder), my_name(), self._agree))
            except KaryoSplitError as problem:
                self._told.setText(str(problem))

    def _begin(self, hand: Hand) -> None:
        self.end()
        self._hand = hand
        self._radius.setValue(hand.radius)
        layers = self._viewer.layers
        for name in ("boxes", "seeds"):  # of the first answer
            if name in layers:
                layers.remove(name)
        if "slide" not in layers and hand.session.slide is not None:
            rows, columns = hand.session.shape
            image = hand.session.slide.read(Box(0, 0, columns, rows))
            self._add(image, {"name": "slide", "colormap": "gray"}, "image")
            layers.move(len(layers) - 1, 0)
        self._show()
        self._told.setText(hand.told())

    def end(self) -> None:
        """Write the files of what is under review, and let others edit it."""
        hand, self._hand = self._hand, None
        if hand is not None:
            hand.close()

    def closeEvent(self, event: Any) -> None:
        """Qt's word that the widget goes."""
        self.end()
        if self._mouse in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._mouse)
        super().closeEvent(event)

    # ---- what a person does

    def _use(self, tool: str) -> None:
        if self._hand is not None:
            self._hand.tool = tool
            self._hand.drop()
            self._show()

    def _agree(self, question: str) -> bool:
        return bool(QMessageBox.question(self, "Review", question) == QMessageBox.StandardButton.Yes)

    def _do(self, does: Callable[[Hand], str | None]) -> None:
        """Do something, show what came of it, or say why it cannot be."""
        if self._hand is None:
            return
        self._hand.radius = self._radius.value()
        try:
            told = does(self._hand)
        except KaryoSplitError as problem:
            told = str(problem)
        if self._hand is None:
            self._told.setText("The files are written, and the folder is free.")
            return
        self._show()
        self._told.setText("\n".join(text for text in (told, self._hand.told()) if text))

    def _restore(self, hand: Hand) -> str:
        gone = hand.gone()
        hand.chosen = hand.chosen if hand.chosen in gone else max(gone, default=None)
        return hand.act("restore")

    def _next(self, hand: Hand) -> None:
        id = hand.next()
        if id is not None:
            box = hand.session.state.conditions[id].box
            self._camera.center = (0, (box.y0 + box.y1) / 2, (box.x0 + box.x1) / 2)

    def _write(self, hand: Hand) -> str:
        return "the files are written" if hand.session.write() else "nothing is to be written"

    def _mouse(self, viewer: Any, event: Any) -> Iterator[None]:
        """napari's way to tell of a press, its moves and its release."""
        if self._hand is None:
            return
        way, from_pixel = [self._place(event)], np.array(event.pos, dtype=float)
        far = 0.0
        yield
        while event.type == "mouse_move":
            far = max(far, float(np.abs(np.array(event.pos, dtype=float) - from_pixel).max()))
            way.append(self._place(event))
            yield
        not_this = "Alt" in [str(getattr(key, "name", key)) for key in event.modifiers]
        if far < TAP_PX:
            self._do(lambda hand: hand.tap(way[0], not_this))
        elif self._hand.tool not in ("look", "click"):
            self._do(lambda hand: hand.stroke(way))

    def _place(self, event: Any) -> Place:
        """Where on the slide; napari counts from the centre of the first pixel."""
        row, column = self._viewer.layers["chromosomes 1"].world_to_data(event.position)[-2:]
        return float(row) + 0.5, float(column) + 0.5

    # ---- what is shown

    def _show(self) -> None:
        hand = self._hand
        if hand is None:
            return
        planes = {options["name"]: data for data, options, kind in layers_of(hand.result()) if kind == "labels"}
        for layer in self._viewer.layers:
            if layer.name.startswith("chromosomes ") and layer.name not in planes:
                planes[layer.name] = np.zeros_like(layer.data)
        for name, data in planes.items():
            self._set(name, data, {}, "labels")
        proposal = np.zeros(hand.session.shape, np.uint8)
        if hand.proposal is not None:
            proposal[hand.proposal.box.slices] = hand.proposal.mask
        self._set(PROPOSAL, proposal, {"opacity": 0.5}, "labels")
        condition = hand.session.state.conditions.get(hand.chosen or 0)
        boxes = [] if condition is None else [corners_of(condition.box)]
        style = {"shape_type": "rectangle", "edge_color": "white", "face_color": "transparent", "edge_width": 1}
        if MARKS not in self._viewer.layers:
            self._add([], {"name": MARKS, "ndim": 2}, "shapes")
        self._viewer.layers[MARKS].data = []
        if boxes:
            self._viewer.layers[MARKS].add(boxes, **style)
        # At the end: napari lets the mouse move the picture again whenever another layer becomes the active one.
        self._camera.mouse_pan = hand.tool in ("look", "click")

    @property
    def _camera(self) -> Any:
        return self._viewer.scene.camera if hasattr(self._viewer, "scene") else self._viewer.camera

    def _set(self, name: str, data: Any, options: dict[str, Any], kind: str) -> None:
        if name in self._viewer.layers:
            self._viewer.layers[name].data = data
        else:
            self._add(data, {"name": name, **options}, kind)

    def _add(self, data: Any, options: dict[str, Any], kind: str) -> None:
        {"image": self._viewer.add_image, "labels": self._viewer.add_labels, "shapes": self._viewer.add_shapes}[kind](
            data, **options
        )
