"""The widgets of the window, made once and handed to the flows that connect them. Layout is the main window's."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter

from segstudio.canvas.canvas_view import CanvasView
from segstudio.canvas.minimap import Minimap
from segstudio.canvas.second_pane import SecondPane
from segstudio.widgets.brush_panel import BrushPanel
from segstudio.widgets.channels_panel import ChannelsPanel
from segstudio.widgets.classes_panel import ClassesPanel
from segstudio.widgets.difference_bar import DifferenceBar
from segstudio.widgets.filmstrip import Filmstrip
from segstudio.widgets.model_panel import ModelPanel
from segstudio.widgets.pane_head import PaneHead
from segstudio.widgets.start_page import StartPage
from segstudio.widgets.status_bar import ImageStatus
from segstudio.widgets.steps_panel import StepsPanel
from segstudio.widgets.tone_panel import TonePanel
from segstudio.widgets.void_bar import VoidBar


@dataclass
class WindowParts:
    """One of each."""

    canvas: CanvasView = field(default_factory=CanvasView)
    classes: ClassesPanel = field(default_factory=ClassesPanel)
    brush: BrushPanel = field(default_factory=BrushPanel)
    model: ModelPanel = field(default_factory=ModelPanel)
    filmstrip: Filmstrip = field(default_factory=Filmstrip)
    status: ImageStatus = field(default_factory=ImageStatus)
    start: StartPage = field(default_factory=StartPage)
    second: SecondPane = field(default_factory=SecondPane)
    panes: QSplitter = field(init=False)
    """The canvas, and the second pane beside it where that is wanted."""
    second_head: PaneHead = field(init=False)
    minimap: Minimap = field(init=False)
    steps: StepsPanel = field(default_factory=StepsPanel)
    difference: DifferenceBar = field(init=False)
    void_bar: VoidBar = field(init=False)
    tone: TonePanel = field(init=False)
    channels: ChannelsPanel = field(init=False)

    def __post_init__(self) -> None:
        self.panes = QSplitter(Qt.Orientation.Horizontal)
        self.panes.setChildrenCollapsible(False)
        for pane in (self.canvas, self.second):
            self.panes.addWidget(pane)
        self.second.setFocusProxy(self.canvas)
        self.second.hide()
        self.second_head = PaneHead(self.second)
        self.minimap = Minimap(self.canvas)
        self.difference = DifferenceBar(self.canvas)
        self.void_bar = VoidBar(self.canvas)
        self.tone = TonePanel(self.canvas)
        self.channels = ChannelsPanel(self.canvas)
