"""Predicting the label map of an image with a checkpoint, whole or in overlapping tiles.

Owns the way from an image to a label map at the image's own size. Knows no folder and no window.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from segstudio.core.errors import Cancelled, InputError, marked
from segstudio.project.images import stored, upright
from segstudio.project.samples import Samples
from segstudio_training.balance import balance_offsets
from segstudio_training.checkpoint import Checkpoint
from segstudio_training.data.inputs import resized
from segstudio_training.device import pick_device, torch_threads, usable_cores
from segstudio_training.edges import along_edges
from segstudio_training.islands import merge_islands
from segstudio_training.networks import NETWORKS, build_network
from segstudio_training.plan import Plan, fastest_plan, prepared
from segstudio_training.reading import AS_TAUGHT, Reading

Pixels = npt.NDArray[np.uint8]
Region = tuple[slice, slice]
"""Rows and columns of an image."""
Progress = Callable[[int, int], None]
Cancel = Callable[[], bool]

WHOLE_PIXELS = 640 * 640
"""An image of at most so many pixels at working scale is predicted in one go."""
TILE_SIDE = 448
"""Side of a tile's core at working scale; the network's context is added on every side."""
BAND_VALUES = 8_000_000
"""Class probabilities are brought to full size in bands of so many values, to bound memory (float32)."""
GUIDE_SCALE = 4.0
"""Borders follow the image's edges at so many times the working size at most; beyond it they are only enlarged."""
GUIDE_VALUES = 16_000_000
"""The same in class probabilities (float32), to bound memory."""
LEAST_SIDE = 32
"""The network halves its input five times."""


@dataclass(frozen=True)
class Prediction:
    """What the network says of an image.

    Attributes:
        labels: (H, W) uint8 class indices.
        confidence: (H, W) uint8, 255 times the greatest class probability, rounded.
    """

    labels: Pixels
    confidence: Pixels


@dataclass(frozen=True)
class ScoredTile:
    """The network's raw scores of one tile: (C, h, w) float32 at working size for `outer`, of which `core` counts.

    `guide` is `outer` of the image itself, (H, W, K), made smaller where it is far larger than the scores.
    """

    outer: Region
    core: Region
    scores: Tensor
    guide: Samples


@dataclass(frozen=True)
class RawScores:
    """The raw scores of a whole image, from which a label map is read off for any balance without the network.

    Attributes:
        height, width: of the image, in pixels.
        tiles: whose cores tile the image.
    """

    height: int
    width: int
    tiles: tuple[ScoredTile, ...]

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(tile.scores.nbytes + tile.guide.nbytes for tile in self.tiles)


@dataclass(frozen=True)
class _Writing:
    """The label map that tiles are read off into, and how.

    Attributes:
        labels, confidence: (H, W) uint8.
        offsets: (C, 1, 1) float32 to add to the scores; None where there is nothing to add.
    """

    labels: Pixels
    confidence: Pixels
    reading: Reading
    offsets: Tensor | None

    @classmethod
    def on(cls, height: int, width: int, reading: Reading, offsets: Tensor | None) -> _Writing:
        """Nothing is written yet."""
        return cls(np.empty((height, width), np.uint8), np.empty((height, width), np.uint8), reading, offsets)

    def done(self) -> Prediction:
        """What was read off, its specks merged."""
        reading = self.reading
        return Prediction(merge_islands(self.labels, reading.min_island, reading.keep_thin), self.confidence)


class Predictor:
    """A checkpoint made ready to predict on one device.

    Args:
        checkpoint: what to predict with.
        device: a name of `DEVICES`.
        plan: how to run the network; None asks what is fastest here (measured once per machine, some seconds).
        threads: processor threads; None takes all cores that the process may use.

    Raises:
        InputError: a device that this machine does not have.
    """

    def __init__(
        self, checkpoint: Checkpoint, device: str = "auto", plan: Plan | None = None, threads: int | None = None
    ) -> None:
        self.checkpoint = checkpoint
        self.device = pick_device(device)
        self.threads = threads or usable_cores()
        with torch_threads(self.threads):
            network = _loaded(checkpoint)
            self.plan = plan or fastest_plan(
                network, checkpoint.network_name, checkpoint.network_arguments, self.device
            )
            self.network = prepared(network, self.plan, self.device)
        self._cancel: Cancel | None = None
        for module in self.network.modules():
            if isinstance(module, nn.Sequential):
                module.register_forward_pre_hook(self._stop_between_stages)
        # Shaped for (H, W, 3) images, whose layout the first convolution then takes over.
        self._mean = torch.tensor(checkpoint.normalisation.mean, dtype=torch.float32, device=self.device) * 255
        self._per_std = 1 / (torch.tensor(checkpoint.normalisation.std, dtype=torch.float32, device=self.device) * 255)

    def predict(
        self,
        image: Samples,
        reading: Reading = AS_TAUGHT,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
        orientation: int = 1,
    ) -> Prediction:
        """Label map and confidence of `image` at its own size.

        Args:
            image: (H, W, 3) uint8 RGB; where the checkpoint's input is measured, (H, W, C) uint8, uint16 or float32 as
                `read_input` gives it.
            reading: how the label map is read off the scores.
            progress: called with (tiles done, tiles in all).
            cancel: asked between the network's stages.
            orientation: EXIF orientation (1 to 8) that turns `image` upright; the network sees it upright, and the
                result comes back in the frame of `image`.

        Raises:
            InputError: `image` is not of this kind, or there is a balance and the checkpoint does not say how often
                its classes occurred.
            Cancelled: `cancel` said so.
        """
        if orientation != 1:
            turned = np.ascontiguousarray(upright(image, orientation))
            found = self.predict(turned, reading, progress, cancel)
            return Prediction(
                np.ascontiguousarray(stored(found.labels, orientation)),
                np.ascontiguousarray(stored(found.confidence, orientation)),
            )
        writing = _Writing.on(image.shape[0], image.shape[1], reading, self._offsets(reading.balance))
        self._score_tiles(image, progress, cancel, lambda tile: self._read_tile(tile, writing))
        return writing.done()

    def scores(self, image: Samples, progress: Progress | None = None, cancel: Cancel | None = None) -> RawScores:
        """The raw scores of `image`, to be kept and read off more than once; arguments and errors as in `predict`."""
        tiles: list[ScoredTile] = []
        self._score_tiles(image, progress, cancel, tiles.append)
        return RawScores(image.shape[0], image.shape[1], tuple(tiles))

    def read_off(self, scores: RawScores, reading: Reading = AS_TAUGHT) -> Prediction:
        """What `predict` says of the image with these raw scores; arguments and errors as there."""
        writing = _Writing.on(scores.height, scores.width, reading, self._offsets(reading.balance))
        with torch_threads(self.threads), torch.inference_mode():
            for tile in scores.tiles:
                self._read_tile(tile, writing)
        return writing.done()

    def possible(self, reading: Reading) -> Reading:
        """`reading` without the balance, where the checkpoint does not say how often its classes occurred."""
        return reading if self.checkpoint.class_shares else replace(reading, balance=0.0)

    def values(self, height: int, width: int) -> int:
        """How many raw scores an image of this size has, overlaps excepted."""
        return round(height * width * self.checkpoint.working_scale**2) * len(self.checkpoint.classes)

    def tiles(self, height: int, width: int) -> Iterator[tuple[Region, Region]]:
        """(outer, core) boxes in image pixels; the cores tile the image, the outers add the context."""
        scale = self.checkpoint.working_scale
        if height * scale * width * scale <= WHOLE_PIXELS:
            whole = (slice(0, height), slice(0, width))
            yield whole, whole
            return
        entry = NETWORKS[self.checkpoint.network_name]
        context = round(entry.context / scale)
        # Outer boxes begin on the network's own grid, so that its pooling windows fall as in the whole image.
        grid = max(1, round(entry.stride / scale))
        rows, columns = _cuts(height, TILE_SIDE / scale), _cuts(width, TILE_SIDE / scale)
        for y0, y1 in rows:
            for x0, x1 in columns:
                outer = (
                    slice(max(0, y0 - context) // grid * grid, min(height, y1 + context)),
                    slice(max(0, x0 - context) // grid * grid, min(width, x1 + context)),
                )
                yield outer, (slice(y0, y1), slice(x0, x1))

    def _offsets(self, balance: float) -> Tensor | None:
        """(C, 1, 1) float32 to add to the scores, None where there is nothing to add."""
        if not balance:
            return None
        shares = self.checkpoint.class_shares
        if not shares:
            raise InputError(
                marked(
                    "This checkpoint does not say how often its classes occurred, so rare ones cannot be favoured. "
                    "Train it on once, or leave the balance at 0."
                )
            )
        return torch.from_numpy(balance_offsets(shares, balance)).to(self.device)[:, None, None]

    def _stop_between_stages(self, _module: nn.Module, _inputs: object) -> None:
        if self._cancel is not None and self._cancel():
            raise Cancelled

    def _score_tiles(
        self,
        image: Samples,
        progress: Progress | None,
        cancel: Cancel | None,
        take: Callable[[ScoredTile], None],
    ) -> None:
        """Give the raw scores of `image` to `take`, tile by tile."""
        self._refuse_other_kind(image)
        tiles = list(self.tiles(image.shape[0], image.shape[1]))
        self._cancel = cancel
        try:
            with torch_threads(self.threads), torch.inference_mode():
                for done, (outer, core) in enumerate(tiles):
                    if cancel is not None and cancel():
                        raise Cancelled
                    if progress is not None:
                        progress(done, len(tiles))
                    scores = self._scores(image[outer])
                    take(ScoredTile(outer, core, scores, self._guide(image[outer], scores)))
        finally:
            self._cancel = None
        if progress is not None:
            progress(len(tiles), len(tiles))

    def _refuse_other_kind(self, image: Samples) -> None:
        wanted = self.checkpoint.normalisation
        good = image.ndim == 3 and image.shape[2] == wanted.count and image.size
        if not wanted.is_measured and not (good and image.dtype == np.uint8):
            raise InputError(marked("An image must be red, green and blue with 8 bits each to be predicted."))
        if not good or image.dtype not in (np.uint8, np.uint16, np.float32):
            raise InputError(
                marked("An image must have the {count} channels that the network was taught on."), count=wanted.count
            )

    def _read_tile(self, tile: ScoredTile, writing: _Writing) -> None:
        """Write labels and confidence of the tile's core into the arrays of the whole image."""
        outer, core = tile.outer, tile.core
        scores = tile.scores if writing.offsets is None else tile.scores + writing.offsets
        probabilities = scores.softmax(dim=0)
        if writing.reading.follow_edges:
            longer_side = max(1, round(max(writing.labels.shape) * self.checkpoint.working_scale))
            probabilities = along_edges(probabilities.cpu(), self._seen(tile.guide), longer_side)
        top, left = core[0].start - outer[0].start, core[1].start - outer[1].start
        size = (outer[0].stop - outer[0].start, outer[1].stop - outer[1].start)
        inside = slice(top, top + core[0].stop - core[0].start), slice(left, left + core[1].stop - core[1].start)
        for rows, band in _full_size_bands(probabilities, size, inside[0]):
            greatest, index = band[:, :, inside[1]].max(dim=0)
            target = slice(core[0].start + rows.start - top, core[0].start + rows.stop - top), core[1]
            writing.labels[target] = index.to(torch.uint8).cpu().numpy()
            writing.confidence[target] = (greatest * 255).round_().clamp_(0, 255).to(torch.uint8).cpu().numpy()

    def _guide(self, image: Samples, scores: Tensor) -> Samples:
        """What of a tile's `image` its borders are to follow: all of it where it is not far larger than `scores`."""
        (height, width), (count, h, w) = image.shape[:2], scores.shape
        scale = min(GUIDE_SCALE, math.sqrt(GUIDE_VALUES / (count * h * w)))
        if scale * h >= height and scale * w >= width:
            return image
        return resized(image, (max(w, round(scale * w)), max(h, round(scale * h))))

    def _seen(self, image: Samples) -> npt.NDArray[np.float32]:
        """(H, W, K) float32: `image` in the network's units."""
        if self.checkpoint.normalisation.is_measured:
            return self.checkpoint.normalisation.applied(image)
        pixels = torch.from_numpy(np.require(image, requirements=["C", "W"])).to(torch.float32)
        return pixels.sub_(self._mean.cpu()).mul_(self._per_std.cpu()).numpy()

    def _scores(self, image: Samples) -> Tensor:
        """(C, h, w) float32 raw class scores of `image` at working size."""
        height, width = image.shape[:2]
        scale = self.checkpoint.working_scale
        h, w = max(1, round(height * scale)), max(1, round(width * scale))
        if (h, w) != (height, width):
            image = resized(image, (w, h))
        if h < LEAST_SIDE or w < LEAST_SIDE:
            image = np.pad(image, ((0, max(0, LEAST_SIDE - h)), (0, max(0, LEAST_SIDE - w)), (0, 0)), mode="edge")
        if self.checkpoint.normalisation.is_measured:
            pixels = torch.from_numpy(self.checkpoint.normalisation.applied(image)).to(self.device)
        else:
            pixels = torch.from_numpy(np.require(image, requirements=["C", "W"])).to(self.device).to(torch.float32)
            pixels = pixels.sub_(self._mean).mul_(self._per_std)
        batch = pixels.permute(2, 0, 1)[None]
        batch = batch.to(self.plan.dtype).contiguous(memory_format=self.plan.memory_format)
        return self.network(batch)[0, :, :h, :w].float()


def _loaded(checkpoint: Checkpoint) -> nn.Module:
    """The network with copies of the checkpoint's weights, without initialising it first."""
    with torch.device("meta"):
        network = build_network(checkpoint.network_name, len(checkpoint.classes), checkpoint.network_arguments)
    network.load_state_dict({name: value.clone() for name, value in checkpoint.state_dict.items()}, assign=True)
    return network.eval()


def _cuts(length: int, about: float) -> list[tuple[int, int]]:
    """`length` cut into equal parts of about `about` pixels."""
    count = max(1, round(length / about))
    edges = [length * part // count for part in range(count + 1)]
    return list(pairwise(edges))


def _full_size_bands(probabilities: Tensor, size: tuple[int, int], wanted: slice) -> Iterator[tuple[slice, Tensor]]:
    """Bilinear enlargement of (C, h, w) `probabilities` to `size`, in bands of rows over `wanted`.

    The same numbers as enlarging all at once (pixel centres aligned), but rows are blended first and columns
    after, band by band, so that a 100-megapixel image needs no float copy per class.
    """
    height, width = size
    if tuple(probabilities.shape[1:]) == size:
        yield wanted, probabilities[:, wanted]
        return
    most = max(1, BAND_VALUES // (probabilities.shape[0] * width))
    for start in range(wanted.start, wanted.stop, most):
        rows = slice(start, min(start + most, wanted.stop))
        yield rows, _enlarged_rows(probabilities, height, width, rows)


def _enlarged_rows(probabilities: Tensor, height: int, width: int, rows: slice) -> Tensor:
    least = probabilities.shape[1] - 1
    at = torch.arange(rows.start, rows.stop, device=probabilities.device, dtype=torch.float32)
    at = ((at + 0.5) * (probabilities.shape[1] / height) - 0.5).clamp_(0, least)
    below = at.floor().long()
    share = (at - below).view(1, -1, 1)
    low, high = probabilities[:, below], probabilities[:, (below + 1).clamp_max(least)]
    blended = torch.lerp(low, high, share)
    return nn.functional.interpolate(blended[None], (blended.shape[1], width), mode="bilinear", align_corners=False)[0]
