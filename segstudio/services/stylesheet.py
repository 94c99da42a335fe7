"""The one stylesheet: how the theme's named colours look on Qt's controls.

Owns shapes, borders and states of controls; it writes down no colour of its own. A control's `look` property chooses
among the few kinds there are (see `Look`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from string import Template


class Look(Enum):
    """The kinds of control beyond Qt's own: the value of the dynamic property ``look``."""

    PRIMARY = "primary"
    """The one action that comes next: filled with the accent."""
    QUIET = "quiet"
    """A button without a frame until the pointer or the focus is on it."""
    TITLE = "title"
    """The larger text."""
    HEADING = "heading"
    """The name of a panel."""
    MUTED = "muted"
    """Text that explains."""
    DANGER = "danger"
    """Text that says what is wrong."""
    SUCCESS = "success"
    """Text that says what went well."""
    WARNING = "warning"
    """Text that says what to look at."""
    PANEL = "panel"
    """A surface with a quiet border."""
    CARD = "card"
    """A large button that explains itself."""
    BAR = "bar"
    """A strip at the window's edge."""
    FLOAT = "float"
    """A surface that floats above the image."""
    BARE = "bare"
    """A list that lies on a panel, without a frame of its own."""


def stylesheet(colors: Mapping[str, str], glyphs: Mapping[str, Path | None], body_points: float) -> str:
    """The stylesheet in `colors` (by `Role` value), with the drawings `glyphs`, for text of `body_points` points."""
    values = dict(colors)
    for name, path in glyphs.items():
        values["glyph_" + name.replace("-", "_")] = f'url("{path.as_posix()}")' if path is not None else "none"
    values["title_points"] = f"{body_points * 1.4:.1f}"
    return Template(_BASE + _BUTTONS + _FIELDS + _CHOICES + _LISTS + _BARS).substitute(values)


_BASE = """
QMainWindow, QDialog { background: $window; }
QToolTip { background: $panel; color: $text; border: 1px solid $control; padding: 4px 8px; }
QLabel { background: transparent; }
QLabel:disabled { color: $text_disabled; }
QLabel[look="title"] { font-size: ${title_points}pt; font-weight: 600; }
QLabel[look="heading"] { font-weight: 600; }
QLabel[look="muted"] { color: $text_muted; }
QLabel[look="danger"] { color: $danger; }
QLabel[look="success"] { color: $success; font-weight: 600; }
QLabel[look="warning"] { color: $warning; font-weight: 600; }
QFrame[look="panel"] { background: $panel; border: 1px solid $panel_border; border-radius: 6px; }
QFrame[look="float"] { background: $panel; border: 1px solid $control; border-radius: 6px; }
QFrame[look="bar"] { background: $panel; border: none; }
QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: $accent_soft; }
"""

_BUTTONS = """
QPushButton, QToolButton {
    background: $panel; color: $text; border: 1px solid $control; border-radius: 6px; padding: 5px 12px;
}
QToolButton { padding: 5px; }
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed { background: $pressed; }
QPushButton:checked, QToolButton:checked { background: $accent_soft; border-color: $accent; }
QPushButton:focus, QToolButton:focus { border: 2px solid $accent; padding: 4px 11px; }
QToolButton:focus { padding: 4px; }
QPushButton:disabled, QToolButton:disabled {
    color: $text_disabled; background: transparent; border-color: $panel_border;
}
QPushButton[look="primary"] {
    background: $accent; color: $accent_text; border-color: $accent; font-weight: 600; padding: 6px 16px;
}
QPushButton[look="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[look="primary"]:pressed { background: $accent_pressed; border-color: $accent_pressed; }
QPushButton[look="primary"]:focus { border: 2px solid $text; padding: 5px 15px; }
QPushButton[look="primary"]:disabled {
    background: $hover; color: $text_disabled; border: 1px solid $panel_border;
}
QPushButton[look="quiet"], QToolButton[look="quiet"] { background: transparent; border-color: transparent; }
QPushButton[look="quiet"]:hover, QToolButton[look="quiet"]:hover { background: $hover; }
QPushButton[look="quiet"]:pressed, QToolButton[look="quiet"]:pressed { background: $pressed; }
QPushButton[look="quiet"]:checked, QToolButton[look="quiet"]:checked {
    background: $accent_soft; border-color: $accent;
}
QPushButton[look="quiet"]:focus, QToolButton[look="quiet"]:focus { border: 2px solid $accent; }
QPushButton[look="quiet"]:disabled, QToolButton[look="quiet"]:disabled { border-color: transparent; }
QPushButton[look="card"] { background: $panel; border: 1px solid $control; border-radius: 6px; padding: 16px; }
QPushButton[look="card"]:hover { background: $accent_soft; border-color: $accent; }
QPushButton[look="card"]:pressed { background: $pressed; }
QPushButton[look="card"]:focus { border: 2px solid $accent; padding: 15px; }
QToolButton::menu-indicator { image: none; }
"""

_FIELDS = """
QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {
    background: $field; color: $text; border: 1px solid $control; border-radius: 6px; padding: 4px 8px;
    selection-background-color: $accent; selection-color: $accent_text;
}
QSpinBox, QDoubleSpinBox { padding: 4px 18px 4px 0; }
QAbstractSpinBox QLineEdit { border: none; padding: 0 0 0 6px; background: transparent; }
QAbstractSpinBox QLineEdit:focus { border: none; padding: 0 0 0 5px; }
QLineEdit:hover, QPlainTextEdit:hover, QSpinBox:hover, QComboBox:hover { border-color: $text_muted; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus { border: 2px solid $accent; padding: 3px 7px; }
QComboBox:focus { border: 2px solid $accent; padding: 3px 7px; }
QSpinBox:focus, QDoubleSpinBox:focus { border: 2px solid $accent; padding: 3px 17px 3px 0; }
QLineEdit:disabled, QPlainTextEdit:disabled, QSpinBox:disabled, QComboBox:disabled {
    color: $text_disabled; background: transparent; border-color: $panel_border;
}
QComboBox { combobox-popup: 0; }
QComboBox::drop-down { subcontrol-origin: padding; subcontrol-position: center right; width: 20px; border: none; }
QComboBox::down-arrow { image: $glyph_chevron_down; width: 12px; height: 12px; }
QComboBox QAbstractItemView {
    background: $panel; color: $text; border: 1px solid $control; padding: 4px; outline: none;
    selection-background-color: $accent_soft; selection-color: $text; icon-size: 16px;
}
QSpinBox::up-button, QDoubleSpinBox::up-button {
    subcontrol-origin: border; subcontrol-position: top right; width: 18px; border: none; margin: 2px 2px 0 0;
}
QSpinBox::down-button, QDoubleSpinBox::down-button {
    subcontrol-origin: border; subcontrol-position: bottom right; width: 18px; border: none; margin: 0 2px 2px 0;
}
QSpinBox::up-button:hover, QSpinBox::down-button:hover { background: $hover; border-radius: 3px; }
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow { image: $glyph_chevron_up; width: 10px; height: 10px; }
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow { image: $glyph_chevron_down; width: 10px; height: 10px; }
"""

_CHOICES = """
QCheckBox, QRadioButton { background: transparent; spacing: 8px; padding: 2px; }
QCheckBox:disabled, QRadioButton:disabled { color: $text_disabled; }
QCheckBox::indicator, QRadioButton::indicator {
    width: 14px; height: 14px; border: 1px solid $control; background: $field;
}
QCheckBox::indicator { border-radius: 4px; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover { border-color: $accent; background: $hover; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: $glyph_accept; }
QRadioButton::indicator:checked { border: 5px solid $accent; width: 6px; height: 6px; background: $accent_text; }
QCheckBox:focus, QRadioButton:focus { color: $accent; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border: 2px solid $accent; width: 12px; height: 12px; }
QRadioButton::indicator:checked:focus { border: 5px solid $accent; width: 6px; height: 6px; }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: $panel_border; }
QSlider { background: transparent; min-height: 20px; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $control; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: $accent; }
QSlider::handle:horizontal {
    width: 14px; height: 14px; margin: -6px 0; border-radius: 8px; background: $panel; border: 1px solid $accent;
}
QSlider::handle:horizontal:hover { background: $accent_soft; }
QSlider::handle:horizontal:pressed { background: $accent; }
QSlider::handle:horizontal:focus { border: 3px solid $accent; width: 10px; height: 10px; }
QSlider::groove:horizontal:disabled, QSlider::sub-page:horizontal:disabled { background: $panel_border; }
QSlider::handle:horizontal:disabled { border-color: $text_disabled; }
QProgressBar { border: none; border-radius: 3px; background: $pressed; max-height: 6px; min-height: 6px; color: $text; }
QProgressBar::chunk { border-radius: 3px; background: $accent; }
"""

_LISTS = """
QListView, QTreeView, QTableView {
    background: $panel; color: $text; border: 1px solid $panel_border; border-radius: 6px; outline: none;
    selection-background-color: $accent_soft; selection-color: $text;
}
QListView:focus, QTreeView:focus, QTableView:focus { border-color: $accent; }
QListView[look="bare"], QListView[look="bare"]:focus { border: none; border-radius: 0; }
QListView::item, QTreeView::item { border-radius: 4px; padding: 4px; }
QListView::item:hover { background: $hover; }
QListView::item:selected { background: $accent_soft; color: $text; }
QTreeView::item:selected { background: $accent_soft; color: $text; border-radius: 0; }
QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget { background: transparent; }
QHeaderView::section {
    background: $panel; color: $text_muted; border: none; border-bottom: 1px solid $panel_border; padding: 4px 8px;
}
QTableView { gridline-color: $panel_border; }
QTableView::item { padding: 0 6px; }
QTableView::item:selected { background: $accent_soft; color: $text; }
QScrollBar { background: transparent; border: none; }
QScrollBar:vertical { width: 8px; margin: 0; }
QScrollBar:horizontal { height: 8px; margin: 0; }
QScrollBar::handle { background: $control; border-radius: 3px; margin: 1px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $text_muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QTabWidget::pane { border: 1px solid $panel_border; border-radius: 6px; top: -1px; }
QTabBar::tab { padding: 6px 12px; color: $text_muted; border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:hover { color: $text; }
"""

_BARS = """
QMenuBar { background: $window; color: $text; padding: 2px 4px; }
QMenuBar::item { padding: 4px 8px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: $hover; }
QMenuBar::item:pressed { background: $pressed; }
QMenu { background: $panel; color: $text; border: 1px solid $control; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 12px; border-radius: 4px; }
QMenu::item:selected { background: $accent_soft; }
QMenu::item:disabled { color: $text_disabled; }
QMenu::icon { margin-left: 4px; padding: 2px; border: 1px solid transparent; border-radius: 4px; }
QMenu::icon:checked { background: $accent_soft; border-color: $accent; }
QMenu::separator { height: 1px; background: $panel_border; margin: 4px 8px; }
QMenu::right-arrow { image: $glyph_next; width: 12px; height: 12px; margin-right: 6px; }
QToolBar { background: $window; border: none; spacing: 1px; padding: 4px; }
QToolBar QToolButton { background: transparent; border-color: transparent; padding: 3px 5px; }
QToolBar QToolButton:hover { background: $hover; }
QToolBar QToolButton:pressed { background: $pressed; }
QToolBar QToolButton:checked { background: $accent_soft; border-color: $accent; }
QToolBar QToolButton:focus { border-color: $accent; padding: 2px 4px; }
QToolBar QToolButton:disabled { border-color: transparent; }
QToolBar::separator { background: $panel_border; width: 1px; height: 1px; margin: 4px; }
QStatusBar { background: $window; color: $text; }
QStatusBar::item { border: none; }
QDockWidget { color: $text; }
QDockWidget::title { background: $window; padding: 6px 8px; text-align: left; }
"""
