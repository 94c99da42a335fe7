"""The composition root: makes the application, the services and the window, and runs them."""

from __future__ import annotations

import gc
import logging
import secrets
import shutil
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType

if sys.platform == "win32":
    import torch  # noqa: F401 - before Qt, or its DLLs fail to load (WinError 1114, pytorch issue 166628)

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from segstudio import __version__
from segstudio.core.errors import SegStudioError, marked
from segstudio.core.resources import resource_root
from segstudio.formats.atomic import TEMPORARY_MARK, save_error
from segstudio.main_window import MainWindow, application_icon_path
from segstudio.project.project import Project
from segstudio.project.rounds import Round
from segstudio.services.notifier import Level, Notice, Notifier
from segstudio.services.rounds import starter_checkpoint
from segstudio.services.settings import THEME, Settings
from segstudio.services.theme import ThemeChoice, apply_theme
from segstudio.services.translation import tr

_log = logging.getLogger(__name__)

_SWITCH_S = 0.001
"""Painting gives the interpreter away dozens of times; Python's own 5 ms add up where the worker is busy."""

STARTER_ROUND = "starter"


def run(folder: Path | None = None, workspace: Path | None = None) -> int:
    """Open the window, on `folder` where one is given; returns the exit code when it is closed."""
    app = make_application()
    window = make_window(Settings())
    spare_the_collector(window)
    window.show()
    if folder is not None:
        window.open_folder(folder, workspace)
    return app.exec()


def run_demo() -> int:
    """Open the window on a private copy of the sample, with the starter checkpoint in use."""
    return run(private_sample())


def make_application() -> QApplication:
    """The one QApplication, named and dressed."""
    existing = QApplication.instance()
    QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("segstudio")
    app.setOrganizationName("segstudio")
    app.setApplicationVersion(__version__)
    app.setWindowIcon(QIcon(str(application_icon_path())))
    return app


def make_window(settings: Settings) -> MainWindow:
    """The main window with its services, in the looks that `settings` say."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, ThemeChoice(settings.get(THEME)))
    notifier = Notifier()
    window = MainWindow(settings, notifier)
    notifier.setParent(window)
    settings.setParent(window)
    _report_crashes(window)
    window.folder_flow.sample_wanted.connect(lambda: _open_sample(window))
    return window


def _open_sample(window: MainWindow) -> None:
    try:
        window.open_folder(private_sample())
    except SegStudioError as error:
        window.notifier.error(error)


def spare_the_collector(window: MainWindow) -> None:
    """Keep what was imported out of garbage collection: with torch in memory one pass would stop the window visibly.

    And let no other thread hold the interpreter for long while the window waits for it.
    """
    sys.setswitchinterval(_SWITCH_S)

    def set_aside() -> None:
        gc.freeze()
        gc.enable()

    window.painted.connect(set_aside)
    window.proposals.imported.connect(set_aside)


def private_sample(parent: Path | None = None) -> Path:
    """The person's own copy of the sample folder, made where there is none, with the starter checkpoint in use.

    Raises SaveError where it cannot be made, and InputError where it is damaged.
    """
    if parent is None:
        location = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)
        parent = Path(location) if location else Path.home() / ".segstudio"
    target = parent / "sample"
    if not target.exists():
        _copy_whole(resource_root() / "sample", target)
    use_starter(target)
    return target


def _copy_whole(source: Path, target: Path) -> None:
    """Copy the folder `source` to `target`, all of it or nothing. Raises SaveError.

    File by file without its permissions: a package installed read-only must not make a copy that cannot be worked on.
    """
    copy = target.parent / f".{target.name}{TEMPORARY_MARK}{secrets.token_hex(6)}"
    try:
        copy.mkdir(parents=True)
        for path in sorted(source.rglob("*")):
            place = copy / path.relative_to(source)
            if path.is_dir():
                place.mkdir()
            else:
                shutil.copyfile(path, place)
        copy.rename(target)
    except OSError as error:
        shutil.rmtree(copy, ignore_errors=True)
        raise save_error(target, error) from error


def use_starter(folder: Path) -> None:
    """Let the starter checkpoint propose in `folder`, unless a round there does already."""
    project = Project.open(folder)
    try:
        if project.current_round() is None:
            project.add_round(Round(STARTER_ROUND, starter_checkpoint(), note=marked("Starter network")))
            project.use_round(STARTER_ROUND)
    finally:
        project.close()


def _report_crashes(window: MainWindow) -> None:
    """An uncaught error in any thread is printed and told in the window, and the program goes on."""

    def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        _log.error("uncaught error\n%s", "".join(traceback.format_exception(kind, error, trace)))
        if issubclass(kind, Exception):
            text = tr("Something went wrong inside segstudio ({kind}). Your work is kept.", kind=kind.__name__)
            window.notifier.say(Notice(Level.ERROR, text))

    sys.excepthook = report
    threading.excepthook = lambda hook: report(hook.exc_type, hook.exc_value or hook.exc_type(), hook.exc_traceback)
