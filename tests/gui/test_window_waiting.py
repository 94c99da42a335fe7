"""An image that takes its time: its thumbnail, then a small picture of it, and no other image in its place."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage

from segstudio.core.errors import InputError
from segstudio.flows import difference_flow
from segstudio.formats import large_jpeg
from segstudio.project.project import Project
from segstudio.services import image_shelf
from segstudio.services.other_masks import OtherMask
from tests.gui.window_person import Person
from tests.small_folders import voc_folder

SLOW = "s04"
WIDTH, HEIGHT = 640, 480
BLUE = (20, 40, 220)


class Gate:
    """Holds up the reading of one image until it is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.is_broken = False

    def load(self, project: Project, name: str) -> image_shelf._Loaded:
        if name == SLOW:
            assert self.opened.wait(60)
            if self.is_broken:
                raise InputError("{file} is broken.", file=project.folder.root / name)
        return _load(project, name)


_load = image_shelf._load


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate()
    monkeypatch.setattr(image_shelf, "_load", made.load)
    monkeypatch.setattr(large_jpeg, "LARGE_PIXELS", WIDTH * HEIGHT)
    yield made
    made.opened.set()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return with_slow(voc_folder(tmp_path / "data", images=7))


def with_slow(root: Path) -> Path:
    """`root` with a JPEG in the place of one of its images."""
    (root / "JPEGImages" / f"{SLOW}.png").unlink()
    Image.new("RGB", (WIDTH, HEIGHT), BLUE).save(root / "JPEGImages" / f"{SLOW}.jpg")
    return root


def middle(person: Person) -> tuple[int, int, int]:
    canvas = person.parts.canvas
    seen: QColor = canvas.grab().toImage().pixelColor(canvas.rect().center())
    return seen.red(), seen.green(), seen.blue()


def is_blue(person: Person) -> bool:
    return max(abs(a - b) for a, b in zip(middle(person), BLUE, strict=True)) < 12


def wait_for_preview(person: Person) -> None:
    person.wait(lambda: person.parts.canvas._scene.size == (WIDTH, HEIGHT))


def test_a_small_picture_stands_in_its_place(person: Person, folder: Path, gate: Gate) -> None:
    person.open(folder)
    person.paint(Qt.Key.Key_2, (10, 10), (50, 10))
    person.window.session.open_image(SLOW)
    wait_for_preview(person)
    canvas = person.parts.canvas
    assert person.name == "" and is_blue(person)
    corner = canvas.image_to_view(WIDTH, HEIGHT)
    assert person.parts.status.state.text() == "opening…" and SLOW in person.parts.status.left.text()
    assert not person.window.actions_table["undo"].isEnabled()
    gate.opened.set()
    person.wait_for_image(SLOW)
    assert is_blue(person) and canvas.image_to_view(WIDTH, HEIGHT) == corner, "nothing jumps"
    project = Project.open(folder)
    assert (project.load_label_map("s00").array[10, 12:48] == 1).all(), "what was painted before is kept"
    project.close()


def test_nothing_is_painted_or_accepted_meanwhile(person: Person, folder: Path, gate: Gate) -> None:
    person.open(folder)
    person.window.session.open_image(SLOW)
    wait_for_preview(person)
    person.hand.stroke((100, 100), (300, 100))
    person.window.actions_table["accept"].trigger()
    person.key(Qt.Key.Key_Z, person.parts.canvas)
    gate.opened.set()
    person.wait_for_image(SLOW)
    opened = person.window.session.current
    assert opened is not None and opened.is_blank and opened.document.history.position == 0
    assert not list((folder / "SegmentationClass").iterdir())


def test_its_thumbnail_is_shown_before_anything_is_decoded(person: Person, folder: Path, gate: Gate) -> None:
    person.open(folder)
    strip = person.parts.filmstrip
    person.wait(lambda: strip.model.thumbnail(SLOW) is not None)  # its own one comes no more
    thumbnail = QImage(128, 96, QImage.Format.Format_RGB888)
    thumbnail.fill(QColor(250, 10, 10))
    strip.set_thumbnail(SLOW, thumbnail)
    shown: list[tuple[int, int, int]] = []
    person.window.session.waiting.connect(lambda _: shown.append(middle(person)))
    person.window.session.open_image(SLOW)
    person.wait(lambda: bool(shown))
    assert shown[0][0] > 240 and shown[0][2] < 20
    wait_for_preview(person)
    person.wait(lambda: is_blue(person))


def test_going_on_meanwhile_goes_on_from_there(person: Person, folder: Path, gate: Gate) -> None:
    person.open(folder)
    person.window.session.open_image(SLOW)
    wait_for_preview(person)
    person.trigger("next")
    person.wait_for_image("s05")
    person.window.session.open_image(SLOW)
    person.wait(lambda: person.name == "")
    person.trigger("previous")
    person.wait_for_image("s03")
    gate.opened.set()
    person.wait(lambda: SLOW in (person.window.session._shelf or ()))
    assert person.name == "s03", "who is not wanted any more does not come"


def test_one_that_cannot_be_read_leads_back(person: Person, folder: Path, gate: Gate) -> None:
    gate.is_broken = True
    person.open(folder)
    person.window.session.open_image("s02")
    person.wait_for_image("s02")
    person.window.session.open_image(SLOW)
    wait_for_preview(person)
    gate.opened.set()
    person.wait_for_image("s02")
    assert person.parts.canvas.document is not None and "is broken" in person.said[-1]


def test_one_alone_that_cannot_be_read_leaves_nothing_behind(person: Person, folder: Path, gate: Gate) -> None:
    gate.is_broken = True
    for path in (folder / "JPEGImages").iterdir():
        if path.stem != SLOW:
            path.unlink()
    person.window.open_folder(folder)
    wait_for_preview(person)
    gate.opened.set()
    person.wait(lambda: person.parts.canvas.scene.size is None)
    assert person.parts.status.state.text() == "" and person.parts.status.left.text() == ""
    assert "is broken" in person.said[-1]


def test_going_on_passes_over_one_that_cannot_be_read(person: Person, folder: Path, gate: Gate) -> None:
    gate.is_broken = True
    person.open(folder)
    person.window.session.open_image("s03")
    person.wait_for_image("s03")
    person.trigger("next")
    wait_for_preview(person)
    gate.opened.set()
    person.wait_for_image("s05")


def test_a_stroke_is_not_cut_short_by_waiting(person: Person, folder: Path, gate: Gate) -> None:
    person.open(folder)
    person.key(Qt.Key.Key_2, person.parts.canvas)
    person.hand.press(10, 10)
    person.window.session.open_image(SLOW)
    person.qtbot.waitUntil(lambda: not person.window.session._course._late.isActive())
    assert person.name == "s00"
    person.hand.move(50, 10)
    person.hand.release(50, 10)
    assert (person.labels[10, 12:48] == 1).all()
    gate.opened.set()
    person.wait_for_image(SLOW)


def test_what_shows_the_image_before_lets_go_of_it(
    person: Person, tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Differences that are being counted, the second pane and the history: none is of an image that is not there."""
    root = with_slow(voc_folder(tmp_path / "data", images=7, masks=1))
    person.open(root)
    person.choose_in_filmstrip("s00")
    monkeypatch.setattr(difference_flow, "_COUNTED_PIXELS", 0)  # it is never done
    for shown, box in (("difference", person.parts.difference.box), ("second_pane", person.parts.second_head.box)):
        person.trigger(shown)
        person.qtbot.keyClick(box, Qt.Key.Key_Home)
        for _ in range(box.findData(OtherMask.SAVED)):
            person.qtbot.keyClick(box, Qt.Key.Key_Down)
    person.trigger("steps")
    person.wait(lambda: person.parts.difference.count.text() == "counting…" and person.parts.steps.model.rowCount() > 0)
    person.window.session.open_image(SLOW)
    wait_for_preview(person)
    monkeypatch.setattr(difference_flow, "_COUNTED_PIXELS", 10**6)
    person.wait(lambda: not person.window.difference_flow._counting.isActive())
    assert person.parts.difference.count.text() == ""
    assert person.parts.second.document is None and person.parts.steps.model.rowCount() <= 1
    gate.opened.set()
    person.wait_for_image(SLOW)
    assert person.parts.difference.count.text() == "no saved mask yet"


def test_closing_the_folder_meanwhile_ends_the_waiting(person: Person, folder: Path, gate: Gate) -> None:
    person.open(folder)
    person.window.session.open_image(SLOW)
    wait_for_preview(person)
    gate.opened.set()
    person.trigger("close")
    assert person.parts.canvas._scene.size is None and person.window.session.project is None
    assert np.isfinite(person.parts.canvas.image_to_view(0, 0).x())
    assert isinstance(person.parts.canvas.view_to_image(QPointF(0, 0)), tuple)
