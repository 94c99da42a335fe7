"""The curves of a round: loss, and IoU on the held-out images. Imports pyqtgraph: import it only when due.

Owns how often they are drawn and how many points they keep; it knows nothing of training.
"""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID, Role, color, theme_signals
from segstudio.services.translation import tr
from segstudio.widgets.controls import label

MAX_POINTS = 600
REDRAW_MS = 200
"""At most five redraws a second, however fast points come."""
LABEL_PIXELS = {"left": 24, "bottom": 36}
"""From one number along an axis to the next, at least: a line and a gap, "4000" and a gap."""


class Series:
    """Points of a curve, never more than `MAX_POINTS`: when full, every second one goes and fewer are taken."""

    def __init__(self) -> None:
        self.xs: list[float] = []
        self.ys: list[float] = []
        self._stride = 1
        self._seen = 0

    def add(self, x: float, y: float) -> None:
        """Take the point (x, y), or skip it where the curve is dense enough."""
        if self._seen % self._stride == 0:
            self.xs.append(x)
            self.ys.append(y)
            if len(self.xs) >= MAX_POINTS:
                del self.xs[1::2], self.ys[1::2]
                self._stride *= 2
        self._seen += 1


class FewTicks(pg.AxisItem):
    """An axis with as many round numbers as have room. pyqtgraph's own draws some five, however small the plot is."""

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:  # noqa: N803
        """One row of (distance, offset): 1, 2 or 5 times a power of ten."""
        least = (maxVal - minVal) * LABEL_PIXELS[self.orientation] / max(size, 1.0)
        power = 10.0 ** math.floor(math.log10(max(least, 1e-9)))
        return [(power * next(factor for factor in (1, 2, 5, 10) if power * factor >= least * 0.999), 0.0)]


class LiveCurves(QWidget):
    """Two small plots over the steps of the round."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.loss = Series()
        self.score = Series()
        self._loss_plot = self._plot(tr("Loss, by step"))
        self._score_plot = self._plot(tr("Mean IoU on held-out images, by step"))
        self._loss_curve = self._loss_plot.plot([], [])
        self._score_curve = self._score_plot.plot([], [], symbolSize=6)
        self._baseline = pg.InfiniteLine(angle=0)
        self._baseline.setVisible(False)
        self._score_plot.addItem(self._baseline)
        self._score_plot.setYRange(0, 1, padding=0.05)
        self._score_plot.getAxis("left").setTicks([[(0, "0"), (0.5, "0.5"), (1, "1")]])
        self._score_plot.setXLink(self._loss_plot)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID // 2)
        titles = (tr("Loss"), tr("Held-out IoU"))
        for column, (title, plot) in enumerate(zip(titles, (self._loss_plot, self._score_plot), strict=True)):
            grid.addWidget(label(title, Look.MUTED), 0, column)
            grid.addWidget(plot, 1, column)
            grid.setColumnStretch(column, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self.redraw)
        theme_signals.theme_changed.connect(self._restyle)
        self._restyle()

    def clear(self) -> None:
        """Begin a new round."""
        self.loss, self.score = Series(), Series()
        self._baseline.setVisible(False)
        self.redraw()

    def add_loss(self, step: float, loss: float) -> None:
        """One more point of the loss."""
        self.loss.add(step, loss)
        self._redraw_soon()

    def add_score(self, step: float, score: float) -> None:
        """One more held-out score, 0 to 1."""
        self.score.add(step, score)
        self._redraw_soon()

    def set_baseline(self, score: float) -> None:
        """The score of the checkpoint that the round began with, as a dashed line."""
        self._baseline.setPos(score)
        self._baseline.setVisible(True)

    def redraw(self) -> None:
        """Draw all points now."""
        self._timer.stop()
        self._loss_curve.setData(self.loss.xs, self.loss.ys)
        self._score_curve.setData(self.score.xs, self.score.ys)

    def _redraw_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _plot(self, name: str) -> pg.PlotWidget:
        plot = pg.PlotWidget(enableMenu=False, axisItems={side: FewTicks(side) for side in LABEL_PIXELS})
        plot.setFixedHeight(12 * GRID)
        plot.setMinimumWidth(12 * GRID)
        plot.setFrameShape(QFrame.Shape.NoFrame)
        plot.setLimits(xMin=0)
        plot.setAccessibleName(name)
        plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        plot.setMouseEnabled(False, False)
        plot.hideButtons()
        plot.getAxis("left").setWidth(28)
        plot.getAxis("bottom").setHeight(20)
        # Half a line of text, so that a number at the upper end is not cut off.
        plot.getPlotItem().setContentsMargins(0, GRID, 0, 0)
        return plot

    def _restyle(self) -> None:
        for plot in (self._loss_plot, self._score_plot):
            plot.setBackground(color(Role.PANEL))
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(pg.mkPen(color(Role.PLOT_GRID)))
                axis.setTextPen(pg.mkPen(color(Role.TEXT_MUTED)))
                axis.setStyle(tickFont=self.font(), tickLength=-4)
        self._loss_curve.setPen(pg.mkPen(color(Role.PLOT_LOSS), width=1))
        self._score_curve.setPen(pg.mkPen(color(Role.PLOT_SCORE), width=2))
        self._score_curve.setSymbol("o")
        self._score_curve.setSymbolBrush(color(Role.PLOT_SCORE))
        self._score_curve.setSymbolPen(pg.mkPen(color(Role.PANEL)))
        self._baseline.setPen(pg.mkPen(color(Role.PLOT_LOSS), width=1, style=Qt.PenStyle.DashLine))
