"""The table of actions and the keys in it: every row is a command that can have a key, and every key is one."""

from __future__ import annotations

import pytest

from segstudio.actions import ACTIONS, CLASS_KEYS, commands, menu_keys
from segstudio.canvas.canvas_keys import CANVAS_KEYS
from segstudio.canvas.gestures import GESTURES
from segstudio.services.key_map import KeyMap, KeyNames
from segstudio.services.key_text import canonical
from segstudio.services.translation import tr
from segstudio.tools import TOOLS

WRITTEN = [
    *(key for spec in ACTIONS for key in spec.shortcuts),
    *(tool.shortcut for tool in TOOLS.values() if tool.shortcut),
    *(row.default for row in CANVAS_KEYS),
    *CLASS_KEYS,
]


def test_every_row_is_a_command() -> None:
    found = [command.id for command in commands()]
    assert len(found) == len(set(found)) == len(ACTIONS) + len(TOOLS) + len(CANVAS_KEYS) + len(CLASS_KEYS)


@pytest.mark.parametrize("key", WRITTEN)
def test_every_key_in_a_table_is_one(key: str) -> None:
    assert canonical(key) is not None


def test_every_default_could_be_chosen() -> None:
    keys = KeyMap(commands(), menu_keys())
    for command in commands():
        for key in command.defaults:
            keys.put(command.id, key)
    assert keys.differences() == {}


def test_hints_and_gestures_name_keys_that_there_are() -> None:
    names = KeyNames(KeyMap(commands()))
    for text in [*(command.hint for command in commands()), *(gesture.how for gesture in GESTURES)]:
        assert "{" not in names.fill(text) and names.fill(text)


def test_each_menu_keeps_the_key_that_opens_it() -> None:
    assert len(menu_keys()) == len({spec.menu for spec in ACTIONS})
    assert all("opens a menu" in tr(why) for why in menu_keys().values())
