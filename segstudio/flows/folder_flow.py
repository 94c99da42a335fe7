"""Opening folders, and the dialogs: class names, checkpoints, export, settings, help. No logic of their own."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QMessageBox, QWidget

from segstudio import __version__
from segstudio.actions import Actions
from segstudio.core.class_table import ClassTable
from segstudio.core.errors import InputError, SegStudioError, marked
from segstudio.formats import FORMATS
from segstudio.formats.mask_code import PaletteReading
from segstudio.formats.mask_png import MaskForm
from segstudio.project.class_file import read_class_file
from segstudio.project.export import export_masks
from segstudio.project.image_sets import TRAIN, TRAINVAL, VAL
from segstudio.project.project import Project, Status
from segstudio.project.rounds import Round
from segstudio.services.background import TaskRunner
from segstudio.services.checkpoint_check import Candidate, CheckpointCheck
from segstudio.services.notifier import Notifier
from segstudio.services.predictor_thread import ProposalService
from segstudio.services.rounds import RoundRunner
from segstudio.services.session import Session
from segstudio.services.settings import (
    DRAFTS_TEACH,
    FOLLOW_EDGES,
    HOLD_TOGGLES,
    KEEP_THIN,
    LOOK_AHEAD,
    MIN_ISLAND,
    PIXEL_LIMIT,
    ROUND_COMMAND,
    THEME,
    UNREVIEWED_TEACH,
    WARM_TRAINER,
    Settings,
)
from segstudio.services.theme import ThemeChoice, apply_theme
from segstudio.services.translation import tr
from segstudio.widgets.class_names_dialog import ClassNamesDialog
from segstudio.widgets.export_dialog import ExportChoice, ExportDialog, Which
from segstudio.widgets.notices import NoticesDialog
from segstudio.widgets.settings_dialog import SettingsDialog, SettingsValues
from segstudio.widgets.start_page import RecentFolder
from segstudio.window_parts import WindowParts


class FolderFlow(QObject):
    """Everything around the folder."""

    sample_wanted = Signal()
    settings_taken = Signal()
    """The person closed the settings with OK; they are kept already."""
    export_finished = Signal(list)
    """list[Path]: the files written."""

    def __init__(
        self,
        window: QWidget,
        parts: WindowParts,
        actions: Actions,
        session: Session,
        rounds: RoundRunner,
        proposals: ProposalService,
        settings: Settings,
        notifier: Notifier,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._parts = parts
        self._actions = actions
        self._session = session
        self._rounds = rounds
        self._settings = settings
        self._notifier = notifier
        self._exporter = TaskRunner(1, self)
        self._stop_exports: list[threading.Event] = []
        self._check = CheckpointCheck(proposals, self)
        self.recent_menu = QMenu(tr("Open &recent"), window)
        self._connect()
        self._on_recent_changed()

    def _connect(self) -> None:
        actions, parts = self._actions, self._parts
        actions["open"].triggered.connect(self.ask_for_folder)
        actions["open_sample"].triggered.connect(self.sample_wanted)
        actions["load_checkpoint"].triggered.connect(self.ask_for_checkpoint)
        actions["export"].triggered.connect(self.ask_for_export)
        actions["close"].triggered.connect(self._session.close_project)
        actions["settings"].triggered.connect(self.ask_for_settings)
        actions["notices"].triggered.connect(lambda: NoticesDialog(self._notifier.history, self._window).open())
        actions["about"].triggered.connect(self._show_about)
        parts.start.open_clicked.connect(self.ask_for_folder)
        parts.start.sample_clicked.connect(self.sample_wanted)
        parts.start.recent_clicked.connect(lambda path: self._session.open_project(Path(path)))
        parts.canvas.files_dropped.connect(self.open_dropped)
        parts.classes.add_class_requested.connect(self.ask_for_classes)
        parts.model.load_checkpoint_clicked.connect(self.ask_for_checkpoint)
        self._check.passed.connect(self._on_checkpoint_passed)
        self._check.failed.connect(self._notifier.error)
        self._settings.changed.connect(lambda key: self._on_recent_changed() if key == "folders/recent" else None)
        self._session.project_opened.connect(self._on_project_opened)
        self._session.project_closed.connect(lambda: self._enable(False))
        self._enable(False)

    def stop(self) -> None:
        """End the exports; for quitting."""
        for stop in self._stop_exports:
            stop.set()
        self._exporter.close()

    # -- folders ------------------------------------------------------------------------------------------

    def ask_for_folder(self) -> None:
        """Let the person choose a folder."""
        dialog = QFileDialog(self._window, tr("Open a folder"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda path: self._session.open_project(Path(path)))
        dialog.open()

    def open_dropped(self, paths: list[Path]) -> None:
        """Open what was dropped on the window: a folder, or the folder that a file lies in."""
        if paths:
            self._session.open_project(paths[0] if paths[0].is_dir() else paths[0].parent)

    @Slot(object)
    def _on_project_opened(self, project: Project) -> None:
        self._enable(True)
        for error in project.folder.unreadable_lists(TRAIN, VAL, TRAINVAL):
            self._notifier.error(error)
        if project.classes:
            self._notifier.info(_summary(project))
        else:
            self._notifier.warning(
                tr("This folder has no classes yet. Name them, then paint."),
                tr("Name the classes"),
                self.ask_for_classes,
            )

    def _enable(self, opened: bool) -> None:
        for name in ("close", "export", "load_checkpoint", "clear", "fill_rest", "next", "previous", "next_unfinished"):
            self._actions[name].setEnabled(opened)

    def _on_recent_changed(self) -> None:
        recent = self._settings.recent_folders()
        self._parts.start.set_recent([RecentFolder(path.name, str(path)) for path in recent])
        self.recent_menu.clear()
        self.recent_menu.setEnabled(bool(recent))
        for path in recent:
            entry = self.recent_menu.addAction(str(path))
            entry.triggered.connect(lambda _=False, path=path: self._session.open_project(path))

    # -- classes and checkpoints --------------------------------------------------------------------------

    def ask_for_classes(self) -> None:
        """Let the person name the classes."""
        project = self._session.project
        if project is None:
            return
        dialog = ClassNamesDialog(project.classes if len(project.classes) else None, self._window)
        dialog.load_clicked.connect(lambda: self._ask_for_names_file(dialog))
        dialog.accepted.connect(lambda: self._take_classes(project.classes, dialog))
        dialog.open()

    def _take_classes(self, before: ClassTable, dialog: ClassNamesDialog) -> None:
        classes = dialog.class_table()
        if classes.names[: len(before)] != before.names:
            self._notifier.error(
                InputError(
                    marked(
                        "The lines of the classes that are there must stay as they are, because the masks hold their "
                        "numbers; add new classes at the end."
                    )
                )
            )
            return
        self._try(lambda: self._session.set_classes(classes))

    def _ask_for_names_file(self, dialog: ClassNamesDialog) -> None:
        chooser = QFileDialog(dialog, tr("Load class names"))
        chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
        chooser.fileSelected.connect(
            lambda path: self._try(lambda: dialog.set_names(read_class_file(Path(path), path).classes.names))
        )
        chooser.open()

    def ask_for_checkpoint(self) -> None:
        """Let the person choose a checkpoint."""
        if self._session.project is None:
            return
        chooser = QFileDialog(self._window, tr("Load a checkpoint"))
        chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
        chooser.setNameFilter(tr("Checkpoints (*.safetensors *.pt *.pth)"))
        chooser.fileSelected.connect(lambda path: self.load_checkpoint(Path(path)))
        chooser.open()

    def load_checkpoint(self, path: Path, is_scored_here: bool = False) -> None:
        """Let the checkpoint `path` propose from now on, if it can: it is read in the background first.

        `is_scored_here` says that its scores are of this folder's held-out images, and so may stand beside others.
        """
        if self._session.project is not None:
            self._check.start(Candidate(self._session.project, path, is_scored_here))

    @Slot(object)
    def _on_checkpoint_passed(self, candidate: Candidate) -> None:
        project = candidate.project
        if project is not self._session.project:
            return
        loaded = Round(
            f"loaded-{uuid.uuid4().hex[:8]}", candidate.path, scores=candidate.scores, note=candidate.path.stem
        )

        def take() -> None:
            project.add_round(loaded)
            self._rounds.use(project, loaded.id)

        self._try(take)

    # -- export -------------------------------------------------------------------------------------------

    def ask_for_export(self) -> None:
        """Let the person choose what to export, and where to."""
        project = self._session.project
        if project is None:
            return
        counts = {which: len(self._names(project, which)) for which in Which}
        source = project.folder.root
        titles = {name: tr(form.title) for name, form in FORMATS.items()}
        dialog = ExportDialog(titles, counts, source, source.parent / f"{source.name}-masks", self._window)
        dialog.accepted.connect(lambda: self.export(dialog.choice()))
        dialog.open()

    def export(self, choice: ExportChoice) -> None:
        """Write the masks in the background, with progress."""
        project = self._session.project
        if project is None:
            return
        names = self._names(project, choice.which)
        stop = threading.Event()
        self._stop_exports.append(stop)
        job = self._parts.status.busy.start(tr("Exporting"), stop.set)
        progress = _Progress(self)
        progress.advanced.connect(job.set_progress)

        def end() -> None:
            self._stop_exports.remove(stop)
            job.stop()
            progress.deleteLater()

        def done(written: list[Path]) -> None:
            end()
            self._notifier.success(_exported(choice.folder, len(written)))
            self.export_finished.emit(written)

        def failed(error: SegStudioError) -> None:
            end()
            self._notifier.error(error)

        def export() -> list[Path]:
            return export_masks(project, names, choice.format_name, choice.folder, progress.advanced.emit, stop.is_set)

        self._exporter.submit(export, done, failed)

    def _names(self, project: Project, which: Which) -> list[str]:
        names = self._parts.filmstrip.selected_names() if which is Which.SELECTION else project.names
        wanted = {Status.ACCEPTED} if which is Which.ACCEPTED else {Status.ACCEPTED, Status.UNREVIEWED, Status.DRAFT}
        return [name for name in names if self._session.status(name) in wanted]

    # -- settings and help --------------------------------------------------------------------------------

    def ask_for_settings(self) -> None:
        """Let the person change the settings that have no place in a panel."""
        get = self._settings.get
        values = SettingsValues(
            ThemeChoice(get(THEME)),
            get(MIN_ISLAND),
            get(LOOK_AHEAD),
            get(PIXEL_LIMIT),
            get(HOLD_TOGGLES),
            get(UNREVIEWED_TEACH),
            get(WARM_TRAINER),
            get(ROUND_COMMAND),
            get(DRAFTS_TEACH),
            get(FOLLOW_EDGES),
            get(KEEP_THIN),
        )
        dialog = SettingsDialog(values, self._window)
        dialog.accepted.connect(lambda: self._take_settings(dialog.values()))
        dialog.open()

    def _take_settings(self, values: SettingsValues) -> None:
        store = self._settings.set
        store(THEME, values.theme.value)
        store(LOOK_AHEAD, values.look_ahead)
        store(PIXEL_LIMIT, values.pixel_limit)
        store(HOLD_TOGGLES, values.hold_toggles)
        store(UNREVIEWED_TEACH, values.unreviewed_teach)
        store(WARM_TRAINER, values.warm_trainer)
        store(ROUND_COMMAND, values.round_command)
        store(DRAFTS_TEACH, values.drafts_teach)
        store(FOLLOW_EDGES, values.follow_edges)
        store(KEEP_THIN, values.keep_thin)
        store(MIN_ISLAND, values.min_island)
        self.settings_taken.emit()
        self._parts.canvas.set_holds_as_toggles(values.hold_toggles)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, values.theme)

    def _show_about(self) -> None:
        box = QMessageBox(self._window)
        box.setWindowTitle(tr("About segstudio"))
        box.setText(tr("segstudio {version}", version=__version__))
        box.setInformativeText(
            tr(
                "Label every pixel of your images, with a network that learns from each correction.\n"
                "MIT licence. Made with PyTorch, torchvision, Qt for Python, NumPy, OpenCV, scikit-image, "
                "Pillow and pyqtgraph."
            )
        )
        box.open()

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except SegStudioError as error:
            self._notifier.error(error)


def _exported(folder: Path, masks: int) -> str:
    if masks == 1:
        return tr("1 mask written to {folder}.", folder=folder)
    return tr("{count} masks written to {folder}.", count=masks, folder=folder)


def _summary(project: Project) -> str:
    """What was opened, where its classes come from, and how its masks are read."""
    folder = project.folder
    text = tr(
        "Images: {images}. Classes: {classes}, from {source}.",
        images=len(folder.names),
        classes=len(folder.classes),
        source=tr(folder.class_source.value),
    )
    if folder.mask_form is not MaskForm.PALETTE or not any(map(folder.has_mask, folder.names)):
        return text
    by_colour = folder.palette_reading is PaletteReading.COLOUR
    return f"{text} {tr('Masks are read by palette colour.') if by_colour else tr('Masks are read by palette index.')}"


class _Progress(QObject):
    """Carries a worker's progress into the GUI thread."""

    advanced = Signal(int, int)
