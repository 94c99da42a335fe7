"""The lists of a VOC folder: ImageSets/Segmentation/SPLIT.txt, one image name a line.

Owns strict parsing and appending. A list is someone else's file: a line that does not simply name an image is reported,
never followed, and lines are only ever added or, for a deliberate move, one removed.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from segstudio.core.errors import InputError, marked

TRAIN = "train"
VAL = "val"
TRAINVAL = "trainval"


@dataclass(frozen=True)
class ListedNames:
    """A parsed list: the good names in their order, each once, and a sentence for every bad line."""

    names: tuple[str, ...]
    errors: tuple[InputError, ...]


def parse_list(data: bytes, file: str, known: Container[str]) -> ListedNames:
    """Parse the bytes of a list; `known` are the image names of the folder and `file` names the list in errors.

    Empty lines are passed over. No line is ever used as a path.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        error = InputError(marked("{file} is not a text file in UTF-8. Save it as UTF-8 text."), file=file)
        return ListedNames((), (error,))
    names: dict[str, None] = {}
    errors: list[InputError] = []
    for number, line in enumerate(text.splitlines(), start=1):
        entry = line.strip()
        if not entry:
            continue
        template = _fault(entry, known)
        if template is not None:
            errors.append(InputError(template, file=file, line=number, entry=entry))
        else:
            names.setdefault(entry)
    return ListedNames(tuple(names), tuple(errors))


def with_line(data: bytes, name: str) -> bytes:
    """`data` with the line `name` added at the end, all other bytes as they were."""
    line_end = b"\r\n" if b"\r\n" in data else b"\n"
    separator = line_end if data and not data.endswith(b"\n") else b""
    return data + separator + name.encode() + line_end


def without_line(data: bytes, name: str) -> bytes:
    """`data` without the lines that hold `name` alone, all other bytes as they were."""
    return b"".join(line for line in data.splitlines(keepends=True) if line.strip() != name.encode())


def _fault(entry: str, known: Container[str]) -> str | None:
    """The template of what is wrong with a line, or None."""
    if entry in known:
        return None
    parts = entry.replace("\\", "/").split("/")
    if entry.startswith(("/", "\\", "~")) or entry[1:3] in (":\\", ":/"):
        return marked(
            '{file}, line {line}: "{entry}" is an absolute path; it was not followed. Write the name of an image.'
        )
    if ".." in parts:
        return marked(
            '{file}, line {line}: "{entry}" climbs out of the folder; it was not followed. Write the name of an image.'
        )
    if len(parts) > 1:
        return marked('{file}, line {line}: "{entry}" is a path. Write the name of an image alone.')
    return marked('{file}, line {line}: there is no image "{entry}". Remove the line or put the image back.')
