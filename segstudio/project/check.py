"""Finding every problem in a folder, for `segstudio check`.

Reads everything, writes nothing, and goes on after each problem.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from segstudio.core.errors import InputError, marked
from segstudio.formats.mask_png import MaskForm
from segstudio.formats.picture_file import DEFAULT_PIXEL_LIMIT
from segstudio.project.folder_layout import IMAGE_SETS, SEGMENTATION_CLASS, stems_in
from segstudio.project.image_sets import TRAIN, VAL
from segstudio.project.images import read_image_file
from segstudio.project.samples import SampleKind, read_sample_kind
from segstudio.project.voc_folder import Problem, VocFolder


def check_folder(
    root: Path, workspace: Path | None = None, pixel_limit: int = DEFAULT_PIXEL_LIMIT
) -> Iterator[Problem]:
    """Every problem in `root`; a folder that cannot be opened at all is one problem, of the path "."."""
    try:
        folder = VocFolder.open(root, workspace, pixel_limit)
    except InputError as error:
        yield Problem(".", error.message)
        return
    yield from folder.problems()


def problems_of(folder: VocFolder) -> Iterator[Problem]:
    """Every problem of an open folder, in the order images, masks, classes, lists."""
    if not folder.is_voc:
        message = InputError(
            marked(
                "{folder} is not a VOC folder: it has no JPEGImages. It becomes one when the first mask is accepted."
            ),
            folder=folder.root,
        )
        yield Problem(".", message.message)
    for double in folder.doubles:
        message = InputError(
            marked("{file} has the same name as another image but for its ending, and is left out. Rename one."),
            file=double,
        )
        yield Problem(double, message.message)
    for name in folder.names:
        yield from _image_problems(folder, name)
    yield from _mixed_kinds(folder)
    yield from _stray_masks(folder)
    yield from _class_problems(folder)
    yield from _list_problems(folder)


def _image_problems(folder: VocFolder, name: str) -> Iterator[Problem]:
    path = folder.image_path(name)
    image_is_good = True
    try:
        read_image_file(path, folder.pixel_limit)
    except InputError as error:
        image_is_good = False
        yield Problem(folder.shown(path), error.message)
    if not folder.has_mask(name):
        return
    try:
        folder.read_label_map(name)
    except InputError as error:
        # A broken image has been told already; its mask is blamed only for its own faults.
        if image_is_good or str(path) not in error.message:
            yield Problem(folder.shown(folder.mask_path(name)), error.message)


def _mixed_kinds(folder: VocFolder) -> Iterator[Problem]:
    """Images of another number of channels or bits than most, where a network is given the files' own numbers.

    Grey and colour images of 8 bits are not told of: both are given to the network as they are shown.
    """
    kinds: dict[str, SampleKind] = {}
    for name in folder.names:
        with contextlib.suppress(InputError):  # told already
            kinds[name] = read_sample_kind(folder.image_path(name), folder.pixel_limit)
    if all(kind.is_usual for kind in kinds.values()):
        return
    (usual, _), *_others = Counter(kinds.values()).most_common()
    for name, kind in kinds.items():
        file = folder.shown(folder.image_path(name))
        if kind.channels != usual.channels:
            yield Problem(file, _other_channels(file, kind.channels, usual.channels).message)
        elif kind.is_8_bit != usual.is_8_bit:
            bits = marked(
                "{file} has 8 bits a channel, and most images have more: to a network its full range is as bright as "
                "theirs. Bring the images to the same depth if theirs is not used up to its end."
            )
            more = marked(
                "{file} has more than 8 bits a channel, and most images have 8: to a network its full range is as "
                "bright as theirs. Bring the images to the same depth if its range is not used up to its end."
            )
            yield Problem(file, InputError(bits if kind.is_8_bit else more, file=file).message)


def _other_channels(file: str, channels: int, usual: int) -> InputError:
    if (channels, usual) == (1, 3):
        text = marked("{file} is grey, and most images are in colour: to a network its grey is repeated.")
    elif (channels, usual) == (3, 1):
        text = marked("{file} is in colour, and most images are grey: a network is given its brightness only.")
    elif channels > usual:
        text = marked("{file} has {channels} channels, and most images have {usual}: the others are not used.")
    else:
        text = marked(
            "{file} has {channels} channels, and most images have {usual}: a network that is taught on those cannot "
            "read it. Remove the image, or teach on channels that all images have (--channels)."
        )
    return InputError(text, file=file, channels=channels, usual=usual)


def _stray_masks(folder: VocFolder) -> Iterator[Problem]:
    base = folder.root / SEGMENTATION_CLASS
    for stem in sorted(stems_in(base, ".png") - set(folder.names)):
        file = folder.shown(base / f"{stem}.png")
        message = InputError(
            marked("{file} is a mask without an image. Put the image into JPEGImages or remove the mask."), file=file
        )
        yield Problem(file, message.message)


def _class_problems(folder: VocFolder) -> Iterator[Problem]:
    if folder.mask_form is not MaskForm.RGB:
        return
    first: dict[tuple[int, int, int], str] = {}
    for info in folder.classes:
        other = first.setdefault(info.color, info.name)
        if other != info.name:
            message = InputError(
                marked(
                    'The classes "{first}" and "{second}" have the same colour, so RGB masks cannot tell them apart. '
                    "Change one colour."
                ),
                first=other,
                second=info.name,
            )
            yield Problem(folder.class_source.value, message.message)


def _list_problems(folder: VocFolder) -> Iterator[Problem]:
    for split in folder.list_names():
        file = (IMAGE_SETS / f"{split}.txt").as_posix()
        for error in folder.listed(split).errors:
            yield Problem(file, error.message)
    both = set(folder.listed(TRAIN).names) & set(folder.listed(VAL).names)
    for name in sorted(both):
        message = InputError(
            marked('"{name}" is in train.txt and in val.txt; it counts as held out. Remove it from one of them.'),
            name=name,
        )
        yield Problem((IMAGE_SETS / f"{VAL}.txt").as_posix(), message.message)
