"""Keys in a file: a person can read and write it, and what is none is refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from segstudio.core.errors import InputError, SaveError
from segstudio.services.key_file import decoded, encoded, read_key_file, write_key_file

KEYS = {"tool.brush": ["B", "Ж"], "export": []}


def test_a_file_is_read_back_and_has_one_command_a_line(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_key_file(path, KEYS)
    assert read_key_file(path) == KEYS
    assert '    "tool.brush": ["B", "Ж"],\n' in path.read_text(encoding="utf-8")


def test_a_file_of_another_editor_may_begin_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_key_file(path, KEYS)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_key_file(path) == KEYS


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "keys.json is not a list of keys: it is no JSON."),
        (b"\xff\xfe\x00", "keys.json is not a list of keys: it is no JSON."),
        (b"[" * 100_000, "keys.json is not a list of keys: it is no JSON."),
        (b"[]", "keys.json is not a list of keys of segstudio."),
        (b'{"keys": {}}', "keys.json is not a list of keys of segstudio."),
        (b'{"segstudio_keys": 2}', "keys.json was written by a later version of segstudio."),
        (b'{"segstudio_keys": 1}', "keys.json is damaged: the keys are missing."),
        (b'{"segstudio_keys": 1, "keys": {"a": "B"}}', "keys.json is damaged: “a” has no list of keys."),
        (b'{"segstudio_keys": 1, "keys": {"a": [1]}}', "keys.json is damaged: “a” has no list of keys."),
        (b" " * (1 << 20) + b"{}", "keys.json is too large to be a list of keys."),
    ],
)
def test_what_is_no_list_of_keys_is_refused_in_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_key_file(path)
    assert refused.value.message == sentence


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"keys\.json cannot be read"):
        read_key_file(tmp_path / "keys.json")


def test_a_place_that_takes_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SaveError):
        write_key_file(tmp_path, KEYS)


def test_keys_in_the_settings_are_one_line() -> None:
    assert decoded(encoded(KEYS)) == KEYS and "\n" not in encoded(KEYS)
    for broken in ("{", "[]", '{"a": 1}', "null"):
        with pytest.raises(InputError):
            decoded(broken)
