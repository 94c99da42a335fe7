"""The theme: readable in both tables, and everything follows a change of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QToolButton

from segstudio.core.resources import resource_root
from segstudio.services import stylesheet, theme
from segstudio.services.theme import DARK, LIGHT, Role, Table, ThemeChoice

TABLES = [pytest.param(LIGHT, id="light"), pytest.param(DARK, id="dark")]
SURFACES = [Role.WINDOW, Role.PANEL, Role.FIELD, Role.HOVER]
READABLE = [
    *((text, surface) for text in (Role.TEXT, Role.TEXT_MUTED) for surface in [*SURFACES, Role.ACCENT_SOFT]),
    *((text, surface) for text in (Role.DANGER, Role.WARNING, Role.SUCCESS, Role.ACCENT) for surface in SURFACES),
    (Role.TEXT, Role.PRESSED),
    (Role.TEXT, Role.CANVAS_BACKGROUND),
    (Role.ACCENT_TEXT, Role.ACCENT),
    (Role.ACCENT_TEXT, Role.ACCENT_HOVER),
    (Role.ACCENT_TEXT, Role.ACCENT_PRESSED),
]
VISIBLE = [
    *((Role.CONTROL, surface) for surface in SURFACES),
    *((Role.ACCENT, surface) for surface in [*SURFACES, Role.ACCENT_SOFT, Role.PRESSED]),
    (Role.PLOT_LOSS, Role.PANEL),
    (Role.PLOT_SCORE, Role.PANEL),
    (Role.CURSOR_LIGHT, Role.CURSOR_DARK),
]


@pytest.fixture
def app(qapp: QApplication):
    yield qapp
    theme.apply_theme(qapp, ThemeChoice.LIGHT)


@pytest.mark.parametrize("table", TABLES)
def test_text_is_readable(table: Table) -> None:
    ratios = {(a.value, b.value): theme.contrast(QColor(table[a]), QColor(table[b])) for a, b in READABLE}
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("table", TABLES)
def test_controls_are_visible(table: Table) -> None:
    ratios = {(a.value, b.value): theme.contrast(QColor(table[a]), QColor(table[b])) for a, b in VISIBLE}
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 3.0} == {}


@pytest.mark.parametrize("table", TABLES)
def test_every_role_has_a_color(table: Table) -> None:
    assert set(table) == set(Role)
    assert all(QColor(shade).isValid() for shade in table.values())


def test_contrast_of_known_pairs() -> None:
    assert theme.contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21)
    assert theme.contrast(QColor("#777777"), QColor("#ffffff")) == pytest.approx(4.48, abs=0.01)


def test_applying_a_theme_changes_palette_and_tells(app: QApplication, qtbot) -> None:
    theme.apply_theme(app, ThemeChoice.LIGHT)
    with qtbot.waitSignal(theme.theme_signals.theme_changed):
        theme.apply_theme(app, ThemeChoice.DARK)
    assert theme.is_dark()
    assert app.palette().window().color() == QColor(DARK[Role.WINDOW])
    assert DARK[Role.ACCENT] in app.styleSheet()


def test_a_bound_icon_follows_the_theme(app: QApplication, qtbot) -> None:
    theme.apply_theme(app, ThemeChoice.LIGHT)
    button = QToolButton()
    qtbot.addWidget(button)
    theme.set_icon(button, "brush")
    before = button.icon().pixmap(24).toImage()
    theme.apply_theme(app, ThemeChoice.DARK)
    after = button.icon().pixmap(24).toImage()
    assert not before.isNull()
    assert before != after


def test_a_disabled_icon_is_drawn_in_the_disabled_color(app: QApplication) -> None:
    theme.apply_theme(app, ThemeChoice.LIGHT)
    found = theme.icon("brush")
    normal = found.pixmap(24, found.Mode.Normal).toImage()
    disabled = found.pixmap(24, found.Mode.Disabled).toImage()
    assert normal != disabled


def test_an_unknown_icon_is_empty_and_logged(app: QApplication, caplog) -> None:
    assert theme.icon("no-such-drawing").isNull()
    assert "no-such-drawing" in caplog.text
    caplog.clear()


def test_no_color_is_written_down_outside_the_theme() -> None:
    package = Path(theme.__file__).parents[1]
    written = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b|QColor\(\s*\d|QColor\(\s*\"")
    found = [
        f"{path.relative_to(package)}:{number}"
        for path in [*(package / "widgets").rglob("*.py"), Path(stylesheet.__file__)]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if written.search(line)
    ]
    assert found == []


def test_every_icon_takes_the_theme_color() -> None:
    """Stroke or fill in `currentColor` only; the program's own picture is coloured by itself."""
    drawings = [path for path in (resource_root() / "icons").glob("*.svg") if path.stem != "segstudio"]
    assert drawings
    assert [path.stem for path in drawings if "currentColor" not in path.read_text(encoding="utf-8")] == []
