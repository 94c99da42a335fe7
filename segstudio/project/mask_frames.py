"""Which frame a mask has: its image's stored one, or the upright one where a mask shows it.

Owns that decision for one folder. Cameras store turned pictures as the sensor saw them and note the turn in EXIF; most
tools label the stored frame, some the upright one, and only the size of a mask can tell.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from segstudio.core.errors import InputError
from segstudio.project.images import ImageHeader

_EVIDENCE = 32
"""At most so many masked images are looked at to learn the folder's habit."""


class MaskFrames:
    """The frames of one folder's masks. Usable from several threads.

    Args:
        image_header: the header of a named image; raises InputError where it is broken.
        mask_size: (height, width) of a named mask, None where there is none; raises InputError where it is broken.
        masked_names: the names that have masks, in order.
    """

    def __init__(
        self,
        image_header: Callable[[str], ImageHeader],
        mask_size: Callable[[str], tuple[int, int] | None],
        masked_names: Callable[[], Sequence[str]],
    ) -> None:
        self._image_header = image_header
        self._mask_size = mask_size
        self._masked_names = masked_names
        self._lock = threading.RLock()
        self._known: dict[str, bool] = {}
        self._habit: bool | None = None

    def is_upright(self, name: str, header: ImageHeader) -> bool:
        """Whether the label map of `name` has the upright frame: its mask's size says so, else the folder's habit."""
        if header.orientation == 1:
            return False
        with self._lock:
            if name not in self._known:
                own = self._says_upright(name, header)
                self._known[name] = self._folder_is_upright() if own is None else own
            return self._known[name]

    def forget(self, name: str) -> None:
        """The mask of `name` was written anew."""
        with self._lock:
            self._known.pop(name, None)

    def _says_upright(self, name: str, header: ImageHeader) -> bool | None:
        """Whether the mask of `name` has the upright frame; None where its size cannot tell."""
        if header.orientation < 5 or header.height == header.width:
            return None
        try:
            size = self._mask_size(name)
        except InputError:
            return None
        return None if size is None else size == (header.width, header.height)

    def _folder_is_upright(self) -> bool:
        """Whether other masks show that whoever made them saw the images upright; without evidence they did not."""
        if self._habit is None:
            names = self._masked_names()
            found = (self._evidence(name) for name in names[:: max(1, len(names) // _EVIDENCE)])
            self._habit = next((evidence for evidence in found if evidence is not None), False)
        return self._habit

    def _evidence(self, name: str) -> bool | None:
        try:
            return self._says_upright(name, self._image_header(name))
        except InputError:
            return None
