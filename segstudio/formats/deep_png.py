"""PNG files of 16 bits a channel, of which Pillow gives the upper eight bits only where they have colours.

Owns telling and reading them. Their alpha channel is dropped, as everywhere.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from segstudio.formats.picture_file import DEFAULT_PIXEL_LIMIT, broken, open_picture

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DEPTH, _COLOR = 24, 25  # offsets into the file: the header chunk always comes first
_HAS_COLOR = 2  # a bit of the colour type


def is_deep_png(path: Path) -> bool:
    """Whether `path` is a PNG of 16 bits a channel; False where it cannot be read."""
    head = _head(path)
    return head.startswith(_SIGNATURE) and len(head) > _COLOR and head[_DEPTH] == 16


def deep_png_channels(path: Path) -> int:
    """1 or 3: the channels of a PNG of which `is_deep_png` holds, alpha excepted."""
    return 3 if _head(path)[_COLOR] & _HAS_COLOR else 1


def read_deep_png(path: Path, pixel_limit: int = DEFAULT_PIXEL_LIMIT) -> npt.NDArray[np.uint16]:
    """(H, W, 1) or (H, W, 3) uint16 of a PNG of which `is_deep_png` holds.

    Raises:
        InputError: it is broken or over `pixel_limit` pixels.
    """
    import cv2  # here, so that the window need not wait for it

    channels = deep_png_channels(path)
    with open_picture(path, pixel_limit) as picture:
        picture.load()  # OpenCV gives what is there of a file that is cut off, and says nothing
    decoded = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype != np.uint16:
        raise broken(path, ValueError("not 16 bits"))
    values = decoded[..., None] if decoded.ndim == 2 else decoded[..., 2::-1]  # blue, green, red, alpha
    return np.ascontiguousarray(values[..., :channels])


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_COLOR + 1)
    except OSError:
        return b""
