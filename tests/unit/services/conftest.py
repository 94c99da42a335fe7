"""A session over a tiny folder, with everything it said kept in order."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from segstudio.core.document import Document
from segstudio.core.geometry import Box
from segstudio.services.notifier import Notifier
from segstudio.services.session import Session
from segstudio.services.settings import Settings
from tests import patience  # noqa: F401 - imported for its effect
from tests.small_folders import HEIGHT, WIDTH, voc_folder

LEFT = Box(0, 0, WIDTH // 2, HEIGHT)
RIGHT = Box(WIDTH // 2, 0, WIDTH, HEIGHT)


def mask_of(root: Path, name: str) -> np.ndarray:
    """The mask on the disk, as any program reads it."""
    with Image.open(root / "SegmentationClass" / f"{name}.png") as picture:
        return np.asarray(picture)


class Desk:
    """A session, and what a person at it can do without a window."""

    def __init__(self, session: Session, notifier: Notifier, qtbot: QtBot) -> None:
        self.session, self.notifier, self.qtbot = session, notifier, qtbot

    @property
    def said(self) -> list[str]:
        return [notice.text for notice in self.notifier.history]

    @property
    def document(self) -> Document:
        assert self.session.current is not None
        return self.session.current.document

    def open(self, root: Path, workspace: Path | None = None) -> None:
        with self.qtbot.waitSignal(self.session.image_opened):
            self.session.open_project(root, workspace)

    def wait_for(self, name: str) -> None:
        session = self.session
        self.qtbot.waitUntil(lambda: session.current is not None and session.current.name == name)

    def go_to(self, name: str) -> None:
        self.session.open_image(name)
        self.wait_for(name)

    def paint(self, value: int, box: Box | None = None) -> None:
        """One edit: `box`, or all pixels, get the label `value`."""
        document = self.document
        box = box or document.label_map.box
        with document.begin("Paint") as builder:
            builder.paint_mask(box, np.ones((box.height, box.width), bool), value)

    def settle(self) -> None:
        """Wait until everything is on the disk."""
        self.qtbot.waitUntil(lambda: not self.session.is_saving)


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    parent = QObject()
    notifier = Notifier(parent)
    session = Session(notifier, Settings(tmp_path / "settings.ini", parent), parent)
    yield Desk(session, notifier, qtbot)
    session.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return voc_folder(tmp_path / "data")


@pytest.fixture
def disk_full(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Callable[[], None]]:
    """Call it and the disk is full; call what it returns and there is room again."""
    real_write = os.write
    full: list[bool] = []

    def write(descriptor: int, data: bytes) -> int:
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(descriptor, data)

    def fill() -> Callable[[], None]:
        full.append(True)
        return full.clear

    monkeypatch.setattr(os, "write", write)
    return fill
