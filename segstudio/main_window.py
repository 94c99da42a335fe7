"""The main window: layout of the parts, and the flows that connect them. No logic."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QDockWidget,
    QLineEdit,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QStatusBar,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from segstudio.actions import Actions
from segstudio.core.resources import resource_root
from segstudio.flows.blink_flow import BlinkFlow
from segstudio.flows.brush_flow import BrushFlow
from segstudio.flows.channels_flow import ChannelsFlow
from segstudio.flows.class_change_flow import ClassChangeFlow
from segstudio.flows.compare_flow import CompareFlow
from segstudio.flows.difference_flow import DifferenceFlow
from segstudio.flows.folder_flow import FolderFlow
from segstudio.flows.guard_flow import GuardFlow
from segstudio.flows.history_flow import HistoryFlow
from segstudio.flows.image_flow import ImageFlow
from segstudio.flows.learning_flow import LearningFlow
from segstudio.flows.minimap_flow import MinimapFlow
from segstudio.flows.preview_flow import PreviewFlow
from segstudio.flows.primary_flow import PrimaryFlow
from segstudio.flows.proposal_flow import ProposalFlow
from segstudio.flows.reading_flow import ReadingFlow
from segstudio.flows.region_flow import RegionFlow
from segstudio.flows.review_flow import ReviewFlow
from segstudio.flows.round_flow import RoundFlow
from segstudio.flows.second_pane_flow import SecondPaneFlow
from segstudio.flows.shortcut_flow import ShortcutFlow
from segstudio.flows.steer_flow import SteerFlow
from segstudio.flows.steps_flow import StepsFlow
from segstudio.flows.superpixel_flow import SuperpixelFlow
from segstudio.flows.tone_flow import ToneFlow
from segstudio.flows.tool_work_flow import ToolWorkFlow
from segstudio.services.keep_learning import KeepLearning
from segstudio.services.notifier import Notifier
from segstudio.services.other_masks import OtherMasks
from segstudio.services.predictor_thread import ProposalService
from segstudio.services.rounds import RoundRunner
from segstudio.services.session import Session
from segstudio.services.settings import Settings
from segstudio.services.stylesheet import Look
from segstudio.services.theme import ICON_SIZE
from segstudio.services.thumbnails import ThumbnailService
from segstudio.services.translation import tr
from segstudio.widgets.command_palette import CommandPalette
from segstudio.widgets.controls import push_button
from segstudio.widgets.notices import NoticeOverlay
from segstudio.widgets.side_panel import SidePanel
from segstudio.window_parts import WindowParts

_OWN_KEYS: dict[type[QWidget], frozenset[Qt.Key]] = {
    **dict.fromkeys((QLineEdit, QAbstractSpinBox, QComboBox), frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})),
    QAbstractSlider: frozenset({Qt.Key.Key_Left, Qt.Key.Key_Right}),
}
"""Keys that mean something to a control while it has the focus, and are no shortcuts then."""


class MainWindow(QMainWindow):
    """One window, one folder. Make it, show it, and call `open_folder` or leave it at the start page."""

    painted = Signal()
    """The window has been on screen once; heavy work may begin."""

    def __init__(self, settings: Settings, notifier: Notifier) -> None:
        super().__init__()
        self.setObjectName("main")
        self.setWindowTitle(tr("segstudio"))
        self.setAcceptDrops(True)
        self.resize(1360, 860)
        self.settings = settings
        self.notifier = notifier
        self.session = Session(notifier, settings, self)
        self.proposals = ProposalService(self)
        self.rounds = RoundRunner(self)
        self.learning = KeepLearning(
            self.session, self.rounds, lambda: self.compare_flow.runner.is_running, parent=self
        )
        self.thumbnails = ThumbnailService(self)
        self.actions_table = Actions(self)
        self.parts = WindowParts()
        self._has_been_painted = False
        self._lay_out()
        self._make_flows()
        self._restore_layout()

    # -- layout -------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        parts = self.parts
        self.actions_table.fill_menus(self)
        self.search_button = self._search_button()
        self.menuBar().setCornerWidget(self.search_button)
        self.workspace_page = QWidget()
        column = QVBoxLayout(self.workspace_page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(parts.panes, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(parts.start)
        self.pages.addWidget(self.workspace_page)
        central = QWidget()
        central_column = QVBoxLayout(central)
        central_column.setContentsMargins(0, 0, 0, 0)
        central_column.setSpacing(0)
        central_column.addWidget(self.pages, 1)
        self.setCentralWidget(central)
        self.notices = NoticeOverlay(self.pages)
        self.palette_popup = CommandPalette(self)
        self.notifier.noticed.connect(self.notices.show_notice)
        self._add_toolbar()
        side_panel = SidePanel(parts.classes, parts.brush, parts.model)
        self.side = self._dock("side", tr("Panels"), side_panel, Qt.DockWidgetArea.RightDockWidgetArea)
        self.images = self._dock("images", tr("Images"), parts.filmstrip, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.steps = self._dock("steps", tr("History"), parts.steps, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self.status_area = QStatusBar()
        self.status_area.setSizeGripEnabled(False)
        self.status_area.addWidget(parts.status, 1)
        self.setStatusBar(self.status_area)
        self.show_start_page(True)

    def _search_button(self) -> QWidget:
        button = push_button(
            tr("Search commands"), tr("Find anything by typing."), "search", Look.QUIET, commands="palette"
        )
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(self._on_palette)
        return button

    def _add_toolbar(self) -> None:
        self.toolbar = QToolBar(tr("Tools"))
        self.toolbar.setObjectName("tools")
        self.toolbar.setIconSize(QSize(ICON_SIZE))
        self.toolbar.setMovable(False)
        for action in self.actions_table.tools.actions():
            self.toolbar.addAction(action)
        self.toolbar.addSeparator()
        for name in ("undo", "redo"):
            self.toolbar.addAction(self.actions_table[name])
        self.toolbar.addSeparator()
        for name in ("fit", "actual_size", "overlay", "outline", "tone"):
            self.toolbar.addAction(self.actions_table[name])
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self.toolbar)

    def _dock(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(widget)
        dock.setTitleBarWidget(QWidget())  # the panels carry their own headings
        dock.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        self.addDockWidget(area, dock)
        return dock

    def _make_flows(self) -> None:
        parts, table = self.parts, self.actions_table
        self.shortcut_flow = ShortcutFlow(self, parts, table, self.settings)
        self.image_flow = ImageFlow(parts, table, self.session, self.settings, self.notifier, self.thumbnails, self)
        self.preview_flow = PreviewFlow(parts, self.session, self)
        self.brush_flow = BrushFlow(parts, table, self.settings, self)
        self.guard_flow = GuardFlow(parts, table, self.session, self.settings, self.notifier, self)
        self.tone_flow = ToneFlow(parts, table, self.session, self)
        self.minimap_flow = MinimapFlow(parts, table, self.session, self.settings, self)
        self.other_masks = OtherMasks(self.session, self)
        self.second_pane_flow = SecondPaneFlow(parts, table, self.session, self.settings, self.other_masks, self)
        self.steps_flow = StepsFlow(parts, table, self.session, self.settings, self)
        self.difference_flow = DifferenceFlow(parts, table, self.session, self.settings, self.other_masks, self)
        self.blink_flow = BlinkFlow(parts, table, self.session, self)
        self.region_flow = RegionFlow(parts, self.session, self.settings, self)
        self.round_flow = RoundFlow(
            parts, table, self.session, self.settings, self.notifier, self.rounds, self.learning, self
        )
        self.proposal_flow = ProposalFlow(
            parts, table, self.session, self.settings, self.notifier, self.proposals, self.rounds, self.learning, self
        )
        self.primary_flow = PrimaryFlow(
            parts, table, self.session, self.proposals, self.rounds, lambda: self.compare_flow.runner.is_running, self
        )
        self.channels_flow = ChannelsFlow(parts, table, self.session, self.notifier, self.proposals, self.rounds, self)
        self.proposal_flow.asked.connect(self.primary_flow.refresh)
        self.learning_flow = LearningFlow(
            parts, self.session, self.settings, self.proposals, self.rounds, self.learning, self
        )
        self.reading_flow = ReadingFlow(parts, self.session, self.settings, self.proposals, self.learning, self)
        self.superpixel_flow = SuperpixelFlow(parts, table, self.settings, self)
        self.tool_work_flow = ToolWorkFlow(parts, self)
        self.steer_flow = SteerFlow(parts, self.session, self.settings, self.rounds, self)
        self.history_flow = HistoryFlow(self, parts, table, self.session, self.notifier, self.proposals, self.rounds)
        self.folder_flow = FolderFlow(
            self, parts, table, self.session, self.rounds, self.proposals, self.settings, self.notifier
        )
        self.folder_flow.settings_taken.connect(self.reading_flow.take_up)
        self.compare_flow = CompareFlow(self, table, self.session, self.rounds, self.notifier)
        self.compare_flow.ended.connect(self.learning.look_around)
        self.compare_flow.network_chosen.connect(lambda path: self.folder_flow.load_checkpoint(path, True))
        self.compare_flow.began.connect(self.primary_flow.refresh)
        self.compare_flow.ended.connect(self.primary_flow.refresh)
        self.shortcut_flow.changed.connect(self.primary_flow.refresh)
        self.primary_flow.refresh()
        self.class_change_flow = ClassChangeFlow(self, parts, table, self.session, self.notifier)
        self.review_flow = ReviewFlow(self, parts, table, self.session, self.settings, self.notifier)
        file_menu = self.menuBar().actions()[0].menu()
        if isinstance(file_menu, QMenu):
            file_menu.insertMenu(table["open_sample"], self.folder_flow.recent_menu)
        self.session.project_opened.connect(self._on_project_opened)
        self.session.project_closed.connect(lambda: self.show_start_page(True))
        table["steps"].toggled.connect(lambda shown: self.steps.setVisible(shown and self.session.project is not None))
        table["palette"].triggered.connect(self._on_palette)
        table["quit"].triggered.connect(self.close)

    def show_start_page(self, start: bool) -> None:
        """Show the start page, or the canvas with its panels."""
        self.pages.setCurrentWidget(self.parts.start if start else self.workspace_page)
        for widget in (self.side, self.images, self.status_area, self.toolbar):
            widget.setVisible(not start)
        self.steps.setVisible(not start and self.actions_table["steps"].isChecked())
        if start:
            self.setWindowTitle(tr("segstudio"))

    # -- folders ------------------------------------------------------------------------------------------

    def open_folder(self, folder: Path, workspace: Path | None = None) -> None:
        """Open `folder` in the background."""
        self.session.open_project(folder, workspace)

    def _on_project_opened(self) -> None:
        project = self.session.project
        if project is not None:
            self.show_start_page(False)
            self.setWindowTitle(tr("{folder} – segstudio", folder=project.folder.root.name))
            self.parts.canvas.setFocus()

    def _on_palette(self) -> None:
        self.palette_popup.set_actions(self.actions())
        self.palette_popup.popup()

    # -- Qt -----------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Leave a control its own keys, where they would be taken for shortcuts, and the status strip its place."""
        if event.type() is QEvent.Type.StatusTip:
            return True  # Qt would lay it over the strip, the Accept button too; tooltips say the same
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            focused, key = self.focusWidget(), event.key()
            if any(isinstance(focused, kind) and key in keys for kind, keys in _OWN_KEYS.items()):
                event.accept()
                return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """After the first paint, start what takes long: torch is loaded in the predictor's thread."""
        super().paintEvent(event)
        if not self._has_been_painted:
            self._has_been_painted = True
            # The children are painted after this, in the same event.
            QTimer.singleShot(0, self._on_painted)

    def _on_painted(self) -> None:
        self.painted.emit()
        self.proposals.start()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the folder that was dropped."""
        self.folder_flow.open_dropped([Path(url.toLocalFile()) for url in event.mimeData().urls()])

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep the draft, cancel everything and wait for it."""
        self.settings.set_window_state("geometry", self.saveGeometry())
        self.rounds.stop()
        self.compare_flow.stop()
        self.steer_flow.stop()
        self.class_change_flow.stop()
        self.history_flow.stop()
        self.proposals.stop()
        self.thumbnails.stop()
        self.steps_flow.stop()
        self.superpixel_flow.stop()
        self.tool_work_flow.stop()
        self.folder_flow.stop()
        self.session.stop()
        self.other_masks.stop()
        self.settings.sync()
        self.notices.clear()
        super().closeEvent(event)

    def _restore_layout(self) -> None:
        geometry = self.settings.window_state("geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)


def application_icon_path() -> Path:
    """The program's own picture."""
    return resource_root() / "icons" / "segstudio.svg"
