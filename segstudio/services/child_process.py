"""Child processes: how those that run this very program find it again. Starts nothing."""

from __future__ import annotations

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment

from segstudio_training.command_line import own_environment


def child_process(command: list[str], parent: QObject, is_here: bool = True) -> QProcess:
    """A process for `command`, still to be started and connected; no shell is involved.

    Where `is_here`, the command is this program's own (`own_command`); else it leads to another computer, which has an
    environment of its own.
    """
    process = QProcess(parent)
    environment = QProcessEnvironment.systemEnvironment()
    for variable, value in (own_environment() if is_here else {}).items():
        environment.insert(variable, value)
    process.setProcessEnvironment(environment)
    process.setProgram(command[0])
    process.setArguments(command[1:])
    return process
