"""One spelling for a key, however it is written, pressed or shown."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from segstudio.services.key_text import canonical, has_modifiers, pressed, sequences, shown, without_shift

Key, Modifier = Qt.Key, Qt.KeyboardModifier
NONE, SHIFT = Modifier.NoModifier, Modifier.ShiftModifier


@pytest.mark.parametrize(
    ("written", "spelt"),
    [
        ("b", "B"),
        ("ctrl+z", "Ctrl+Z"),
        ("Shift+Ctrl+Z", "Ctrl+Shift+Z"),
        ("Enter", "Return"),
        ("Shift+?", "?"),
        ("Ctrl++", "Ctrl++"),
        (",", ","),
        ("Num+1", "1"),
        ("Shift+1", "Shift+1"),
        ("é", "É"),
        ("ж", "Ж"),
        ("Backtab", "Shift+Tab"),
        ("", None),
        ("Blah", None),
        ("Ctrl+", None),
        ("Shift", None),
        ("Ctrl+O, Ctrl+P", None),
    ],
)
def test_a_key_has_one_spelling(written: str, spelt: str | None) -> None:
    assert canonical(written) == spelt
    assert spelt is None or canonical(spelt) == spelt


@pytest.mark.parametrize(
    ("key", "modifiers", "spelt"),
    [
        (Key.Key_B, NONE, "B"),
        (Key.Key_B, SHIFT, "Shift+B"),
        (Key.Key_Question, SHIFT, "?"),
        (Key.Key_BracketLeft, Modifier.GroupSwitchModifier, "["),
        (Key.Key_1, SHIFT, "1"),
        (Key.Key_1, Modifier.KeypadModifier, "1"),
        (Key.Key_Enter, Modifier.KeypadModifier, "Return"),
        (Key.Key_Plus, SHIFT | Modifier.ControlModifier, "Ctrl++"),
        (Key(0x416), NONE, "Ж"),
        (Key.Key_Backtab, SHIFT, "Shift+Tab"),
        (Key.Key_Shift, SHIFT, None),
        (Key.Key_AltGr, NONE, None),
        (Key.Key_Dead_Acute, NONE, None),
        (Key.Key_unknown, NONE, None),
    ],
)
def test_a_press_is_what_the_layout_names_it(key: Qt.Key, modifiers: Modifier, spelt: str | None) -> None:
    assert pressed(QKeyEvent(QEvent.Type.KeyPress, key, modifiers)) == spelt


def test_return_listens_to_both_keys_and_is_read_as_enter() -> None:
    assert sequences("Return") == [QKeySequence(Key.Key_Enter), QKeySequence(Key.Key_Return)]
    assert shown("Return") == "Enter" and shown("Ctrl+Z") == "Ctrl+Z"


def test_modifiers_are_told_and_shift_can_be_left_out() -> None:
    assert has_modifiers("Ctrl+B") and has_modifiers("Shift+B") and not has_modifiers("B")
    assert without_shift("Shift+B") == "B" and without_shift("Ctrl+Shift+B") == "Ctrl+B" and without_shift("?") == "?"
