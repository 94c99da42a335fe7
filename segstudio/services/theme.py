"""The look: two tables of named colours, two text sizes, the icons, and how they reach the application.

Owns every colour that is not a class colour; nothing else in the program may write one down. What the colours
look like on controls is `stylesheet`'s; this module knows no widget.
"""

from __future__ import annotations

import logging
import tempfile
import weakref
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPalette
from shiboken6 import isValid

from segstudio.core.resources import resource_root
from segstudio.services.stylesheet import stylesheet

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

log = logging.getLogger(__name__)


class ThemeChoice(Enum):
    """What a person can choose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Role(Enum):
    """What a colour is for. The value is the name that the stylesheet uses."""

    WINDOW = "window"
    PANEL = "panel"
    FIELD = "field"
    HOVER = "hover"
    PRESSED = "pressed"
    PANEL_BORDER = "panel_border"
    CONTROL = "control"
    TEXT = "text"
    TEXT_MUTED = "text_muted"
    TEXT_DISABLED = "text_disabled"
    ACCENT = "accent"
    ACCENT_HOVER = "accent_hover"
    ACCENT_PRESSED = "accent_pressed"
    ACCENT_TEXT = "accent_text"
    ACCENT_SOFT = "accent_soft"
    DANGER = "danger"
    WARNING = "warning"
    SUCCESS = "success"
    CANVAS_BACKGROUND = "canvas_background"
    HATCH = "hatch"
    CURSOR_LIGHT = "cursor_light"
    CURSOR_DARK = "cursor_dark"
    PLOT_LOSS = "plot_loss"
    PLOT_SCORE = "plot_score"
    PLOT_GRID = "plot_grid"


Table = Mapping[Role, str]

LIGHT: Table = {
    Role.WINDOW: "#eff0f3",
    Role.PANEL: "#fbfbfc",
    Role.FIELD: "#ffffff",
    Role.HOVER: "#e6e8ec",
    Role.PRESSED: "#d8dbe1",
    Role.PANEL_BORDER: "#d9dce2",
    Role.CONTROL: "#7b818b",
    Role.TEXT: "#1b1d21",
    Role.TEXT_MUTED: "#555b66",
    Role.TEXT_DISABLED: "#9aa0a9",
    Role.ACCENT: "#2459c7",
    Role.ACCENT_HOVER: "#1d4cb0",
    Role.ACCENT_PRESSED: "#173f94",
    Role.ACCENT_TEXT: "#ffffff",
    Role.ACCENT_SOFT: "#dce6fb",
    Role.DANGER: "#b3261e",
    Role.WARNING: "#855000",
    Role.SUCCESS: "#1a6e3c",
    Role.CANVAS_BACKGROUND: "#d3d5d9",
    Role.HATCH: "#ffffff",
    Role.CURSOR_LIGHT: "#ffffff",
    Role.CURSOR_DARK: "#101114",
    Role.PLOT_LOSS: "#6b717c",
    Role.PLOT_SCORE: "#2459c7",
    Role.PLOT_GRID: "#d9dce2",
}

DARK: Table = {
    Role.WINDOW: "#1b1c1f",
    Role.PANEL: "#232529",
    Role.FIELD: "#17181b",
    Role.HOVER: "#2f3237",
    Role.PRESSED: "#3a3e45",
    Role.PANEL_BORDER: "#36393f",
    Role.CONTROL: "#868c97",
    Role.TEXT: "#e9eaec",
    Role.TEXT_MUTED: "#a8adb6",
    Role.TEXT_DISABLED: "#686d76",
    Role.ACCENT: "#7fa8ff",
    Role.ACCENT_HOVER: "#98b9ff",
    Role.ACCENT_PRESSED: "#6a97f5",
    Role.ACCENT_TEXT: "#0b1a38",
    Role.ACCENT_SOFT: "#2b3a5c",
    Role.DANGER: "#ff8a80",
    Role.WARNING: "#f2b64c",
    Role.SUCCESS: "#6fd08f",
    Role.CANVAS_BACKGROUND: "#131416",
    Role.HATCH: "#ffffff",
    Role.CURSOR_LIGHT: "#ffffff",
    Role.CURSOR_DARK: "#101114",
    Role.PLOT_LOSS: "#a8adb6",
    Role.PLOT_SCORE: "#7fa8ff",
    Role.PLOT_GRID: "#36393f",
}

GRID = 8
"""Distances are multiples of this, in device-independent pixels."""

ICON_SIZE = QSize(20, 20)
"""The size of icons on buttons, in device-independent pixels (the drawings are made on 24)."""

BODY_POINTS = 10.0
TITLE_POINTS = 14.0
"""The two text sizes, in points, for a system font of 10; they follow the system's size."""


class _HasIcon(Protocol):
    def setIcon(self, icon: QIcon, /) -> Any: ...


class ThemeSignals(QObject):
    """Tells that the colours changed; widgets that paint by themselves also get Qt's PaletteChange event."""

    theme_changed = Signal()


class _State:
    """What is in force now. One process has one application, so one of these."""

    def __init__(self) -> None:
        self.table: Table = LIGHT
        self.choice = ThemeChoice.SYSTEM
        self.folder: tempfile.TemporaryDirectory[str] | None = None
        self.icons: dict[tuple[str, Role, str], QIcon] = {}
        self.bound: list[tuple[weakref.ref[Any], str, Role]] = []
        self.follows_system = False
        self.styled = False


_state = _State()
theme_signals = ThemeSignals()


def current_table() -> Table:
    """The table in force: `LIGHT` or `DARK`."""
    return _state.table


def is_dark() -> bool:
    """Whether the dark table is in force."""
    return _state.table is DARK


def color(role: Role, alpha: float = 1.0) -> QColor:
    """The colour of `role` in the table in force, with opacity `alpha` from 0 to 1."""
    found = QColor(_state.table[role])
    found.setAlphaF(alpha)
    return found


def contrast(first: QColor, second: QColor) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, "relative luminance" and "contrast ratio")."""

    def luminance(of: QColor) -> float:
        def linear(part: float) -> float:
            return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

        return 0.2126 * linear(of.redF()) + 0.7152 * linear(of.greenF()) + 0.0722 * linear(of.blueF())

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def title_font(base: QFont) -> QFont:
    """`base` in the larger of the two text sizes."""
    font = QFont(base)
    font.setPointSizeF(base.pointSizeF() * TITLE_POINTS / BODY_POINTS)
    font.setWeight(QFont.Weight.DemiBold)
    return font


def icon(name: str, role: Role = Role.TEXT) -> QIcon:
    """The icon `resources/icons/NAME.svg` in the colour of `role`, crisp at every scale, greyed where disabled.

    The icon keeps the colours of the table in force; `set_icon` follows the theme. An unknown name gives an empty icon
    and a warning in the log.
    """
    key = (name, role, _state.table[role])
    if key not in _state.icons:
        found = QIcon()
        for mode, colored in ((QIcon.Mode.Normal, role), (QIcon.Mode.Disabled, Role.TEXT_DISABLED)):
            path = icon_file(name, colored)
            if path is not None:
                found.addFile(str(path), QSize(), mode)
        _state.icons[key] = found
    return _state.icons[key]


def set_icon(target: _HasIcon, name: str, role: Role = Role.TEXT) -> None:
    """Give `target` (an action or button) icon `name`, now and after every change of theme."""
    _state.bound = [row for row in _state.bound if _alive(row[0]) is not None and row[0]() is not target]
    _state.bound.append((weakref.ref(target), name, role))
    target.setIcon(icon(name, role))


def icon_file(name: str, role: Role) -> Path | None:
    """A file with icon `name` in the colour of `role`, or None where it is unknown or cannot be written.

    Qt renders SVG files lazily and at the screen's scale, but draws ``currentColor`` black; hence a recoloured copy in
    a temporary folder that goes with the process.
    """
    source = resource_root() / "icons" / f"{name}.svg"
    shade = _state.table[role]
    try:
        if _state.folder is None:
            _state.folder = tempfile.TemporaryDirectory(prefix="segstudio-icons-", ignore_cleanup_errors=True)
        path = Path(_state.folder.name) / f"{name}-{shade[1:]}.svg"
        if not path.exists():
            path.write_text(source.read_text(encoding="utf-8").replace("currentColor", shade), encoding="utf-8")
    except OSError as error:
        log.warning("icon %s: %s", name, error)
        return None
    return path


def apply_theme(app: QApplication, choice: ThemeChoice) -> None:
    """Give `app` the palette, font and stylesheet of `choice`; SYSTEM goes on following the desktop."""
    _state.choice = choice
    hints = app.styleHints()
    if not _state.follows_system:
        _state.follows_system = True
        hints.colorSchemeChanged.connect(lambda _scheme: _follow_system(app))
    schemes = {ThemeChoice.LIGHT: Qt.ColorScheme.Light, ThemeChoice.DARK: Qt.ColorScheme.Dark}
    if choice in schemes:
        hints.setColorScheme(schemes[choice])
    else:
        hints.unsetColorScheme()
    _use(app, _table_of(app, choice))


def _follow_system(app: QApplication) -> None:
    if _state.choice is ThemeChoice.SYSTEM and _table_of(app, ThemeChoice.SYSTEM) is not _state.table:
        _use(app, _table_of(app, ThemeChoice.SYSTEM))


def _table_of(app: QApplication, choice: ThemeChoice) -> Table:
    if choice is ThemeChoice.SYSTEM:
        return DARK if app.styleHints().colorScheme() is Qt.ColorScheme.Dark else LIGHT
    return DARK if choice is ThemeChoice.DARK else LIGHT


def _use(app: QApplication, table: Table) -> None:
    _state.table = table
    if not _state.styled:
        # Once: a stylesheet wraps the style, so it cannot be asked for its name later.
        app.setStyle("Fusion")
        _state.styled = True
    font, palette = _ui_font(), _palette(table)
    glyphs = {name: icon_file(name, role) for name, role in _GLYPHS.items()}
    sheet = stylesheet({role.value: shade for role, shade in table.items()}, glyphs, font.pointSizeF())
    # Each of these visits every widget there is: only what differs is set.
    if app.font() != font:
        app.setFont(font)
    if app.palette() != palette:
        app.setPalette(palette)
    if app.styleSheet() != sheet:
        app.setStyleSheet(sheet)
    alive = [(ref, name, role) for ref, name, role in _state.bound if _alive(ref) is not None]
    _state.bound = alive
    for ref, name, role in alive:
        target = ref()
        if target is not None:
            target.setIcon(icon(name, role))
    theme_signals.theme_changed.emit()


_GLYPHS = {
    "chevron-down": Role.TEXT_MUTED,
    "chevron-up": Role.TEXT_MUTED,
    "next": Role.TEXT_MUTED,
    "accept": Role.ACCENT_TEXT,
}
"""The drawings inside combo boxes, spin boxes, menus and check boxes."""


def _alive(ref: weakref.ref[Any]) -> Any:
    target = ref()
    return target if target is not None and isValid(target) else None


def _ui_font() -> QFont:
    """The desktop's font; where the desktop names none, Inter or DejaVu Sans."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    nameless = font.family() in ("", "Sans", "Sans Serif", "DejaVu Sans", "MS Shell Dlg 2")
    font.setFamilies(["Inter", "DejaVu Sans"] if nameless else [font.family(), "Inter", "DejaVu Sans"])
    if nameless or font.pointSizeF() <= 0:
        font.setPointSizeF(BODY_POINTS)
    return font


def _palette(table: Table) -> QPalette:
    roles = {
        QPalette.ColorRole.Window: Role.WINDOW,
        QPalette.ColorRole.WindowText: Role.TEXT,
        QPalette.ColorRole.Base: Role.FIELD,
        QPalette.ColorRole.AlternateBase: Role.PANEL,
        QPalette.ColorRole.Text: Role.TEXT,
        QPalette.ColorRole.PlaceholderText: Role.TEXT_MUTED,
        QPalette.ColorRole.Button: Role.PANEL,
        QPalette.ColorRole.ButtonText: Role.TEXT,
        QPalette.ColorRole.BrightText: Role.DANGER,
        QPalette.ColorRole.ToolTipBase: Role.PANEL,
        QPalette.ColorRole.ToolTipText: Role.TEXT,
        QPalette.ColorRole.Highlight: Role.ACCENT,
        QPalette.ColorRole.HighlightedText: Role.ACCENT_TEXT,
        QPalette.ColorRole.Accent: Role.ACCENT,
        QPalette.ColorRole.Link: Role.ACCENT,
        QPalette.ColorRole.LinkVisited: Role.ACCENT,
        QPalette.ColorRole.Light: Role.HOVER,
        QPalette.ColorRole.Midlight: Role.HOVER,
        QPalette.ColorRole.Mid: Role.PANEL_BORDER,
        QPalette.ColorRole.Dark: Role.CONTROL,
        QPalette.ColorRole.Shadow: Role.PANEL_BORDER,
    }
    palette = QPalette()
    for target, role in roles.items():
        palette.setColor(target, QColor(table[role]))
    disabled = QColor(table[Role.TEXT_DISABLED])
    for target in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, disabled)
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Highlight, QColor(table[Role.PANEL_BORDER]))
    return palette
