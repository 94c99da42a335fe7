"""A person at the window: real mouse and key events on the real widgets, and patience."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from segstudio.canvas.frames import MaskState
from segstudio.main_window import MainWindow
from segstudio.project.project import Project, Status
from segstudio.project.rounds import Round
from segstudio.services.notifier import Level
from tests.gui.canvas_hand import Hand
from tests.small_folders import tiny_checkpoint

LEFT = Qt.MouseButton.LeftButton
PATIENT = 60_000


def use_tiny_model(folder: Path, checkpoint: Path | None = None) -> None:
    """Let an untrained network of width 4 propose in `folder`."""
    path = checkpoint or tiny_checkpoint(folder.parent / "tiny.safetensors")
    project = Project.open(folder)
    project.add_round(Round("tiny", path, note="Tiny"))
    project.use_round("tiny")
    project.close()


class Person:
    """Sits at one window."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self.qtbot = window, qtbot
        self.parts = window.parts
        self.hand = Hand(window.parts.canvas)

    @property
    def said(self) -> list[str]:
        """The warnings and errors that the window has told so far."""
        asking = (Level.WARNING, Level.ERROR)
        return [notice.text for notice in self.window.notifier.history if notice.level in asking]

    @property
    def labels(self) -> npt.NDArray[np.uint8]:
        """The open image's label map."""
        opened = self.window.session.current
        assert opened is not None
        return opened.document.label_map.array

    @property
    def name(self) -> str:
        """The open image's name; empty where none is open."""
        opened = self.window.session.current
        return opened.name if opened is not None else ""

    @property
    def shows_proposal(self) -> bool:
        """Whether the canvas draws a proposal as one: lighter, with a hatched edge."""
        return self.parts.canvas._scene.state is MaskState.PROPOSAL

    def wait(self, condition: Callable[[], bool], timeout: int = PATIENT) -> None:
        self.qtbot.waitUntil(condition, timeout=timeout)

    def wait_for_image(self, name: str) -> None:
        self.wait(lambda: self.name == name)

    def wait_for_proposal(self) -> None:
        self.wait(lambda: self.window.session.shown_proposal is not None)

    def settle(self) -> None:
        """Wait until everything is on the disk and counted."""
        self.wait(lambda: not self.window.session.is_saving)

    def open(self, folder: Path, workspace: Path | None = None) -> None:
        with self.qtbot.waitSignal(self.window.session.image_opened, timeout=PATIENT):
            self.window.open_folder(folder, workspace)
        self.parts.canvas.fit()

    def click(self, widget: QWidget) -> None:
        assert widget.isVisible() and widget.isEnabled(), f"{widget.accessibleName()} cannot be clicked"
        self.qtbot.mouseClick(widget, LEFT)

    def key(self, key: Qt.Key, widget: QWidget | None = None) -> None:
        """Press a key where the focus is, or in `widget`."""
        target = widget or self.window.focusWidget() or self.parts.canvas
        QTest.keyClick(target, key)

    def trigger(self, action: str) -> None:
        """Choose an action that is enabled from its menu."""
        assert self.window.actions_table[action].isEnabled(), action
        self.window.actions_table[action].trigger()

    def choose_in_filmstrip(self, name: str) -> None:
        strip = self.parts.filmstrip
        index = strip.model.index(strip.model.row_of(name))
        strip.view.scrollTo(index)
        QApplication.processEvents()
        self.qtbot.mouseClick(strip.view.viewport(), LEFT, pos=strip.view.visualRect(index).center())
        self.wait_for_image(name)

    def paint_all(self, digit: Qt.Key, size: int = 200) -> None:
        """One stroke with class `digit` over the whole image."""
        self.key(digit, self.parts.canvas)
        self.parts.brush.size_spin.setValue(size)
        height, width = self.labels.shape
        self.hand.stroke((1, height / 2), (width - 1, height / 2))

    def paint(self, digit: Qt.Key, *points: tuple[float, float], size: int = 8) -> None:
        """One stroke with class `digit` along `points` (x, y) of the image."""
        self.key(digit, self.parts.canvas)
        self.parts.brush.size_spin.setValue(size)
        self.hand.stroke(*points)

    def accept(self) -> None:
        """Click the primary button, and wait until the mask is on the disk."""
        name = self.name
        assert self.parts.status.primary_button.text() == "Accept"
        self.click(self.parts.status.primary_button)
        self.wait(lambda: self.window.session.status(name) is Status.ACCEPTED)
        self.settle()

    def dialog(self, kind: type[QDialog]) -> QDialog:
        """The open dialog of `kind`."""
        found: list[QDialog] = []

        def look() -> bool:
            found.extend(
                widget for widget in QApplication.topLevelWidgets() if type(widget) is kind and widget.isVisible()
            )
            return bool(found)

        self.wait(look)
        return found[0]

    def answer(self, dialog: QDialog) -> None:
        """Press the dialog's first button; a desktop then gives the keys back to the window."""
        self.click(dialog.accept_button)  # type: ignore[attr-defined]
        with self.qtbot.waitActive(self.window):
            self.window.activateWindow()

    def drop(self, widget: QWidget, path: Path) -> None:
        """Drag `path` onto `widget` and let it go."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        middle = widget.rect().center()
        copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(middle, copy, data, LEFT, none)
        QApplication.sendEvent(widget, enter)
        assert enter.isAccepted()
        QApplication.sendEvent(widget, QDropEvent(QPointF(middle), copy, data, LEFT, none))


def mask_of(folder: Path, name: str) -> npt.NDArray[np.uint8]:
    """The mask on the disk, as any program reads it."""
    with Image.open(folder / "SegmentationClass" / f"{name}.png") as picture:
        return np.asarray(picture)
