"""The lists of a VOC folder: ImageSets/Segmentation/SPLIT.txt, one image name a line.

Owns strict parsing and appending. A list is someone else's file: a line that does not simply name an image is reported,
never followed, and lines are only ever added or, for a deliberate move, one removed. It is UTF-8, or what its
byte-order mark says (PowerShell writes UTF-16), and stays so; what cannot be read is never changed.
"""

from __future__ import annotations

import codecs
from collections.abc import Container
from dataclasses import dataclass

from segstudio.core.errors import InputError, SaveError, marked

TRAIN = "train"
VAL = "val"
TRAINVAL = "trainval"


_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16, whose mark is the beginning of this one.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class ListText:
    """What a list says, and how to say more: `mark` are its first bytes, not part of `text`."""

    text: str
    mark: bytes
    encoding: str

    def data(self, text: str) -> bytes:
        """The bytes of the list with `text` in the place of its own."""
        return self.mark + text.encode(self.encoding)


@dataclass(frozen=True)
class ListedNames:
    """A parsed list: the good names in their order, each once, and a sentence for every bad line."""

    names: tuple[str, ...]
    errors: tuple[InputError, ...]


def read_text(data: bytes, file: str) -> ListText:
    """The text in the bytes of a list, which `file` names.

    Raises:
        InputError: it is neither UTF-8 nor of a byte-order mark, or no text at all.
    """
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    error = InputError(marked("{file} is not a text file in UTF-8. Save it as UTF-8 text."), file=file)
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as fault:
        raise error from fault
    if "\0" in text:  # UTF-16 without its mark, or no text at all
        raise error
    return ListText(text, mark, encoding)


def parse_list(data: bytes, file: str, known: Container[str]) -> ListedNames:
    """Parse the bytes of a list; `known` are the image names of the folder and `file` names the list in errors.

    Empty lines are passed over. No line is ever used as a path.
    """
    try:
        text = read_text(data, file).text
    except InputError as error:
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


def with_line(data: bytes, name: str, file: str) -> bytes:
    """`data` with the line `name` added at the end, all other bytes as they were.

    Raises:
        SaveError: the list, which `file` names, cannot be read, and is not to be changed then.
    """
    found = _text_to_change(data, file)
    line_end = "\r\n" if "\r\n" in found.text else "\n"
    separator = line_end if found.text and not found.text.endswith("\n") else ""
    return data + (separator + name + line_end).encode(found.encoding)


def without_line(data: bytes, name: str, file: str) -> bytes:
    """`data` without the lines that hold `name` alone, all other bytes as they were. Raises as `with_line`."""
    found = _text_to_change(data, file)
    return found.data("".join(line for line in found.text.splitlines(keepends=True) if line.strip() != name))


def _text_to_change(data: bytes, file: str) -> ListText:
    try:
        return read_text(data, file)
    except InputError as error:
        raise not_changed(file, error) from error


def not_changed(file: str, error: InputError) -> SaveError:
    """The sentence for a list that was left as it is because of `error`."""
    return SaveError(
        marked("{file} was not changed, because it could not be read. {reason}"), file=file, reason=error.message
    )


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
