"""``segstudio doctor``: what of the installation works, one sentence each, with the remedy where it does not."""

from __future__ import annotations

import importlib.metadata
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from segstudio.core.errors import marked


@dataclass(frozen=True)
class Finding:
    """One sentence about one part of the installation."""

    ok: bool
    template: str
    values: dict[str, str]

    @property
    def sentence(self) -> str:
        """In English."""
        return self.template.format(**self.values)


def examine() -> Iterator[Finding]:
    """Look at every part, the slow ones last."""
    checks: tuple[Callable[[], Finding], ...] = (
        _python, _opencv, _display, _qt, _order, _torch, _device, _resources, _write_access,
    )  # fmt: skip
    for check in checks:
        yield check()


def _good(template: str, **values: str) -> Finding:
    return Finding(True, template, values)


def _bad(template: str, **values: str) -> Finding:
    return Finding(False, template, values)


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return _good(marked("Python {version}."), version=version)


def _opencv() -> Finding:
    other = _version("opencv-python") or _version("opencv-contrib-python")
    if other is not None:
        return _bad(
            marked(
                "opencv-python is installed, whose Qt plugins break this program's: "
                "pip uninstall opencv-python opencv-contrib-python, then pip install --force-reinstall "
                "opencv-python-headless."
            )
        )
    try:
        import cv2
    except ImportError as error:
        return _bad(
            marked("OpenCV cannot be imported ({error}): pip install opencv-python-headless."), error=str(error)
        )
    return _good(marked("OpenCV {version}, the build without windows."), version=cv2.__version__)


def _display() -> Finding:
    if not has_display():
        return _bad(
            marked(
                "No display: neither DISPLAY nor WAYLAND_DISPLAY is set. The window needs one; training, prediction "
                "and `segstudio tour --out DIR` do not."
            )
        )
    return _good(marked("There is a display."))


def has_display() -> bool:
    """Whether a window can be expected to open (or Qt was told to do without a screen)."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def _qt() -> Finding:
    try:
        from PySide6 import QtCore, QtWidgets  # noqa: F401 - whether it loads is the question
    except ImportError as error:
        return _bad(
            marked(
                "Qt cannot be loaded ({error}). On Debian: apt-get install libegl1 libgl1 libxkbcommon0 libdbus-1-3."
            ),
            error=str(error),
        )
    return _good(marked("Qt {version}."), version=QtCore.qVersion())


def _order() -> Finding:
    if sys.platform == "win32" and "PySide6.QtCore" in sys.modules and "torch" not in sys.modules:
        return _good(marked("On Windows torch is loaded before Qt when the window starts (WinError 1114 otherwise)."))
    return _good(marked("torch and Qt may be loaded in any order here."))


def _torch() -> Finding:
    try:
        import torch
        import torchvision
        from torchvision.ops import nms  # noqa: F401 - missing where the two do not belong together
    except (ImportError, RuntimeError) as error:
        return _bad(
            marked(
                "torch and torchvision do not work together ({error}): pip install --force-reinstall torch torchvision."
            ),
            error=str(error).splitlines()[0],
        )
    return _good(
        marked("torch {torch} with torchvision {torchvision}."),
        torch=torch.__version__,
        torchvision=torchvision.__version__,
    )


def _device() -> Finding:
    try:
        import torch
    except ImportError:
        return _bad(marked("No device: torch is missing."))
    if torch.cuda.is_available():
        return _good(marked("Networks run on {name}."), name=torch.cuda.get_device_name())
    if torch.backends.mps.is_available():
        return _good(marked("Networks run on this Mac's GPU."))
    return _good(
        marked("Networks run on the processor ({capability}, {threads} threads); no GPU is needed."),
        capability=torch.backends.cpu.get_cpu_capability(),
        threads=str(torch.get_num_threads()),
    )


def _resources() -> Finding:
    from segstudio.core.resources import resource_root

    root = resource_root()
    missing = [name for name in ("sample", "icons", "starter.safetensors") if not (root / name).exists()]
    if missing:
        return _bad(
            marked("{names} missing in {root}: install segstudio again."), names=", ".join(missing), root=str(root)
        )
    return _good(marked("Icons, sample and starter checkpoint are there."))


def _write_access() -> Finding:
    for folder in (Path.home(), Path(tempfile.gettempdir())):
        if not os.access(folder, os.W_OK):
            return _bad(marked("{folder} cannot be written: give yourself write access to it."), folder=str(folder))
    return _good(marked("Home and temporary folder can be written."))
