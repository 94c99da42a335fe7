"""Keys as JSON: in the settings, and as a file that a person can read, write and hand on. It decides nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from segstudio.core.errors import InputError, marked
from segstudio.formats.atomic import write_atomically

_MARK = "segstudio_keys"
_VERSION = 1
_LARGEST = 1 << 20
"""Bytes. A file with every command is about 5 KB."""


def encoded(keys: Mapping[str, Sequence[str]]) -> str:
    """The keys by command as JSON in one line."""
    return json.dumps({name: list(its) for name, its in keys.items()}, ensure_ascii=False)


def decoded(text: str) -> dict[str, list[str]]:
    """What `encoded` wrote. Raises InputError where it is anything else."""
    try:
        return _checked(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise InputError(marked("These are no keys: {why}."), why=error) from error


def write_key_file(path: Path, keys: Mapping[str, Sequence[str]]) -> None:
    """Write the keys by command to `path`, one command a line. Raises SaveError."""
    lines = ",\n".join(
        f"    {json.dumps(name)}: {json.dumps(list(its), ensure_ascii=False)}" for name, its in keys.items()
    )
    text = f'{{\n  "{_MARK}": {_VERSION},\n  "keys": {{\n{lines}\n  }}\n}}\n'
    write_atomically(path, text.encode())


def read_key_file(path: Path) -> dict[str, list[str]]:
    """The keys by command in `path`, none of them checked. Raises InputError."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise InputError(
            marked("{file} cannot be read: {why}."), file=path.name, why=error.strerror or error
        ) from error
    if len(data) > _LARGEST:
        raise InputError(marked("{file} is too large to be a list of keys."), file=path.name)
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(marked("{file} is not a list of keys: it is no JSON."), file=path.name) from error
    if not isinstance(content, dict) or _MARK not in content:
        raise InputError(marked("{file} is not a list of keys of segstudio."), file=path.name)
    if content[_MARK] != _VERSION:
        raise InputError(marked("{file} was written by a later version of segstudio."), file=path.name)
    try:
        return _checked(content.get("keys"))
    except ValueError as error:
        raise InputError(marked("{file} is damaged: {why}."), file=path.name, why=error) from error


def _checked(content: object) -> dict[str, list[str]]:
    if not isinstance(content, dict):
        raise ValueError("the keys are missing")
    for name, keys in content.items():
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise ValueError(f"“{name}” has no list of keys")
    return content
