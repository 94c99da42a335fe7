"""A Pascal VOC folder: images, masks, lists and class table, read and written in the form they have.

Owns the files any VOC tool reads. Of segstudio's own state it touches one thing only, `.segstudio/originals`, where
each file goes before it is overwritten for the first time. What cannot be parsed is never overwritten.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segstudio.core.class_table import ClassTable
from segstudio.core.errors import InputError, SaveError, marked
from segstudio.formats.atomic import write_atomically
from segstudio.formats.class_sources import ClassSource
from segstudio.formats.mask_code import PaletteReading
from segstudio.formats.mask_png import MaskForm, mask_size, read_raw_mask
from segstudio.formats.picture_file import DEFAULT_PIXEL_LIMIT, PICTURE_SUFFIXES
from segstudio.formats.tiff_file import channel_names, is_tiff
from segstudio.project.channels import ChannelChoice, has_choice, load_choice, save_choice
from segstudio.project.class_file import class_file_text, find_class_file, read_class_file, refuse_other_colors
from segstudio.project.folder_layout import (
    IMAGE_SETS,
    JPEG_IMAGES,
    ORIGINALS,
    SEGMENTATION_CLASS,
    STATE_FOLDER,
    images_in,
    natural_key,
    stems_in,
)
from segstudio.project.image_sets import (
    TRAIN,
    TRAINVAL,
    VAL,
    ListedNames,
    not_changed,
    parse_list,
    read_text,
    with_line,
    without_line,
)
from segstudio.project.images import (
    ImageHeader,
    Kind,
    read_header,
    read_image_file,
    read_preview,
    read_thumbnail,
    upright,
)
from segstudio.project.mask_frames import MaskFrames
from segstudio.project.mask_survey import choose_code, extended_code, is_plainly_numbered
from segstudio.project.plain_folder import become_voc_folder
from segstudio.project.samples import Samples, read_samples_file

UInt8Array = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a folder: the path relative to it, and a sentence."""

    path: str
    problem: str


class VocFolder:
    """A VOC folder, or a plain folder of images that becomes one when the first mask is written.

    Everything is read from `workspace` first, then from `root`, and written under `workspace` alone; they are the same
    folder unless another workspace was named. Usable from several threads.

    Attributes:
        root: the folder that was opened.
        workspace: where is written.
        names: the stems of the images, in natural order.
        is_voc: whether there is a JPEGImages folder.
        class_source: where the class table comes from.
        channels: which channels of many are shown, and which a new network is to see.
    """

    def __init__(self, root: Path, workspace: Path, pixel_limit: int) -> None:
        """Use `open`; this looks at the folder as it says there."""
        self.root = root
        self.workspace = workspace
        self.pixel_limit = pixel_limit
        self._lock = threading.RLock()
        self._classes_to_write = False
        self.channels = load_choice(workspace)
        self.doubles: list[str] = []
        self._images = self._find_images()
        self.names: list[str] = sorted(self._images, key=natural_key)
        self._masks = {name for base in self._bases for name in stems_in(base / SEGMENTATION_CLASS, ".png")}
        self._frames = MaskFrames(self.image_header, self._mask_size, self._masked_names)
        class_file = find_class_file(self._found)
        self._sheet = read_class_file(class_file, self.shown(class_file)) if class_file is not None else None
        self._code, self.class_source = choose_code(
            self._sheet, self._masked_names(), lambda name: read_raw_mask(self.mask_path(name), pixel_limit)
        )

    @classmethod
    def open(cls, root: Path, workspace: Path | None = None, pixel_limit: int = DEFAULT_PIXEL_LIMIT) -> VocFolder:
        """Open the folder `root`. No image is opened, and of the masks a bounded sample (see `mask_survey`).

        Raises:
            InputError: there is no such folder, it holds no images, or its class file is broken.
        """
        if not root.exists():
            raise InputError(marked("There is no folder {folder}. Check the path."), folder=root)
        if not root.is_dir():
            raise InputError(marked("{folder} is a file. Open the folder that it lies in."), folder=root)
        root = root.resolve()
        return cls(root, workspace.resolve() if workspace is not None else root, pixel_limit)

    @property
    def is_voc(self) -> bool:
        """False for a plain folder of images."""
        return any((base / JPEG_IMAGES).is_dir() for base in self._bases)

    @property
    def classes(self) -> ClassTable:
        """The class table."""
        return self._code.classes

    @property
    def mask_form(self) -> MaskForm:
        """The form in which masks are written."""
        return self._code.form

    @property
    def palette_reading(self) -> PaletteReading:
        """Whether palette masks are read by colour (palette and class table agree) or by index."""
        return self._code.palette_reading

    @property
    def originals_dir(self) -> Path:
        """Where files go before they are first overwritten."""
        return self.workspace / STATE_FOLDER / ORIGINALS

    def image_path(self, name: str) -> Path:
        """The file of the image `name`. Raises InputError for a name that the folder does not have."""
        place = self._images.get(name)
        if place is None:
            raise InputError(
                marked('There is no image "{name}" in {folder}. Choose one that is listed.'),
                name=name,
                folder=self.root,
            )
        folder, file = place
        return folder / file

    def image_header(self, name: str) -> ImageHeader:
        """Size and orientation of the image's file, undecoded. Raises InputError where it is broken."""
        return read_header(self.image_path(name), self.pixel_limit)

    def frame_size(self, name: str) -> tuple[int, int]:
        """(height, width) that the label map of `name` has. Raises InputError where the image is broken."""
        header = self.image_header(name)
        if self._frames.is_upright(name, header) and header.orientation >= 5:
            return header.width, header.height
        return header.height, header.width

    def read_image(self, name: str) -> UInt8Array:
        """The image `name` as (H, W, 3) uint8 RGB in its mask's frame.

        That is the stored frame, EXIF not applied, unless an existing mask shows otherwise.

        Raises:
            InputError: the file is missing, empty, broken, or over the pixel limit.
        """
        path, shown = self.image_path(name), self.channels.shown
        return self._in_mask_frame(name, read_image_file(path, self.pixel_limit, channels=shown))

    def read_preview(self, name: str) -> UInt8Array | None:
        """A large image in small, (h, w, 3) uint8 RGB in its mask's frame; None where reading it whole is as quick.

        Raises InputError as `read_image`.
        """
        small = read_preview(self.image_path(name), self.pixel_limit)
        return self._in_mask_frame(name, small) if small is not None else None

    def read_samples(self, name: str) -> Samples:
        """The image `name` as a network is given it, (H, W, C), in the frame of `read_image`; see `samples`."""
        return self._in_mask_frame(name, read_samples_file(self.image_path(name), self.pixel_limit))

    def read_thumbnail(self, name: str, side: int, as_chosen: bool = True) -> UInt8Array:
        """The image `name` at most `side` pixels wide and high, (h, w, 3) uint8 RGB, the way a person sees it.

        Without `as_chosen` it is the same whichever channels are shown.
        """
        header = self.image_header(name)
        shown = self.channels.shown if as_chosen else ()
        small = read_thumbnail(self.image_path(name), side, self.pixel_limit, shown)
        return np.ascontiguousarray(upright(small, header.orientation))

    def channel_names(self, name: str) -> tuple[str, ...]:
        """One name for each of the channels that image `name` offers a choice of, empty where nobody named it.

        No names where there is no choice. Raises InputError as `read_image`.
        """
        path = self.image_path(name)
        names = channel_names(path, self.pixel_limit) if is_tiff(path) else ()
        return names if has_choice(len(names)) else ()

    def keep_channels(self, choice: ChannelChoice) -> None:
        """Keep `choice` for the next time; `channels` is what counts now. Raises SaveError."""
        save_choice(self.workspace, choice)

    def view_orientation(self, name: str) -> int:
        """The EXIF orientation (1 to 8) that still turns the mask's frame upright; 1 where nothing is to be done."""
        header = self.image_header(name)
        return 1 if self._frames.is_upright(name, header) else header.orientation

    def has_mask(self, name: str) -> bool:
        """Whether there is a mask file for `name`."""
        return name in self._masks

    def mask_path(self, name: str) -> Path:
        """The mask file of `name`: in the workspace where it is there, else in the root."""
        return self._found(Path(SEGMENTATION_CLASS) / f"{name}.png")

    def read_label_map(self, name: str) -> UInt8Array:
        """The accepted label map of `name`, (H, W) uint8, void 255. Raises InputError as `read_mask_file`."""
        return self.read_mask_file(name, self.mask_path(name))

    def read_mask_file(self, name: str, path: Path) -> UInt8Array:
        """The label map in `path`, a mask of the image `name` in the folder's form: (H, W) uint8, void 255.

        Raises:
            InputError: the mask is missing or broken, has another size than its image, or holds a colour or value
                that no class has.
        """
        file = self.shown(path)
        labels = self._code.decode(read_raw_mask(path, self.pixel_limit), file)
        header = self.image_header(name)
        stored = (header.height, header.width)
        turned = stored[::-1] if header.orientation >= 5 else stored
        if labels.shape not in (stored, turned):
            raise InputError(
                marked(
                    "{file} has {width} × {height} pixels, but its image has {image_width} × {image_height}. "
                    "Replace the mask or the image."
                ),
                file=file,
                width=labels.shape[1],
                height=labels.shape[0],
                image_width=header.width,
                image_height=header.height,
            )
        return labels

    def write_label_map(self, name: str, labels: UInt8Array) -> Path:
        """Write `labels` (H, W) uint8 as the mask of `name`, atomically and in the folder's form; return the file.

        A plain folder becomes a VOC folder now (see `plain_folder`). A mask that was there is kept, once, in
        `originals_dir`.

        Raises:
            SaveError: it could not be written; or the mask that is there could not be parsed and is not overwritten.
            InputError: the image is not there or is broken.
        """
        target = self.workspace / SEGMENTATION_CLASS / f"{name}.png"
        height, width = self.frame_size(name)
        if labels.shape != (height, width):
            raise ValueError(f"labels of {labels.shape} pixels for an image of {(height, width)}")
        # What takes long with many pixels is done before the lock is held: `set_classes` is not to wait for it.
        code = self._code
        data = code.encode(labels, self.shown(target))
        self._refuse_unparsed(name)
        with self._lock:
            if self._code is not code:
                data = self._code.encode(labels, self.shown(target))
            self._become_voc_folder()
            self._write_classes()
            self._keep_original(target, f"{name}.png")
            write_atomically(target, data)
            self._masks.add(name)
            self._frames.forget(name)
            return target

    def set_classes(self, classes: ClassTable) -> None:
        """Use `classes`, which keep their places: the first ones are those there were, perhaps renamed or recoloured.

        They are written, to the class file that is there or to a new labelmap.txt, with the next mask; except where
        sparse mask values stand for the classes, which no class file can say.

        Raises:
            InputError: another colour for a class of a folder whose masks tell classes by colour.
        """
        with self._lock:
            if self._masks:
                refuse_other_colors(self._code, classes)
            # Whether a class is shown is the person's view of it, not part of the file.
            before, after = ([(info.name, info.color) for info in table] for table in (self.classes, classes))
            self._classes_to_write = self._classes_to_write or before != after
            self._code = extended_code(self._code, classes)

    def list_names(self) -> list[str]:
        """The names of the lists in ImageSets/Segmentation, sorted."""
        return sorted({stem for base in self._bases for stem in stems_in(base / IMAGE_SETS, ".txt")})

    def listed(self, split: str) -> ListedNames:
        """The good names of a list and a sentence for every bad line; nothing where there is no such list."""
        try:
            return parse_list(self._list_bytes(split), self._list_file(split), self._images)
        except InputError as error:
            return ListedNames((), (error,))

    def unreadable_lists(self, *splits: str) -> list[InputError]:
        """A sentence for each of the lists `splits` that is there and cannot be read: nobody knows whom it names."""
        errors = []
        for split in splits:
            try:
                read_text(self._list_bytes(split), self._list_file(split))
            except InputError as error:
                errors.append(error)
        return errors

    def read_list(self, split: str) -> list[str]:
        """The image names of ImageSets/Segmentation/SPLIT.txt.

        Raises:
            InputError: there is no such list, or a line is not the name of an image of this folder.
        """
        if split not in self.list_names():
            raise InputError(
                marked('There is no list "{split}" in {folder}. The lists are: {lists}.'),
                split=split,
                folder=self.shown(self.workspace / IMAGE_SETS),
                lists=", ".join(self.list_names()) or "none",
            )
        listed = self.listed(split)
        if listed.errors:
            raise listed.errors[0]
        return list(listed.names)

    def add_to_lists(self, name: str, split: str) -> None:
        """Enter `name` in the list `split` (train or val) and in trainval, where it is not there yet.

        A trainval list that is missing starts with the names of train and val, so that the three agree.
        Raises SaveError where a list cannot be written, or cannot be read: it is not changed then.
        """
        with self._lock:
            self._refuse_unreadable_lists()
            trainval = self._found(IMAGE_SETS / f"{TRAINVAL}.txt")
            if not trainval.is_file():
                names = [*self.listed(TRAIN).names, *self.listed(VAL).names]
                if names:
                    self._write_list(TRAINVAL, "".join(f"{each}\n" for each in dict.fromkeys(names)).encode())
            for each in (split, TRAINVAL):
                if name not in self.listed(each).names:
                    self._write_list(each, with_line(self._list_bytes(each), name, self._list_file(each)))

    def remove_from_list(self, name: str, split: str) -> None:
        """Take `name` out of one list. Raises SaveError where it cannot be read or written."""
        with self._lock:
            self._refuse_unreadable_lists()
            if name in self.listed(split).names:
                self._write_list(split, without_line(self._list_bytes(split), name, self._list_file(split)))

    def problems(self) -> Iterator[Problem]:
        """Every problem in the folder; this opens every file, so it takes a while."""
        from segstudio.project.check import problems_of

        return problems_of(self)

    def shown(self, path: Path) -> str:
        """`path` as sentences name it: relative to the folder where it lies in there."""
        for base in self._bases:
            if path.is_relative_to(base):
                return path.relative_to(base).as_posix()
        return str(path)

    def _in_mask_frame(self, name: str, pixels: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
        header = self.image_header(name)
        is_upright = self._frames.is_upright(name, header)
        return np.ascontiguousarray(upright(pixels, header.orientation)) if is_upright else pixels

    @property
    def _bases(self) -> tuple[Path, ...]:
        return (self.root,) if self.workspace == self.root else (self.workspace, self.root)

    def _found(self, relative: Path) -> Path:
        """`relative` in the first base that has it, else in the root."""
        return next((base / relative for base in self._bases if (base / relative).exists()), self.root / relative)

    def _find_images(self) -> dict[str, tuple[Path, str]]:
        """{name: (folder, file name)}; the two are put together when asked for."""
        images: dict[str, tuple[Path, str]] = {}
        for base in reversed(self._bases):
            folder = base / JPEG_IMAGES
            if not folder.is_dir():
                # A workspace holds what segstudio wrote: no images lie directly in it.
                if base != self.root:
                    continue
                folder = base
            files, doubles = images_in(folder)
            self.doubles += [self.shown(folder / file) for file in doubles]
            images |= {stem: (folder, file) for stem, file in files.items()}
        if not images:
            raise InputError(
                marked(
                    "There are no images in {folder}. Open a Pascal VOC folder (with JPEGImages) or a folder of "
                    "images: {kinds}."
                ),
                folder=self.root,
                kinds=", ".join(suffix[1:] for suffix in PICTURE_SUFFIXES),
            )
        return images

    def _masked_names(self) -> list[str]:
        return [name for name in self.names if name in self._masks]

    def _mask_size(self, name: str) -> tuple[int, int] | None:
        return mask_size(self.mask_path(name), self.pixel_limit) if name in self._masks else None

    def _refuse_unparsed(self, name: str) -> None:
        if not self.has_mask(name) or not self.mask_path(name).exists():
            return
        try:
            self.read_label_map(name)
        except InputError as error:
            raise SaveError(
                marked("The mask of {name} was not overwritten, because it could not be read. {reason}"),
                name=name,
                reason=error.message,
            ) from error

    def _keep_original(self, target: Path, name: str) -> None:
        """Copy `target` to the originals before it is first overwritten; remember it where there was none."""
        kept, absent = self.originals_dir / name, self.originals_dir / f"{name}.absent"
        if kept.exists() or absent.exists():
            return
        if target.exists():
            write_atomically(kept, target.read_bytes())
        else:
            # Without this mark, segstudio's own first version would later pass for the original.
            write_atomically(absent, b"")

    def _become_voc_folder(self) -> None:
        if not self.is_voc:
            become_voc_folder(self.workspace, [self.image_path(name) for name in self.names])
            self._images = self._find_images()

    def _write_classes(self) -> None:
        """Write the class table where the person changed it, or where a folder that had none got one."""
        is_new = self.class_source is ClassSource.NONE
        if not self.classes or not (is_new or self._classes_to_write) or not is_plainly_numbered(self._code):
            return
        kind, text = class_file_text(self.classes, self._sheet)
        target = self.workspace / kind
        self._keep_original(target, kind)
        write_atomically(target, text.encode())
        self._sheet = read_class_file(target, kind)
        self._classes_to_write = False
        self.class_source = self._sheet.source

    def _list_bytes(self, split: str) -> bytes:
        """Empty where there is no such list. Raises InputError where it may not be read."""
        path = self._found(IMAGE_SETS / f"{split}.txt")
        try:
            return path.read_bytes() if path.is_file() else b""
        except OSError as error:
            text = marked("{file} cannot be read: {reason}. Change its permissions, or check the disk.")
            raise InputError(text, file=self.shown(path), reason=error.strerror or type(error).__name__) from error

    def _list_file(self, split: str) -> str:
        return self.shown(self._found(IMAGE_SETS / f"{split}.txt"))

    def _refuse_unreadable_lists(self) -> None:
        for error in self.unreadable_lists(TRAIN, VAL, TRAINVAL):
            raise not_changed(str(error.values["file"]), error)

    def _write_list(self, split: str, data: bytes) -> None:
        write_atomically(self.workspace / IMAGE_SETS / f"{split}.txt", data)
