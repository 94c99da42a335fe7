"""``segstudio tour``: the real window does the whole job by itself and is photographed while it does.

Everything goes through the real widgets: mouse events on the canvas, clicks on buttons, keys. In a folder with truth
the truth is kept out of the window's reach; the person that the tour plays knows it, and so does the counting.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

if "QT_QPA_PLATFORM" not in os.environ and sys.platform.startswith("linux"):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # no screen is needed, and nobody's screen is taken

from PIL import Image
from PySide6.QtCore import QEventLoop, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from segstudio.application import make_application, make_window, use_starter
from segstudio.core.class_table import VOID
from segstudio.core.errors import InputError, SegStudioError, marked
from segstudio.core.resources import resource_root
from segstudio.main_window import MainWindow
from segstudio.project.folder_layout import JPEG_IMAGES, SEGMENTATION_CLASS
from segstudio.project.project import Status
from segstudio.project.voc_folder import VocFolder
from segstudio.services.settings import Settings
from segstudio.tour_strokes import Stroke, correcting_strokes, wrong_share
from segstudio.widgets.export_dialog import ExportDialog

_PATIENCE_S = 600.0
"""A step that takes longer has failed."""

_SIZE = (1440, 900)

_LEFT_WRONG = 0.1
"""Share of the pixels that a corrected image may still have wrong or void."""

Truth = dict[str, npt.NDArray[np.uint8]]


class TourError(SegStudioError):
    """A step of the tour did not hold."""


@dataclass
class Report:
    """What tour.json says."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    wrong_before: float | None = None
    wrong_after: float | None = None
    exported: list[str] = field(default_factory=list)
    strokes: int = 0
    notes: list[str] = field(default_factory=list)


def run_tour(out: Path, folder: Path | None, images: int, seconds: int, seed: int = 0) -> int:
    """Run the tour; leave NN-step.png and tour.json in `out`. Returns 0 only where every step held.

    Args:
        out: made where it is missing; ``out/work`` is the copy of the folder that is worked on.
        folder: a folder with truth; None for the sample, with the starter checkpoint in use.
        images: how many images are corrected and accepted.
        seconds: the round's time budget.
        seed: chooses the images.

    Raises:
        InputError: the folder has too few images with truth, or `out` is in use.
    """
    source = folder if folder is not None else resource_root() / "sample"
    truth = _truth_of(source)
    if images >= len(truth):
        raise InputError(
            marked("{folder} has truth for {count} images; the tour needs more than the {images} it accepts."),
            folder=source,
            count=len(truth),
            images=images,
        )
    out = out.resolve()
    work = _working_copy(source, out)
    if folder is None:
        use_starter(work)
    chosen = sorted(np.random.default_rng(seed).permutation(sorted(truth))[:images].tolist())
    make_application()
    window = make_window(Settings(out / "settings.ini"))
    tour = _Tour(window, out, work, truth, chosen, seconds)
    try:
        held = tour.run()
    finally:
        window.close()
        (out / "settings.ini").unlink(missing_ok=True)
    return 0 if held else 1


def _truth_of(source: Path) -> Truth:
    folder = VocFolder.open(source)
    return {name: folder.read_label_map(name) for name in folder.names if folder.has_mask(name)}


def _working_copy(source: Path, out: Path) -> Path:
    """A copy of `source` without its masks, in ``out/work``.

    Raises:
        InputError: it is there already.
    """
    work = out / "work"
    if work.exists():
        raise InputError(marked("{folder} is there already. Choose another --out, or remove it."), folder=work)
    hidden = {SEGMENTATION_CLASS, "SegmentationObject", ".segstudio"}
    shutil.copytree(
        source, work, ignore=lambda _, names: [name for name in names if name in hidden], copy_function=shutil.copyfile
    )
    for path in [work, *work.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o200)
    if not (work / JPEG_IMAGES).is_dir():
        raise InputError(marked("{folder} has no JPEGImages: the tour needs a Pascal VOC folder."), folder=source)
    return work


class _Tour:
    def __init__(
        self, window: MainWindow, out: Path, work: Path, truth: Truth, chosen: list[str], seconds: int
    ) -> None:
        self._window = window
        self._parts = window.parts
        self._out = out
        self._work = work
        self._truth = truth
        self._chosen = chosen
        self._seconds = seconds
        self._number = 0
        self.report = Report()

    def run(self) -> bool:
        """Take every step; whether all held."""
        try:
            self._start()
            self._open()
            self._propose("propose")
            self._correct_and_accept()
            self._fine_tune()
            self._propose("propose-again")
            self._export()
        except TourError as error:
            print(error.message, file=sys.stderr)  # noqa: T201 - the command's own output
        self._write_report()
        return all(step["ok"] for step in self.report.steps)

    # -- steps --------------------------------------------------------------------------------------------

    def _start(self) -> None:
        with self._step("start"):
            self._window.resize(*_SIZE)
            self._window.show()
            self._wait(lambda: self._window.isVisible(), "the window is on screen")
            self._pump(0.3)
            self._photograph("start-page")

    def _open(self) -> None:
        with self._step("open"):
            self._window.open_folder(self._work)
            self._wait(lambda: self._window.session.current is not None, "the first image is open")
            self._pump(0.5)
            self._photograph("folder-open")

    def _propose(self, name: str) -> None:
        """Propose for every image that is not accepted; count what is wrong in images not seen yet."""
        again = name != "propose"
        with self._step(name):
            project = self._window.session.project
            assert project is not None
            if project.current_round() is None:
                self.report.notes.append("There was no network before the round: every pixel counts as wrong.")
                self.report.wrong_before = 1.0
                self._check(not again, "there is a network after the round")
                return
            self._wait(lambda: self._window.proposals.model is not None, "the network is loaded")
            self._go_to(self._not_accepted()[0])
            self._wait(self._is_proposed, "the open image has its proposal")
            self._pump(0.3)
            self._photograph("proposal" if not again else "next-proposal")
            self._window.actions_table["propose_all"].trigger()
            self._wait(lambda: not self._window.proposals.is_busy, "every image has its proposal")
            wrong = self._wrong()
            if again:
                self.report.wrong_after = wrong
            else:
                self.report.wrong_before = wrong

    def _is_proposed(self) -> bool:
        """Whether the open image shows a proposal of the network in use, and not of the one before."""
        shown, model = self._window.session.shown_proposal, self._window.proposals.model
        return shown is not None and model is not None and shown.round_id == model.round_id

    def _correct_and_accept(self) -> None:
        with self._step("correct"):
            for index, name in enumerate(self._chosen):
                self._go_to(name)
                strokes = self._correct(name, photograph=index == 0)
                self.report.strokes += strokes
                self._accept(name)
            self._pump(0.5)
            self._photograph("accepted")

    def _correct(self, name: str, photograph: bool) -> int:
        """Paint what is wrong, stroke by stroke; returns how many strokes."""
        session = self._window.session
        opened = session.current
        assert opened is not None
        self._parts.canvas.fit()
        self._click(self._tool_button("tool.brush"))
        shown = session.shown_proposal
        present = shown.labels if shown is not None else opened.document.label_map.array
        count = 0
        for stroke in correcting_strokes(np.array(present), self._truth[name]):
            self._paint(stroke)
            count += 1
            if photograph and count == 6:
                self._photograph("correcting")
        if photograph:
            self._photograph("corrected")
        wrong, total = wrong_share(opened.document.label_map.array, self._truth[name])
        # Slivers that no worthwhile stroke covers stay void, or as they were proposed.
        self._check(wrong <= _LEFT_WRONG * total, f"{name} is corrected (left wrong or void: {wrong / total:.1%})")
        return count

    def _paint(self, stroke: Stroke) -> None:
        canvas = self._parts.canvas
        if self._parts.classes.current() != stroke.value:
            if stroke.value < 10:
                QTest.keyClick(canvas, Qt.Key(Qt.Key.Key_0 + (stroke.value + 1) % 10))
            else:
                self._parts.classes.set_current(stroke.value)
                self._window.image_flow.choose_class(stroke.value)
        if self._parts.brush.size_px() != stroke.size:
            self._parts.brush.size_spin.setValue(stroke.size)
        start, end = (self._on_canvas(point) for point in (stroke.start, stroke.end))
        _mouse(canvas, start, end)

    def _accept(self, name: str) -> None:
        session = self._window.session
        self._click(self._parts.status.primary_button)
        QApplication.processEvents()
        if self._parts.void_bar.isVisible():
            self._click(self._parts.void_bar.accept_button)
        self._wait(lambda: session.status(name) is Status.ACCEPTED and not session.is_saving, f"{name} is accepted")

    def _fine_tune(self) -> None:
        with self._step("fine-tune"):
            flow, panel = self._window.round_flow, self._parts.model
            self._wait(panel.fine_tune_button.isEnabled, "fine-tuning is possible")
            ended: list[bool] = []
            flow.ended.connect(lambda: ended.append(True))
            panel.set_budget(self._seconds)
            if panel.budget_seconds() == self._seconds:
                self._click(panel.fine_tune_button)
            else:
                flow.fine_tune(self._seconds)
            self._check(self._window.rounds.is_running, "the round has begun")
            self._wait(lambda: bool(ended), "half of the round is over", self._seconds * 0.5, must=False)
            self._photograph("fine-tuning")
            self._wait(lambda: bool(ended), "the round is over", self._seconds + _PATIENCE_S)
            project = self._window.session.project
            trained = [made for made in project.rounds() if made.images] if project is not None else []
            self._check(bool(trained), "the round has made a checkpoint")
            self._pump(0.3)
            self._photograph("round-result")

    def _export(self) -> None:
        with self._step("export"):
            target = self._out / "masks"
            written: list[Path] = []
            self._window.folder_flow.export_finished.connect(written.extend)
            self._window.actions_table["export"].trigger()
            dialog = self._dialog()
            dialog.folder_edit.setText(str(target))
            self._pump(0.2)
            self._photograph("export", dialog)
            self._click(dialog.accept_button)
            self._wait(lambda: bool(written), "the masks are written")
            self.report.exported = [path.relative_to(self._out).as_posix() for path in written]
            self._check(len(written) == len(self._chosen), "every accepted mask is written")
            folder = VocFolder.open(self._work)
            for path in written:
                with Image.open(path) as mask:
                    same = np.array_equal(np.asarray(mask), folder.read_label_map(path.stem))
                self._check(same, f"{path.name} holds what was accepted")

    # -- what they are made of ----------------------------------------------------------------------------

    def _not_accepted(self) -> list[str]:
        session = self._window.session
        names = session.project.names if session.project is not None else []
        return [name for name in names if session.status(name) is not Status.ACCEPTED]

    def _wrong(self) -> float:
        """The share of non-void pixels that are wrong in the proposals of images that are never accepted here."""
        project = self._window.session.project
        assert project is not None
        wrong = total = 0
        for name in sorted(set(self._truth) - set(self._chosen)):
            proposal = project.load_proposal(name)
            one_wrong, one_total = wrong_share(proposal.labels if proposal is not None else None, self._truth[name])
            wrong, total = wrong + one_wrong, total + one_total
        return wrong / max(total, 1)

    def _go_to(self, name: str) -> None:
        """Click the image in the filmstrip."""
        session = self._window.session
        if session.current is None or session.current.name != name:
            strip = self._parts.filmstrip
            row = strip.model.row_of(name)
            index = strip.model.index(row)
            strip.view.scrollTo(index)
            self._pump(0.02)
            QTest.mouseClick(
                strip.view.viewport(),
                Qt.MouseButton.LeftButton,
                Qt.KeyboardModifier.NoModifier,
                strip.view.visualRect(index).center(),
            )
        self._wait(lambda: session.current is not None and session.current.name == name, f"{name} is open")

    def _tool_button(self, action_id: str) -> QWidget:
        widget = self._window.toolbar.widgetForAction(self._window.actions_table[action_id])
        assert widget is not None
        return widget

    def _on_canvas(self, point: tuple[float, float]) -> QPointF:
        return self._parts.canvas.image_to_view(*point)

    def _click(self, widget: QWidget) -> None:
        self._check(
            widget.isVisible() and widget.isEnabled(), f"{widget.accessibleName() or 'the button'} can be clicked"
        )
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    def _dialog(self) -> ExportDialog:
        found: list[ExportDialog] = []

        def look() -> bool:
            found.extend(w for w in QApplication.topLevelWidgets() if isinstance(w, ExportDialog) and w.isVisible())
            return bool(found)

        self._wait(look, "the export dialog is open")
        return found[0]

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        entry: dict[str, Any] = {"name": name, "seconds": 0.0, "ok": False}
        self.report.steps.append(entry)
        yield
        entry["seconds"] = round(time.monotonic() - began, 2)
        entry["ok"] = True

    def _check(self, held: bool, what: str) -> None:
        if not held:
            self._photograph("failed")
            raise TourError(marked("The tour stopped: it does not hold that {what}."), what=what)

    def _wait(self, condition: Callable[[], bool], what: str, patience: float = _PATIENCE_S, must: bool = True) -> None:
        """Let the window work until `condition` holds.

        Raises:
            TourError: it does not within `patience` seconds.
        """
        end = time.monotonic() + patience
        while not condition():
            if time.monotonic() > end:
                if must:
                    self._check(False, what)
                return
            self._pump(0.02)

    @staticmethod
    def _pump(seconds: float) -> None:
        loop = QEventLoop()
        QTimer.singleShot(max(1, round(seconds * 1000)), loop.quit)
        loop.exec()

    def _photograph(self, name: str, dialog: QDialog | None = None) -> None:
        self._number += 1
        QApplication.processEvents()
        picture = self._window.grab()
        if dialog is not None:
            from PySide6.QtGui import QPainter

            painter = QPainter(picture)
            corner = dialog.mapToGlobal(QPoint(0, 0)) - self._window.mapToGlobal(QPoint(0, 0))
            inside = self._window.rect().contains(corner)
            middle = self._window.rect().center() - dialog.rect().center()
            painter.drawPixmap(corner if inside else middle, dialog.grab())
            painter.end()
        picture.save(str(self._out / f"{self._number:02d}-{name}.png"))

    def _write_report(self) -> None:
        report = self.report
        text = {
            "steps": report.steps,
            "wrong_before": report.wrong_before,
            "wrong_after": report.wrong_after,
            "exported": report.exported,
            "images_accepted": self._chosen,
            "images_counted": len(self._truth) - len(self._chosen),
            "strokes": report.strokes,
            "notes": report.notes,
            "platform": QGuiApplication.platformName(),
            "void_value": VOID,
        }
        (self._out / "tour.json").write_text(json.dumps(text, indent=1), encoding="utf-8")


def _mouse(widget: QWidget, start: QPointF, end: QPointF) -> None:
    """Press at `start`, drag to `end` and release, with sub-pixel positions as a real pointing device sends them."""
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    for kind, position, button, buttons in (
        (QEvent.Type.MouseButtonPress, start, left, left),
        (QEvent.Type.MouseMove, (start + end) / 2, none, left),
        (QEvent.Type.MouseMove, end, none, left),
        (QEvent.Type.MouseButtonRelease, end, left, none),
    ):
        QApplication.sendEvent(
            widget,
            QMouseEvent(
                kind, position, QPointF(widget.mapToGlobal(position)), button, buttons, Qt.KeyboardModifier.NoModifier
            ),
        )
