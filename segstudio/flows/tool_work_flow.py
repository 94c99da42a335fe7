"""Does in the background what a tool hands out, and gives it what came of it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from segstudio.services.background import Task, TaskRunner
from segstudio.window_parts import WindowParts


class ToolWorkFlow(QObject):
    """One thing after the other; a stroke that is finished or taken back needs none of it any more."""

    def __init__(self, parts: WindowParts, parent: QObject) -> None:
        super().__init__(parent)
        self._canvas = parts.canvas
        self._runner = TaskRunner(1, self)
        self._tasks: list[Task] = []
        self._canvas.work_wanted.connect(self._on_work_wanted)
        self._canvas.stroke_finished.connect(self._drop)

    def stop(self) -> None:
        """Wait for what is being worked on; its result is dropped."""
        self._drop()
        self._runner.close()

    @Slot(object)
    def _on_work_wanted(self, work: Callable[[], object]) -> None:
        self._tasks.append(self._runner.submit(work, self._canvas.take_result))

    @Slot()
    def _drop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
