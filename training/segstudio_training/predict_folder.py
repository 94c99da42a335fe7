"""Predicting many images of a folder: reading ahead and writing behind while the network computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from segstudio.core.errors import InputError, marked
from segstudio_training.data.inputs import read_input
from segstudio_training.predictor import Predictor
from segstudio_training.reading import AS_TAUGHT, Reading

if TYPE_CHECKING:
    from segstudio.project.voc_folder import VocFolder

Progress = Callable[[int, int], None]


def predict_folder(
    predictor: Predictor,
    source: VocFolder,
    names: Sequence[str],
    out: Path,
    reading: Reading = AS_TAUGHT,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
) -> list[Path]:
    """Write ``out/NAME.png`` (palette PNG in the checkpoint's classes) for each of `names`; the paths written.

    `reading` is that of `Predictor.predict`.

    Raises:
        InputError: an image cannot be read, or `out` is where the folder keeps its own masks.
        SaveError: a mask cannot be written.
        Cancelled: `cancel` said so; the masks written so far stay.
    """
    from segstudio.formats import FORMATS

    if out.resolve() == (source.root / "SegmentationClass").resolve():
        raise InputError(marked('"{out}" holds the folder\'s own masks. Choose another place for --out.'), out=out)
    classes = predictor.checkpoint.classes
    paths: list[Path] = []
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
        written: Future[object] | None = None
        wanted = predictor.checkpoint.normalisation
        ahead = reader.submit(read_input, source, names[0], wanted) if names else None
        for position, name in enumerate(names):
            assert ahead is not None
            image = ahead.result()
            if position + 1 < len(names):
                ahead = reader.submit(read_input, source, names[position + 1], wanted)
            found = predictor.predict(image, reading, cancel=cancel, orientation=source.view_orientation(name))
            if written is not None:
                written.result()
            paths.append(out / f"{name}.png")
            written = writer.submit(FORMATS["palette"].write, paths[-1], found.labels, classes, None)
            if progress is not None:
                progress(position + 1, len(names))
        if written is not None:
            written.result()
    return paths
