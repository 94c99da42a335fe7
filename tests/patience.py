"""How long a Qt test waits before it gives up: long, because a busy machine is no failure. Importing it is enough."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

PATIENT_MS = 60_000

for waiting in (QtBot.waitSignal, QtBot.waitSignals, QtBot.waitUntil):
    waiting.__kwdefaults__["timeout"] = PATIENT_MS
