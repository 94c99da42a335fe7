"""Images with their label maps at working size, upright, decoded once and kept within a byte budget.

Reads through a `LabelSource` (segstudio.project.VocFolder is one) and never writes.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.errors import InputError, TrainingError, marked
from segstudio.project.samples import Samples
from segstudio_training.data.inputs import read_input, resized
from segstudio_training.normalisation import FIXED, Normalisation

Pixels = npt.NDArray[np.uint8]
ClassPlaces = dict[int, npt.NDArray[np.uint16]]
"""Class index to (K, 2) rows and columns of pixels of that class, at working size; classes not shown are left out."""
CACHE_BYTES = 1_000_000_000
"""Decoded images at working size are kept up to so many bytes: some 2,000 of 384×288 pixels."""
SIZES_ASKED = 64
"""The working scale follows the median size of so many images, evenly spread over the list."""

PLACES_KEPT = 64
"""Pixels per class and image that are remembered: 256 bytes each."""


class LabelSource(Protocol):
    """What training needs of a folder."""

    @property
    def root(self) -> Path:
        """The folder."""

    @property
    def classes(self) -> ClassTable:
        """Its class table."""

    def image_path(self, name: str) -> Path:
        """Where image `name` lies."""

    def read_image(self, name: str) -> Pixels:
        """(H, W, 3) uint8 RGB in the mask's frame."""

    def read_samples(self, name: str) -> Samples:
        """(H, W, C) all channels at their own depth, in the same frame."""

    def mask_path(self, name: str) -> Path:
        """Where the label map of image `name` lies, if it has one."""

    def view_orientation(self, name: str) -> int:
        """The EXIF orientation, 1 to 8, that turns this frame upright."""

    def read_label_map(self, name: str) -> Pixels:
        """(H, W) uint8 label map in the mask's frame, 255 = void."""


@dataclass(frozen=True)
class Sample:
    """An image and its label map, both upright.

    Attributes:
        image: (H, W, 3) uint8 where the input is fixed. Where it is measured, (H, W, C): the file's own numbers as
            they are read, and float32 as the network sees them (`Normalisation.applied`) once they are reduced.
        labels: (H, W) uint8.
    """

    image: Samples
    labels: Pixels

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.image.nbytes + self.labels.nbytes


def read_pair(source: LabelSource, name: str, normalisation: Normalisation = FIXED) -> Sample:
    """Image (as `read_input`) and label map of `name` upright at full size.

    Raises:
        InputError: unreadable, of different sizes, or with fewer channels than `normalisation` wants.
    """
    from segstudio.project.images import upright

    image = read_input(source, name, normalisation)
    labels = source.read_label_map(name)
    if image.shape[:2] != labels.shape:
        raise _other_size(name, labels.shape, image.shape[:2])
    orientation = source.view_orientation(name)
    return Sample(upright(image, orientation), upright(labels, orientation))


def check_pair(source: LabelSource, name: str) -> None:
    """Check by the headers alone that image `name` has a label map of its own size.

    Raises:
        InputError: it has none, or one of the two is broken or of another size; which is said with its name.
    """
    from segstudio.formats.mask_png import mask_size
    from segstudio.project.images import image_size

    if not source.mask_path(name).is_file():
        raise InputError(marked('The image "{name}" has no mask. Accept it first, or take it off the list.'), name=name)
    mask, image = mask_size(source.mask_path(name)), image_size(source.image_path(name))
    if mask not in (image, image[::-1]):
        raise _other_size(name, mask, image)


def _other_size(name: str, mask: tuple[int, int], image: tuple[int, int]) -> InputError:
    """The sentence for sizes (height, width) that differ."""
    return InputError(
        marked('The mask of "{name}" is {mask} pixels and its image {image}. Make them the same size.'),
        name=name,
        mask=f"{mask[1]}×{mask[0]}",
        image=f"{image[1]}×{image[0]}",
    )


def working_scale(source: LabelSource, names: Sequence[str], working_side: int) -> float:
    """The factor, at most 1, that brings the median image of `names` to `working_side` pixels on its longer side."""
    from segstudio.project.images import image_size

    step = max(1, len(names) // SIZES_ASKED)
    sides = [max(image_size(source.image_path(name))) for name in names[::step]]
    return min(1.0, working_side / float(np.median(sides)))


class TeachingSet:
    """The accepted images that teach, by position. Safe to use from several threads."""

    def __init__(
        self,
        source: LabelSource,
        names: Sequence[str],
        scale: float,
        cache_bytes: int = CACHE_BYTES,
        normalisation: Normalisation = FIXED,
    ) -> None:
        self.names = list(names)
        self.scale = scale
        self._source = source
        self._normalisation = normalisation
        self._budget = cache_bytes
        self._held = 0
        self._cache: OrderedDict[int, Sample] = OrderedDict()
        self._places: dict[int, ClassPlaces] = {}
        self._forgotten: Counter[int] = Counter()
        self._left_out: dict[int, InputError] = {}
        self._untold: list[tuple[str, InputError]] = []
        self._lock = threading.Lock()
        if not self.names:
            raise TrainingError(marked("No image is accepted yet. Accept at least one image, then fine-tune."))

    def __len__(self) -> int:
        return len(self.names)

    @property
    def held_bytes(self) -> int:
        """Bytes that the decoded images take now."""
        return self._held

    def __getitem__(self, index: int) -> Sample:
        """Sample `index`, decoded again only where the budget could not keep it."""
        with self._lock:
            if index in self._cache:
                self._cache.move_to_end(index)
                return self._cache[index]
            forgotten = self._forgotten[index]
        sample = self._reduced(read_pair(self._source, self.names[index], self._normalisation))
        with self._lock:
            # What was forgotten while it was being read may be the old label map still.
            is_new = forgotten == self._forgotten[index]
            if is_new and index not in self._cache and sample.nbytes <= self._budget:
                self._cache[index] = sample
                self._held += sample.nbytes
            while self._held > self._budget:
                _, dropped = self._cache.popitem(last=False)
                self._held -= dropped.nbytes
        return sample

    def readable(self, index: int) -> tuple[int, Sample]:
        """Sample `index` and its position; of the next one that can be read where that cannot, which is left out.

        Raises:
            InputError: none can be read.
        """
        first: InputError | None = None
        for position in (*range(index, len(self)), *range(index)):
            with self._lock:
                known, forgotten = self._left_out.get(position), self._forgotten[position]
            first = first or known
            if known is not None:
                continue
            try:
                return position, self[position]
            except InputError as error:
                first = first or error
                with self._lock:
                    # What was forgotten while it was being read may be whole now.
                    if forgotten == self._forgotten[position]:
                        self._left_out[position] = error
                        self._untold.append((self.names[position], error))
        assert first is not None  # there is at least one image
        raise first

    def newly_left_out(self) -> list[tuple[str, InputError]]:
        """The images that were left out since this was last asked, and why."""
        with self._lock:
            told, self._untold = self._untold, []
        return told

    def add(self, names: Sequence[str]) -> None:
        """Let `names` teach too, at the positions behind the others."""
        self.names.extend(names)

    def forget(self, name: str) -> None:
        """Read image `name` anew when it is next wanted, because its label map is another one now."""
        index = self.names.index(name)
        with self._lock:
            self._forgotten[index] += 1
            self._left_out.pop(index, None)
            dropped = self._cache.pop(index, None)
            self._held -= dropped.nbytes if dropped is not None else 0
            self._places.pop(index, None)

    def class_places(self, index: int) -> ClassPlaces:
        """Up to `PLACES_KEPT` random pixels of each class in sample `index`, the same ones every time.

        They are remembered beyond the byte budget: a class costs an image as much as 64 of its pixels do.
        """
        if index not in self._places:
            labels = self[index].labels
            random = np.random.default_rng(index)
            shown = np.flatnonzero(np.bincount(labels.ravel(), minlength=VOID + 1)[:VOID])
            self._places[index] = {int(value): _some_pixels(labels == value, random) for value in shown}
        return self._places[index]

    def _reduced(self, sample: Sample) -> Sample:
        height, width = sample.labels.shape
        size = (max(1, round(width * self.scale)), max(1, round(height * self.scale)))
        if size == (width, height):
            # Copies: torch wants arrays that may be written to, and a reader may hand out others.
            image, labels = sample.image.copy(), sample.labels.copy()
        else:
            image = resized(sample.image, size)
            labels = cv2.resize(sample.labels, size, interpolation=cv2.INTER_NEAREST_EXACT)
        return Sample(self._normalisation.applied(image) if self._normalisation.is_measured else image, labels)


def _some_pixels(mask: npt.NDArray[np.bool_], random: np.random.Generator) -> npt.NDArray[np.uint16]:
    """(K, 2) rows and columns of up to `PLACES_KEPT` pixels where `mask` is True."""
    found = np.flatnonzero(mask)
    if len(found) > PLACES_KEPT:
        found = random.choice(found, PLACES_KEPT, replace=False)
    return np.stack(np.unravel_index(found, mask.shape), axis=1).astype(np.uint16)
