"""Which command has which key: nobody loses one unasked, and what is kept is what differs from the defaults."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from segstudio.core.errors import InputError
from segstudio.services.key_map import Command, Group, KeyMap, KeyNames, KeyTaken, Use, clashes

COMMANDS = (
    Command("brush", Group.TOOLS, "Brush", "Paint", ("B",)),
    Command("undo", Group.EDIT, "Undo", "Or {key[step_back]} while drawing", ("Ctrl+Z", "Z")),
    Command("accept", Group.IMAGE, "Accept", "", ("Return",)),
    Command("export", Group.FILE, "Export"),
    Command("erase", Group.PAINTING, "Erase", "", ("X",), Use.HOLD),
    Command("finish", Group.PAINTING, "Finish", "", ("Return",), Use.DRAWING),
    Command("step_back", Group.PAINTING, "Step back", "", ("Backspace",), Use.DRAWING),
)
KEYS = ("B", "Z", "Ctrl+Z", "Return", "X", "Backspace", "K", "Shift+X")


@pytest.fixture
def keys() -> KeyMap:
    return KeyMap(COMMANDS)


def test_every_command_begins_with_its_defaults(keys: KeyMap) -> None:
    assert all(keys.keys(command.id) == command.defaults for command in COMMANDS)
    assert keys.differences() == {} and keys.changed == []


def test_a_key_that_another_has_is_named_and_stays_until_it_is_taken_on_purpose(keys: KeyMap) -> None:
    with pytest.raises(KeyTaken, match="Z is “Undo”") as taken:
        keys.put("brush", "Z")
    assert taken.value.owner.id == "undo"
    assert keys.differences() == {}
    keys.put("brush", "Z", take=True)
    assert keys.keys("brush") == ("B", "Z") and keys.keys("undo") == ("Ctrl+Z",)


def test_a_key_takes_the_place_of_another_and_the_others_stay(keys: KeyMap) -> None:
    keys.put("undo", "U", instead_of="Ctrl+Z")
    assert keys.keys("undo") == ("U", "Z")
    keys.put("undo", "Z", instead_of="U")
    assert keys.keys("undo") == ("Z",)
    keys.put("undo", "Z", instead_of="Z")
    assert keys.keys("undo") == ("Z",)


def test_a_key_of_two_uses_may_be_the_same(keys: KeyMap) -> None:
    keys.put("finish", "Z")
    assert keys.owner("Z") is keys.commands["undo"]


def test_a_default_comes_back_when_the_key_is_free_again(keys: KeyMap) -> None:
    keys.put("export", "B", take=True)
    assert keys.keys("brush") == () and keys.is_changed("brush")
    assert keys.differences() == {"export": ["B"]}
    keys.reset("export")
    assert keys.keys("brush") == ("B",)


def test_resetting_steals_nothing_unless_told_to(keys: KeyMap) -> None:
    keys.put("export", "B", take=True)
    keys.reset("brush")
    assert keys.missing("brush") == ["B"] and keys.keys("export") == ("B",)
    keys.reset("brush", take=True)
    assert keys.keys("brush") == ("B",) and keys.keys("export") == () and keys.differences() == {}


@pytest.mark.parametrize("key", ["Esc", "Tab", "Shift+Tab"])
def test_some_keys_are_nobodys(keys: KeyMap, key: str) -> None:
    with pytest.raises(InputError, match="stays as it is") as refused:
        keys.put("brush", key)
    assert not isinstance(refused.value, KeyTaken)
    assert keys.keys("brush") == ("B",)


def test_a_window_may_keep_more_keys_to_itself() -> None:
    keys = KeyMap(COMMANDS, {"Alt+F": "{key} opens a menu."})
    with pytest.raises(InputError, match=r"Alt\+F opens a menu"):
        keys.put("brush", "Alt+F")


def test_a_key_with_modifiers_cannot_be_held(keys: KeyMap) -> None:
    with pytest.raises(InputError, match="cannot be held"):
        keys.put("erase", "Ctrl+X")
    keys.put("erase", "Y", instead_of="X")
    assert keys.keys("erase") == ("Y",)


# -- files


def test_what_makes_no_sense_in_a_file_is_left_out_and_named(keys: KeyMap) -> None:
    stored = {"brush": ["ctrl+shift+b", "Blah", "Esc"], "no_such": ["Q"], "export": ["Nonsense"], "erase": ["Ctrl+E"]}
    left_out = keys.load(stored)
    assert left_out == ["no_such", "brush: Blah", "brush: Esc", "export: Nonsense", "erase: Ctrl+E"]
    assert keys.keys("brush") == ("Ctrl+Shift+B",)
    assert keys.keys("erase") == ("X",)


def test_keys_of_another_version_are_kept_for_it(keys: KeyMap) -> None:
    keys.load({"no_such": ["Q"]})
    keys.put("export", "K")
    assert keys.differences() == {"no_such": ["Q"], "export": ["K"]}


def test_of_two_that_want_a_key_the_first_in_the_list_gets_it(keys: KeyMap) -> None:
    assert keys.load({"export": ["K"], "undo": ["K", "U"]}) == ["export: K"]
    assert keys.keys("undo") == ("K", "U") and keys.keys("export") == ()


def test_a_new_versions_default_gives_way_to_what_was_chosen(keys: KeyMap) -> None:
    keys.put("export", "K")
    newer = KeyMap((*COMMANDS, Command("lock", Group.CLASSES, "Lock", "", ("K",))))
    assert newer.load(keys.differences()) == []
    assert newer.keys("export") == ("K",) and newer.keys("lock") == ()


def test_a_new_versions_defaults_come_through_where_nothing_was_chosen(keys: KeyMap) -> None:
    keys.put("export", "K")
    newer = KeyMap([Command("brush", Group.TOOLS, "Brush", "", ("P",)), *COMMANDS[1:]])
    newer.load(keys.differences())
    assert newer.keys("brush") == ("P",)


def test_two_rows_with_the_same_default_are_found() -> None:
    assert clashes(COMMANDS) == []
    other = Command("box", Group.TOOLS, "Box", "", ("B",))
    assert clashes((*COMMANDS, other)) == [("B", "brush", "box")]


# -- words


def test_sentences_name_the_keys_in_use(keys: KeyMap) -> None:
    names = KeyNames(keys)
    assert names.fill("Or {key[step_back]} while drawing") == "Or Backspace while drawing"
    keys.put("step_back", "K", instead_of="Backspace")
    assert names.fill("Or {key[step_back]} while drawing") == "Or K while drawing"
    keys.drop("step_back", "K")
    assert names.fill("Or {key[step_back]} while drawing") == "Or (no key) while drawing"
    assert names.fill("Braces {stay}") == "Braces {stay}"


def test_a_tooltip_says_which_keys_and_whether_to_hold_them(keys: KeyMap) -> None:
    names = KeyNames(keys)
    assert names.for_tooltip("brush", "undo") == "B  Ctrl+Z"
    assert names.for_tooltip("brush", "export") == "B"
    assert names.for_tooltip("erase") == "hold X"
    assert names.for_tooltip("export") == ""


# -- whatever a person does

ids = st.sampled_from([command.id for command in COMMANDS])
some_keys = st.sampled_from(KEYS)
files = st.dictionaries(ids, st.lists(some_keys | st.just("Nonsense"), max_size=3), max_size=5)


def has_one_owner_each(keys: KeyMap) -> bool:
    had = [(command.use.scope, key) for command in COMMANDS for key in keys.keys(command.id)]
    return len(had) == len(set(had)) and all(
        keys.owner(key, command.use.scope) is command for command in COMMANDS for key in keys.keys(command.id)
    )


@given(stored=files)
def test_whatever_stands_in_a_file_each_key_has_one_owner(stored: dict[str, list[str]]) -> None:
    keys = KeyMap(COMMANDS)
    keys.load(stored)
    assert has_one_owner_each(keys)
    chosen = keys.differences()
    for command in COMMANDS:
        others = set(
            chain.from_iterable(chosen.get(other.id, ()) for other in COMMANDS if other.use.scope is command.use.scope)
        )
        free = tuple(key for key in command.defaults if key not in others)
        assert keys.keys(command.id) == (tuple(chosen[command.id]) if command.id in chosen else free)


class Changes(RuleBasedStateMachine):
    """Any order of changes against what a person was promised."""

    @initialize()
    def begin(self) -> None:
        self.keys = KeyMap(COMMANDS)

    @rule(command=ids, key=some_keys, instead_of=st.none() | some_keys)
    def put(self, command: str, key: str, instead_of: str | None) -> None:
        before = self.keys.all_keys()
        try:
            self.keys.put(command, key, instead_of)
        except KeyTaken as taken:
            assert key in before[taken.owner.id] and taken.owner.id != command
            assert self.keys.all_keys() == before
        except InputError:
            assert self.keys.all_keys() == before
        else:
            assert key in self.keys.keys(command)
            assert set(before[command]) - {instead_of} <= set(self.keys.keys(command))
            self.others_lost_nothing(before, command)

    @rule(command=ids, key=some_keys)
    def take(self, command: str, key: str) -> None:
        before = self.keys.all_keys()
        try:
            self.keys.put(command, key, take=True)
        except InputError as error:
            assert not isinstance(error, KeyTaken)
            assert self.keys.all_keys() == before
        else:
            assert key in self.keys.keys(command)
            self.others_lost_nothing(before, command, {key})

    @rule(command=ids, key=some_keys)
    def drop(self, command: str, key: str) -> None:
        before = self.keys.all_keys()
        self.keys.drop(command, key)
        assert key not in self.keys.keys(command)
        self.others_lost_nothing(before, command)

    @rule(command=ids, take=st.booleans())
    def reset(self, command: str, take: bool) -> None:
        before = self.keys.all_keys()
        self.keys.reset(command, take)
        defaults = self.keys.commands[command].defaults
        assert set(self.keys.keys(command)) <= set(defaults)
        assert not take or self.keys.keys(command) == defaults
        self.others_lost_nothing(before, command, set(defaults) if take else set())

    @rule()
    def reset_all(self) -> None:
        self.keys.reset_all()
        assert self.keys.changed == []

    @rule(stored=files)
    def load(self, stored: dict[str, list[str]]) -> None:
        self.keys.load(stored)

    @invariant()
    def each_key_has_one_owner(self) -> None:
        assert has_one_owner_each(self.keys)

    @invariant()
    def both_files_give_the_same_keys_again(self) -> None:
        for stored in (self.keys.differences(), self.keys.all_keys()):
            again = KeyMap(COMMANDS)
            assert again.load(stored) == []
            assert again.all_keys() == self.keys.all_keys()

    def others_lost_nothing(self, before: dict[str, list[str]], command: str, taken: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        for other, had in before.items():
            if other != command:
                assert set(had) - taken <= set(self.keys.keys(other))


TestChanges = Changes.TestCase
TestChanges.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
