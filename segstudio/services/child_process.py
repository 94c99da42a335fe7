"""Child processes that run this very program: how they find it again. Starts nothing."""

from __future__ import annotations

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment

from segstudio_training.command_line import own_environment


def child_process(command: list[str], parent: QObject) -> QProcess:
    """A process for `command` (see `own_command`), still to be started and connected; no shell is involved."""
    process = QProcess(parent)
    environment = QProcessEnvironment.systemEnvironment()
    for variable, value in own_environment().items():
        environment.insert(variable, value)
    process.setProcessEnvironment(environment)
    process.setProgram(command[0])
    process.setArguments(command[1:])
    return process
