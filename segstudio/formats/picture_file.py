"""Opening picture files safely: size before pixels, and one sentence for every way a file can be broken.

Owns the pixel limit (Pillow's own guard only warns, and can be neither set per folder nor shown to a person, so it
is switched off here in favour of ours) and the list of exceptions that decoders throw at broken files. It must
not know what a picture is used for.
"""

from __future__ import annotations

import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from PIL import Image

from segstudio.core.errors import InputError, marked

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp")
"""The endings (lower case) of the picture files that count as images, the preferred one first."""

DEFAULT_PIXEL_LIMIT = 500_000_000
"""Pictures of more pixels than this are refused before a pixel is decoded."""

DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    EOFError,
    OverflowError,
    MemoryError,
    AttributeError,
    struct.error,
    zlib.error,
    Warning,
)
"""What Pillow and tifffile raise for broken files, warnings that were turned into errors included."""

Image.MAX_IMAGE_PIXELS = None
# Pillow warns on the console about odd EXIF blocks and the like; what matters to a person is raised as an error.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


LARGE_PIXELS = 8_000_000
"""From so many pixels on, pictures are decoded one at a time: each takes hundreds of megabytes meanwhile."""

_one_at_a_time = threading.RLock()


@contextmanager
def open_picture(path: Path, pixel_limit: int = DEFAULT_PIXEL_LIMIT, decodes: bool = True) -> Iterator[Image.Image]:
    """Open the picture at `path` without decoding it; what goes wrong inside the ``with`` is translated too.

    Keep the body to decoding and converting, so that no other mistake passes for a broken file. A large picture waits
    there for its turn, unless nobody `decodes` all of it.

    Raises:
        InputError: the file is missing, empty, not a picture, broken, or over `pixel_limit` pixels.
    """
    refuse_missing_or_empty(path)
    try:
        with Image.open(path) as picture:
            refuse_too_large(path, picture.width, picture.height, pixel_limit)
            is_large = picture.width * picture.height >= LARGE_PIXELS and decodes
            with _one_at_a_time if is_large else nullcontext():
                yield picture
    except DECODE_ERRORS as error:
        raise broken(path, error) from error


def broken(path: Path, error: BaseException) -> InputError:
    """The sentence for a picture that a decoder stumbled over."""
    if isinstance(error, PermissionError):
        return InputError(
            marked("{file} may not be read: permission is denied. Change the permissions of the file."), file=path
        )
    if isinstance(error, MemoryError):
        return InputError(
            marked("{file} does not fit into memory. Make the image smaller or cut it into parts."), file=path
        )
    if "truncated" in str(error).lower():
        return InputError(marked("{file} is cut off before its end. Copy the file again from its source."), file=path)
    return InputError(
        marked("{file} cannot be read as an image: it is damaged or of another kind. Replace or remove the file."),
        file=path,
    )


def refuse_missing_or_empty(path: Path) -> None:
    """Raise InputError where `path` is no file, or one of zero bytes."""
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise InputError(
            marked("{file} is not there any more. Put it back, or open the folder again."), file=path
        ) from error
    except OSError as error:
        raise broken(path, error) from error
    if not path.is_file():
        raise InputError(marked("{file} is not a file. Remove it from the folder."), file=path)
    if size == 0:
        raise InputError(marked("{file} is empty (0 bytes). Copy the file again from its source."), file=path)


def refuse_too_large(path: Path, width: int, height: int, pixel_limit: int) -> None:
    """Raise InputError where `width` × `height` is more than `pixel_limit` pixels."""
    if width * height > pixel_limit:
        raise InputError(
            marked(
                "{file} has {width} × {height} pixels, more than the limit of {limit}. "
                "Raise the limit in the settings if the file can be trusted."
            ),
            file=path,
            width=width,
            height=height,
            limit=pixel_limit,
        )
