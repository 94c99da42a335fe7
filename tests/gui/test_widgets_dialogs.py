"""Start page, notices, command palette and dialogs, as a person uses them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QAction, QEnterEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from segstudio.core.class_table import VOID, ClassTable
from segstudio.services.notifier import Level, Notice
from segstudio.services.theme import ThemeChoice, apply_theme
from segstudio.widgets import words
from segstudio.widgets.class_names_dialog import ClassNamesDialog
from segstudio.widgets.command_palette import CommandPalette, fuzzy_score
from segstudio.widgets.export_dialog import ExportChoice, ExportDialog, Which
from segstudio.widgets.notices import MOST, NoticeOverlay, NoticesDialog
from segstudio.widgets.settings_dialog import SettingsDialog, SettingsValues
from segstudio.widgets.start_page import RecentFolder, StartPage
from segstudio.widgets.words import change_in_points, class_name, data_size, duration, percent, score_of

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def _theme(qapp: QApplication) -> None:
    apply_theme(qapp, ThemeChoice.LIGHT)


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    made = QMainWindow()
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.setCentralWidget(QWidget())
    made.show()
    qtbot.waitExposed(made)
    return made


# -- words


def test_one_of_a_thing_is_said_in_the_singular() -> None:
    assert score_of(0.61, 1) == "0.61 (1 image)" and score_of(0.61, 1, True) == "0.61 (1 image: too few)"
    assert score_of(0.61, 4) == "0.61 (4 images)" and score_of(0.61, 4, True) == "0.61 (4 images: too few)"
    assert [change_in_points(change) for change in (0.01, -0.02)] == ["▲ 1 point", "▼ 2 points"]


def test_void_and_labels_beyond_the_classes_are_named_in_the_persons_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "tr", lambda text, **values: f"<{text}>".format(**values))
    classes = ClassTable.from_names(["sky", "road"])
    assert [class_name(classes, value) for value in (1, VOID, 7)] == ["road", "<void>", "<class 7>"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.4, "0 s"),
        (40, "40 s"),
        (59.6, "1 min"),
        (130, "2 min 10 s"),
        (720, "12 min"),
        (7800, "2 h 10 min"),
        (7200, "2 h"),
    ],
)
def test_durations_have_units_and_sensible_digits(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("share", "said"), [(0, "0 %"), (0.001, "< 1 %"), (0.31, "31 %"), (0.999, "> 99 %"), (1, "100 %")]
)
def test_shares_never_round_to_nothing_or_all(share: float, said: str) -> None:
    assert percent(share) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1400, "1 kB"), (48_200, "48 kB"), (999_600, "1.0 MB"), (12e6, "12.0 MB")],
)
def test_sizes_have_units_and_sensible_digits(count: int, said: str) -> None:
    assert data_size(int(count)) == said


# -- start page


def test_start_page_offers_three_ways(qtbot: QtBot) -> None:
    page = StartPage()
    qtbot.addWidget(page)
    page.set_recent([RecentFolder("leaves", "/data/leaves", 0.5), RecentFolder("teeth", "/data/teeth")])
    page.resize(1100, 700)
    page.show()
    with qtbot.waitSignal(page.open_clicked):
        qtbot.mouseClick(page.open_card, LEFT)
    with qtbot.waitSignal(page.sample_clicked):
        qtbot.keyClick(page.sample_card, Qt.Key.Key_Space)
    with qtbot.waitSignal(page.recent_clicked) as told:
        qtbot.mouseClick(page.recent_buttons[1], LEFT)
    assert told.args == ["/data/teeth"]
    assert all(button.focusPolicy() != Qt.FocusPolicy.NoFocus for button in page.recent_buttons)


# -- notices


def test_a_remedy_is_done_once_and_closes_its_notice(window: QMainWindow, qtbot: QtBot) -> None:
    overlay = NoticeOverlay(window.centralWidget())
    done: list[bool] = []
    overlay.show_notice(Notice(Level.ERROR, "The disk is full.", "Save again", lambda: done.append(True)))
    qtbot.mouseClick(overlay.cards[0].remedy_button, LEFT)
    assert done == [True]
    assert overlay.cards == []
    assert not overlay.isVisible()


def test_notices_go_by_themselves_but_errors_wait(window: QMainWindow, qtbot: QtBot) -> None:
    overlay = NoticeOverlay(window.centralWidget())
    overlay.show_notice(Notice(Level.ERROR, "bad"))
    overlay.show_notice(Notice(Level.SUCCESS, "good"))
    error, success = overlay.cards
    assert not error._timer.isActive()
    assert success._timer.isActive()
    success._timer.setInterval(1)
    qtbot.waitUntil(lambda: overlay.cards == [error])


def test_a_notice_being_read_stays(window: QMainWindow) -> None:
    overlay = NoticeOverlay(window.centralWidget())
    overlay.show_notice(Notice(Level.INFO, "read me"))
    card = overlay.cards[0]
    where = QPointF(1, 1)
    QApplication.sendEvent(card, QEnterEvent(where, where, where))
    assert not card._timer.isActive()
    QApplication.sendEvent(card, QEvent(QEvent.Type.Leave))
    assert card._timer.isActive()


def test_the_stack_is_bounded_keeps_errors_and_stays_in_the_corner(window: QMainWindow, qtbot: QtBot) -> None:
    canvas = window.centralWidget()
    overlay = NoticeOverlay(canvas)
    overlay.show_notice(Notice(Level.ERROR, "bad"))
    for number in range(10):
        overlay.show_notice(Notice(Level.INFO, f"note {number}"))
    overlay.show_notice(Notice(Level.INFO, "note 9"))
    assert len(overlay.cards) == MOST
    assert overlay.cards[0].notice.text == "bad"
    assert overlay.cards[-1].text.text() == "note 9 (×2)"
    assert canvas.rect().contains(overlay.geometry())
    window.resize(700, 500)
    qtbot.waitUntil(lambda: canvas.rect().contains(overlay.geometry()))
    overlay.clear()


def test_the_list_of_notices_is_newest_first(qtbot: QtBot) -> None:
    dialog = NoticesDialog([Notice(Level.INFO, "first"), Notice(Level.ERROR, "second")])
    qtbot.addWidget(dialog)
    assert dialog.list.item(0).text().endswith("second")


# -- command palette


@pytest.fixture
def palette(window: QMainWindow) -> CommandPalette:
    made = CommandPalette(window)
    made.set_actions([QAction(text, window) for text in ("&Flow chart", "&Fit in window", "&Undo", "&Export masks…")])
    return made


def test_typing_and_enter_triggers_the_best_fit(palette: CommandPalette, qtbot: QtBot) -> None:
    action = palette._actions[1]
    action.setShortcut("F")
    palette.popup()
    qtbot.keyClicks(palette.field, "fw")
    assert palette.list.item(0).text() == "Fit in window"
    assert palette.list.item(0).data(Qt.ItemDataRole.UserRole) == "F"
    with qtbot.waitSignal(action.triggered):
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert not palette.isVisible()


def test_arrow_keys_choose_in_the_palette(palette: CommandPalette, qtbot: QtBot) -> None:
    palette.popup()
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    with qtbot.waitSignal(palette._actions[2].triggered):
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)


def test_a_disabled_command_is_shown_but_does_nothing(palette: CommandPalette, qtbot: QtBot) -> None:
    undo = palette._actions[2]
    undo.setEnabled(False)
    palette.popup()
    qtbot.keyClicks(palette.field, "undo")
    with qtbot.assertNotEmitted(undo.triggered):
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()


def test_escape_closes_the_palette_and_nonsense_is_said_so(palette: CommandPalette, qtbot: QtBot) -> None:
    palette.popup()
    qtbot.keyClicks(palette.field, "qqq")
    assert palette.nothing.isVisible()
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [("fw", "Fit in window", "Flow chart wide"), ("und", "Undo", "Round brush"), ("ex", "Export masks", "Next image")],
)
def test_word_starts_and_runs_of_letters_score_higher(query: str, better: str, worse: str) -> None:
    first, second = fuzzy_score(query, better), fuzzy_score(query, worse)
    assert first is not None
    assert second is None or first > second


@pytest.mark.parametrize(("query", "text"), [("oo", "Zoom out"), ("zo", "Zoom out"), ("pall", "Propose all")])
def test_letters_in_order_are_always_found(query: str, text: str) -> None:
    assert fuzzy_score(query, text) is not None


def test_letters_out_of_order_are_not_found() -> None:
    assert fuzzy_score("odnu", "Undo") is None


# -- dialogs


def test_class_names_become_a_table(qtbot: QtBot) -> None:
    dialog = ClassNamesDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.keyClicks(dialog.edit, "leaf")
    qtbot.keyClick(dialog.edit, Qt.Key.Key_Return)
    qtbot.keyClicks(dialog.edit, "  stem ")
    assert dialog.class_table() == ClassTable.from_names(["background", "leaf", "stem"])
    with qtbot.waitSignal(dialog.accepted):
        qtbot.mouseClick(dialog.accept_button, LEFT)


def test_two_classes_of_one_name_are_refused_in_a_sentence(qtbot: QtBot) -> None:
    dialog = ClassNamesDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.set_names(["leaf", "leaf"])
    assert not dialog.accept_button.isEnabled()
    assert "leaf" in dialog.problem.text()
    dialog.set_names([])
    assert not dialog.accept_button.isEnabled()


def test_given_classes_keep_their_colors(qtbot: QtBot) -> None:
    given = ClassTable.from_names(["a", "b"], [(1, 2, 3), (4, 5, 6)])
    dialog = ClassNamesDialog(given)
    qtbot.addWidget(dialog)
    dialog.set_names(["a", "b", "c"])
    assert dialog.class_table().colors[:2] == ((1, 2, 3), (4, 5, 6))


@pytest.fixture
def export(qtbot: QtBot, tmp_path: Path) -> ExportDialog:
    (tmp_path / "source" / "JPEGImages").mkdir(parents=True)
    made = ExportDialog(
        {"palette": "Palette PNG", "grey": "Grey PNG"},
        {Which.ACCEPTED: 3, Which.ALL: 9},
        tmp_path / "source",
        tmp_path / "out",
    )
    qtbot.addWidget(made)
    made.show()
    return made


def test_export_choice(export: ExportDialog, tmp_path: Path) -> None:
    export.format_box.setCurrentText("Grey PNG")
    export.which_buttons[Which.ALL].setChecked(True)
    assert export.choice() == ExportChoice("grey", Which.ALL, tmp_path / "out")
    assert export.accept_button.text() == "Export 9 masks"
    assert not export.which_buttons[Which.SELECTION].isEnabled()


@pytest.mark.parametrize("part", ["", "JPEGImages", "SegmentationClass", "SegmentationClass/deep", "a/../ImageSets"])
def test_export_never_goes_over_the_source(export: ExportDialog, tmp_path: Path, part: str) -> None:
    export.folder_edit.setText(str(tmp_path / "source" / part))
    assert not export.accept_button.isEnabled()
    assert "Choose another" in export.problem.text()


def test_a_tilde_is_the_persons_home_folder(
    export: ExportDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    export.folder_edit.setText(" ~/masks ")
    assert export.accept_button.isEnabled() and export.choice().folder == tmp_path / "home" / "masks"


@pytest.mark.parametrize("written", ["", "relative/folder", "~nobody-of-that-name/masks"])
def test_export_needs_a_whole_path(export: ExportDialog, written: str) -> None:
    export.folder_edit.setText(written)
    assert not export.accept_button.isEnabled()


def test_settings_come_back_as_they_were_changed(qtbot: QtBot) -> None:
    given = SettingsValues(ThemeChoice.DARK, 10, 5, 20_000_000, True)
    dialog = SettingsDialog(given)
    qtbot.addWidget(dialog)
    assert dialog.values() == given
    dialog.theme_box.setCurrentText("Light")
    dialog.ahead_spin.setValue(7)
    dialog.drafts_box.setChecked(True)
    assert dialog.values() == SettingsValues(ThemeChoice.LIGHT, 10, 7, 20_000_000, True, drafts_teach=True)


def test_a_wrong_round_command_cannot_be_saved(qtbot: QtBot) -> None:
    dialog = SettingsDialog(SettingsValues())
    qtbot.addWidget(dialog)
    dialog.command_edit.setText("ssh gpu-box")
    assert not dialog.accept_button.isEnabled()
    assert "Write {command} in it once" in dialog.problem.text()
    dialog.command_edit.setText(" ssh gpu-box {command_quoted} ")
    assert dialog.accept_button.isEnabled() and dialog.problem.text() == ""
    assert dialog.values().round_command == "ssh gpu-box {command_quoted}"
