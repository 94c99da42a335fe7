"""Keys as text: the one spelling they are kept in, and how a person reads them. Owns no state.

A key is what one press gives: a key with the modifiers that are down, such as "B", "Ctrl+Z" or "?". It is spelt as Qt
spells it in any language (QKeySequence::PortableText), with two differences: Return and the keypad's Enter are one
key, "Return"; and a sign that needs Shift on some keyboards, such as "?", is spelt without it.
"""

from __future__ import annotations

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

_SHIFT = Qt.KeyboardModifier.ShiftModifier
_NOT_MEANT = Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.GroupSwitchModifier
"""Where a key lies, and that AltGr was needed for its sign, make no other key of it."""

_PORTABLE = QKeySequence.SequenceFormat.PortableText
_NATIVE = QKeySequence.SequenceFormat.NativeText

MODIFIER_KEYS = frozenset(
    {
        Qt.Key.Key_Shift,
        Qt.Key.Key_Control,
        Qt.Key.Key_Alt,
        Qt.Key.Key_AltGr,
        Qt.Key.Key_Meta,
        Qt.Key.Key_Super_L,
        Qt.Key.Key_Super_R,
        Qt.Key.Key_Hyper_L,
        Qt.Key.Key_Hyper_R,
        Qt.Key.Key_CapsLock,
        Qt.Key.Key_NumLock,
        Qt.Key.Key_ScrollLock,
        Qt.Key.Key_Mode_switch,
        Qt.Key.Key_Multi_key,
    }
)
"""Keys that mean nothing before another one is pressed with them."""


def canonical(text: str) -> str | None:
    """The one spelling of the key that `text` names in any case ("ctrl+z"); None where it names none, or several."""
    sequence = QKeySequence.fromString(text, _PORTABLE)
    return _spelt(_press(sequence)) if sequence.count() == 1 else None


def pressed(event: QKeyEvent) -> str | None:
    """The key that `event` is about, as this keyboard's layout names it; None for a modifier, or one without a name.

    A digit that needs Shift (on a French keyboard) is the digit.
    """
    key, modifiers = Qt.Key(event.key()), event.modifiers() & ~_NOT_MEANT
    if Qt.Key.Key_0 <= key <= Qt.Key.Key_9:
        modifiers &= ~_SHIFT
    return _spelt(QKeyCombination(modifiers, key))


def without_shift(key: str) -> str:
    """`key` as if Shift were up."""
    combination = _read(key)
    return _spelt(QKeyCombination(combination.keyboardModifiers() & ~_SHIFT, combination.key())) or key


def has_modifiers(key: str) -> bool:
    """Whether Ctrl, Alt, Shift or the system's key belongs to `key`."""
    return _read(key).keyboardModifiers() != Qt.KeyboardModifier.NoModifier


def sequences(key: str) -> list[QKeySequence]:
    """What Qt is to listen to for `key`: for "Return" the keypad's Enter too."""
    combination = _read(key)
    if combination.key() is Qt.Key.Key_Return:
        modifiers = combination.keyboardModifiers()
        return [QKeySequence(QKeyCombination(modifiers, it)) for it in (Qt.Key.Key_Enter, Qt.Key.Key_Return)]
    return [QKeySequence(combination)]


def shown(key: str) -> str:
    """`key` as this system's people read it ("Ctrl+Z", on a Mac "⌘Z")."""
    return sequences(key)[0].toString(_NATIVE)


def _read(key: str) -> QKeyCombination:
    return _press(QKeySequence.fromString(key, _PORTABLE))


def _press(sequence: QKeySequence) -> QKeyCombination:
    """The first press of `sequence`."""
    found: QKeyCombination = sequence[0]  # type: ignore[index]  # the stubs lack it
    return found


def _spelt(combination: QKeyCombination) -> str | None:
    key, modifiers = combination.key(), combination.keyboardModifiers() & ~_NOT_MEANT
    if key in MODIFIER_KEYS or key in (Qt.Key.Key_unknown, 0):
        return None
    if key is Qt.Key.Key_Enter:
        key = Qt.Key.Key_Return
    if key is Qt.Key.Key_Backtab:
        key, modifiers = Qt.Key.Key_Tab, modifiers | _SHIFT
    if _is_sign(key):
        modifiers &= ~_SHIFT
    text = QKeySequence(QKeyCombination(modifiers, key)).toString(_PORTABLE)
    # A dead key has a code without a character: it cannot be read back from a file.
    reads_back = QKeySequence.fromString(text, _PORTABLE) == QKeySequence(QKeyCombination(modifiers, key))
    return text if text.isprintable() and text and reads_back else None


def _is_sign(key: Qt.Key) -> bool:
    """Whether `key` is a character that is no letter, no digit and no space; a key's code is its character's then."""
    code = int(key)
    return 0x20 < code < 0x110000 and not chr(code).isalnum()
