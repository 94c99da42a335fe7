"""Comparing networks in a child process: which ones are offered, and how the child is asked.

Owns the command. The child (``segstudio compare … --events``) teaches and scores; this tells of it in signals.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from segstudio.core.errors import TrainingError, marked
from segstudio.project.project import Project
from segstudio.services.fine_tune_process import FineTuneProcess


@dataclass(frozen=True)
class Candidate:
    """A network that a person may try: `entry` as the command line has it, and what is read on screen."""

    entry: str
    title: str
    hint: str = ""
    suggested: bool = False
    """Whether it is chosen at first."""


_PAPER = marked("As large as the paper's: slow without a graphics card")
_DOWNLOAD = marked("Fetches weights trained on ImageNet from the internet, once")
CANDIDATES: tuple[Candidate, ...] = (
    Candidate("segnet:16", marked("SegNet, width 16"), marked("What segstudio starts with"), suggested=True),
    Candidate("segnet:16:starter", marked("SegNet, width 16, from the starter"),
              marked("Begins with edges and textures learnt on drawn scenes"), suggested=True),
    Candidate("segnet:32", marked("SegNet, width 32"), marked("Four times the work of width 16")),
    Candidate("segnet:64", marked("SegNet, width 64"), _PAPER),
    Candidate("segnet:64:imagenet", marked("SegNet, width 64, ImageNet encoder"), _DOWNLOAD),
    Candidate("unet:16", marked("U-Net, width 16"), marked("Keeps fine detail"), suggested=True),
    Candidate("unet:64", marked("U-Net, width 64"), _PAPER),
    Candidate("lraspp", marked("LR-ASPP MobileNetV3"), marked("Small and quick"), suggested=True),
    Candidate("lraspp::imagenet", marked("LR-ASPP MobileNetV3, ImageNet encoder"), _DOWNLOAD),
    Candidate("deeplabv3", marked("DeepLabV3 MobileNetV3"), marked("Looks far around every pixel"), suggested=True),
    Candidate("deeplabv3::imagenet", marked("DeepLabV3 MobileNetV3, ImageNet encoder"), _DOWNLOAD),
)  # fmt: skip
"""What the window offers, in its order."""


class ComparisonRunner(QObject):
    """Runs one comparison at a time for the open project."""

    reported = Signal(dict)
    """An event of the child, as it comes."""
    finished = Signal(dict)
    """The `done` event."""
    failed = Signal(object)
    """SegStudioError: the networks that were finished stay."""
    cancelled = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = FineTuneProcess(self)
        self._process.reported.connect(self.reported)
        self._process.finished.connect(self.finished)
        self._process.failed.connect(self.failed)
        self._process.cancelled.connect(self.cancelled)

    @property
    def is_running(self) -> bool:
        """Whether a comparison is under way."""
        return self._process.is_running

    def start(self, project: Project, entries: Sequence[str], seconds: int) -> Path:
        """Teach each of `entries` the accepted images for `seconds`; the folder that the results come into.

        Raises:
            TrainingError: nothing to compare, nothing to learn from, or nothing to score on.
            SaveError: the job cannot be written.
        """
        why_not = obstacle(project)
        if why_not:
            raise TrainingError(why_not)
        if not entries:
            raise TrainingError(marked("Choose at least one network."))
        comparison = f"compare-{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}"
        out = project.checkpoints_dir / comparison
        names = {"train": project.teaching_names(), "heldout": project.held_out_names()}
        job = project.write_job(comparison, names)
        arguments = ["compare", str(project.folder.root), "--out", str(out), "--job", str(job)]
        arguments += ["--networks", ",".join(entries), "--max-seconds", str(seconds), "--events"]
        if project.folder.workspace != project.folder.root:
            arguments += ["--workspace", str(project.folder.workspace)]
        self._process.start(arguments)
        return out

    def cancel(self) -> None:
        """Stop; the networks that were finished stay."""
        self._process.cancel()

    def stop(self) -> None:
        """Stop and wait for the child's end; for quitting."""
        self._process.stop()


def obstacle(project: Project) -> str:
    """The marked sentence that says why nothing can be compared yet; empty where something can."""
    if not project.teaching_names():
        return marked("There is nothing to learn from yet. Accept a few images first.")
    if not project.held_out_names():
        return marked("There is no held-out image to score on yet. From the fifth accepted image on there is.")
    return ""
