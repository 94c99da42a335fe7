"""The few building blocks that all panels are made of, so that they look and speak alike."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID, ICON_SIZE, Role, set_icon


def set_look(widget: QWidget, look: Look | None) -> None:
    """Make `widget` one of the stylesheet's kinds, now or later."""
    value = look.value if look is not None else None
    if widget.property("look") == value:
        return
    widget.setProperty("look", value)
    if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        widget.style().unpolish(widget)
        widget.style().polish(widget)


_COMMANDS, _KEYS = "commands", "keys"
"""Dynamic properties: the ids of the commands that a control does, and the keys that they have now, in words."""


def explain(widget: QWidget, name: str, why: str = "", shortcut: str = "", commands: str = "") -> None:
    """Name `widget` for screen readers, and say in its tooltip what it is, its key and one line of why.

    The key is `shortcut` where that never changes, as in a dialog; else it is that of `commands`, one or more ids of
    the table of actions with a space between them, as `show_keys` says it.
    """
    widget.setAccessibleName(name)
    widget.setAccessibleDescription(why)
    if commands:
        widget.setProperty(_COMMANDS, commands)
    keys = shortcut or widget.property(_KEYS)
    head = f"{name} ({keys})" if keys else name
    widget.setToolTip(f"{head}\n{why}" if why else head)


def key_label(command: str, look: Look | None = None) -> QLabel:
    """The key of `command` and nothing else, as `show_keys` says it."""
    made = label("", look)
    made.setProperty(_COMMANDS, command)
    return made


def show_keys(root: QWidget, keys_of: Callable[..., str]) -> None:
    """Say in and under `root` which keys commands have now; `keys_of` gives them for one or more ids, in words."""
    for widget in (root, *root.findChildren(QWidget)):
        commands = widget.property(_COMMANDS)
        if not commands:
            continue
        widget.setProperty(_KEYS, keys_of(*commands.split()))
        if isinstance(widget, QLabel):
            widget.setText(widget.property(_KEYS))
        else:
            explain(widget, widget.accessibleName(), widget.accessibleDescription())


def push_button(
    text: str, why: str, icon_name: str = "", look: Look | None = None, shortcut: str = "", commands: str = ""
) -> QPushButton:
    """A button with words on it; `shortcut` and `commands` as `explain` takes them."""
    button = QPushButton(text)
    button.setIconSize(ICON_SIZE)
    button.setAutoDefault(False)
    # A click must not take the keys away from the canvas: a button that is then disabled would hand them to whatever
    # comes next, a text field perhaps.
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    set_look(button, look)
    if icon_name:
        set_icon(button, icon_name, Role.ACCENT_TEXT if look is Look.PRIMARY else Role.TEXT)
    explain(button, text, why, shortcut, commands)
    return button


def tool_button(name: str, why: str, icon_name: str, commands: str = "", checkable: bool = False) -> QToolButton:
    """A button with a drawing on it; `name` is what it is called, `why` one line of what for."""
    button = QToolButton()
    button.setIconSize(ICON_SIZE)
    button.setCheckable(checkable)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    set_look(button, Look.QUIET)
    set_icon(button, icon_name)
    explain(button, name, why, commands=commands)
    return button


def label(text: str = "", look: Look | None = None, wrap: bool = False) -> QLabel:
    """Plain text in one of the looks."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    set_look(made, look)
    return made


class ProgressBar(QProgressBar):
    """Draws a new value together with all else that changed; Qt's own repaints the window at once, in mid-change."""

    def setValue(self, value: int) -> None:
        """Show `value` at the next repaint."""
        self.setUpdatesEnabled(False)
        super().setValue(value)
        self.setUpdatesEnabled(True)


class ElidedLabel(QLabel):
    """One line of text that is cut with an ellipsis where it does not fit; the tooltip then has all of it."""

    def __init__(
        self,
        text: str = "",
        look: Look | None = None,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        set_look(self, look)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Narrow: the text gives way."""
        return QSize(24, super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what fits."""
        inside = self.contentsRect()
        shown = self.fontMetrics().elidedText(self.text(), self._mode, inside.width())
        self.setToolTip(self.text() if shown != self.text() else "")
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(inside, int(self.alignment()), shown)


class Panel(QFrame):
    """A surface with a name, buttons at the right of it, and `body` below."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, Look.PANEL)
        self.setAccessibleName(title)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(2 * GRID, GRID, GRID, GRID + GRID // 2)
        outer.setSpacing(GRID)
        self.head = QHBoxLayout()
        self.head.setSpacing(GRID // 2)
        self.head.addWidget(label(title, Look.HEADING))
        self.head.addStretch(1)
        outer.addLayout(self.head)
        self.body = QVBoxLayout()
        self.body.setSpacing(GRID)
        self.body.setContentsMargins(0, 0, GRID, 0)
        outer.addLayout(self.body)


class FittingScrollArea(QScrollArea):
    """As tall as its contents where there is room, scrolled where there is not."""

    def __init__(self, contents: QWidget) -> None:
        super().__init__()
        self._contents = contents
        self.setWidget(contents)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def sizeHint(self) -> QSize:
        """The contents' height at the width there is."""
        layout = self._contents.layout()
        if layout is None or not layout.hasHeightForWidth():
            return self._contents.sizeHint()
        # As if the bar were always there: else text that wraps with it and not without it never comes to rest.
        width = self.width() - self.verticalScrollBar().sizeHint().width()
        return QSize(self._contents.minimumSizeHint().width(), layout.totalHeightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Room for a few lines."""
        return QSize(120, min(self.sizeHint().height(), 12 * GRID))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the contents' growing and shrinking."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width gives text another height."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()


class ParentWatcher(QObject):
    """Calls `place` whenever the widget that a floating widget lies on changes its size."""

    def __init__(self, floating: QWidget) -> None:
        super().__init__(floating)
        self._floating = floating
        parent = floating.parentWidget()
        if parent is not None:
            parent.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the floating widget where it belongs."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            place = getattr(self._floating, "place", None)
            if place is not None:
                place()
        return False


def check(button: QAbstractButton, checked: bool) -> None:
    """Check `button` without its telling anybody."""
    blocked = button.blockSignals(True)
    button.setChecked(checked)
    button.blockSignals(blocked)
