"""Asks for the class names of a folder that has none: one a line, with the colour that each will get."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from segstudio.core.class_table import ClassTable
from segstudio.core.errors import SegStudioError
from segstudio.services.theme import GRID, Role, color
from segstudio.services.translation import tr, tr_error
from segstudio.widgets.controls import explain, push_button
from segstudio.widgets.dialog_frame import DialogFrame


class ClassNamesDialog(DialogFrame):
    """`class_table()` after `accepted`."""

    load_clicked = Signal()
    """The person wants to load names from a file; answer with `set_names`."""

    def __init__(self, classes: ClassTable | None = None, parent: QWidget | None = None) -> None:
        super().__init__(
            tr("Name the classes"),
            tr("One name a line; the first line is index 0. The folder gets them at the first accept."),
            tr("Use these classes"),
            parent,
        )
        self._given = classes
        self.edit = _NamesEdit()
        self.edit.textChanged.connect(self._check)
        self.body.addWidget(self.edit)
        load = push_button(tr("Load names from a file…"), tr("A text file with one class name a line."), "open-folder")
        load.clicked.connect(self.load_clicked)
        self.body.addWidget(load, 0, Qt.AlignmentFlag.AlignLeft)
        self.resize(52 * GRID, 52 * GRID)
        self.set_names(classes.names if classes is not None and len(classes) else ["background"])
        self.edit.setFocus()

    def set_names(self, names: Sequence[str]) -> None:
        """Fill in `names`, the cursor on a new line below."""
        self.edit.setPlainText("\n".join([*names, ""]))
        self.edit.moveCursor(QTextCursor.MoveOperation.End)

    def class_table(self) -> ClassTable:
        """The classes as they stand: those given keep their colours, new ones get distinct ones.

        Raises:
            InputError: two lines are the same, or there are too many.
        """
        names = self._names()
        fresh = ClassTable.from_names(names)
        if self._given is None:
            return fresh
        known = {info.name: info for info in self._given}
        return ClassTable(known.get(info.name, info) for info in fresh)

    def _names(self) -> list[str]:
        return [line.strip() for line in self.edit.toPlainText().splitlines() if line.strip()]

    def _check(self) -> None:
        try:
            table = self.class_table()
        except SegStudioError as error:
            self.show_problem(tr_error(error))
            return
        self.edit.set_colors(dict(zip(table.names, table.colors, strict=True)))
        self.show_problem("" if len(table) else tr("Write at least one class name."))


class _NamesEdit(QPlainTextEdit):
    """Text with the index and colour of each name in the margin."""

    _MARGIN = 7 * GRID

    def __init__(self) -> None:
        super().__init__()
        self._colors: dict[str, tuple[int, int, int]] = {}
        self._margin = _Margin(self)
        self.setViewportMargins(self._MARGIN, 0, 0, 0)
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        explain(self, tr("Class names"), tr("One name a line."))
        self.updateRequest.connect(lambda _rect, _by: self._margin.update())

    def set_colors(self, colors: dict[str, tuple[int, int, int]]) -> None:
        """The colour of each name."""
        self._colors = colors
        self._margin.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the margin at the left."""
        super().resizeEvent(event)
        inside = self.contentsRect()
        self._margin.setGeometry(QRect(inside.left(), inside.top(), self._MARGIN, inside.height()))

    def paint_margin(self, painter: QPainter) -> None:
        """Index and colour of every name in view."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        block = self.document().firstBlock()
        number = 0
        while block.isValid():
            name = block.text().strip()
            box = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if box.top() > self.height():
                break
            if name:
                if box.bottom() >= 0:
                    self._paint_line(
                        painter, box.top() + self.viewport().y() - self._margin.y(), box.height(), number, name
                    )
                number += 1
            block = block.next()

    def _paint_line(self, painter: QPainter, top: float, height: float, number: int, name: str) -> None:
        painter.setPen(color(Role.TEXT_MUTED))
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRectF(0, top, 3 * GRID, height), right, str(number))
        painter.setPen(color(Role.CONTROL))
        painter.setBrush(QColor(*self._colors[name]) if name in self._colors else color(Role.FIELD))
        painter.drawRoundedRect(QRectF(4 * GRID, top + (height - 13) / 2, 13, 13), 4, 4)


class _Margin(QWidget):
    def __init__(self, edit: _NamesEdit) -> None:
        super().__init__(edit)
        self._edit = edit

    def paintEvent(self, event: QPaintEvent) -> None:
        self._edit.paint_margin(QPainter(self))
