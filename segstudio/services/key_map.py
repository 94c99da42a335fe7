"""Which keys which command has: the defaults, what a person chose instead, and who gives way where both want a key.

Owns the choices; it needs neither a window nor an application. Only what differs from the defaults is kept, so a later
version's new defaults come through. No two commands of one `Use.scope` ever have the same key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from segstudio.core.errors import InputError, marked
from segstudio.services.key_text import canonical, has_modifiers, shown
from segstudio.services.translation import tr


class Group(Enum):
    """Where a command stands in the list of keys, in the list's order."""

    TOOLS = marked("Tools")
    PAINTING = marked("Painting")
    CLASSES = marked("Classes")
    EDIT = marked("Edit")
    VIEW = marked("View")
    IMAGE = marked("Image")
    MODEL = marked("Model")
    FILE = marked("File")
    HELP = marked("Help")


class Scope(Enum):
    """Where a key is looked for: the same key may mean one thing in each."""

    WINDOW = auto()
    DRAWING = auto()
    """Only while something is drawn click by click; it comes before the window's then."""


class Use(Enum):
    """How a key acts."""

    PRESS = auto()
    HOLD = auto()
    """For as long as it is held."""
    DRAWING = auto()
    """At a press, while something is drawn click by click."""

    @property
    def scope(self) -> Scope:
        """Where such a key is looked for."""
        return Scope.DRAWING if self is Use.DRAWING else Scope.WINDOW


@dataclass(frozen=True)
class Command:
    """Something that keys can do.

    `title` is in the person's language, `hint` a marked sentence that may name keys as `KeyNames.fill` takes it, and
    `defaults` are spelt as `key_text` says.
    """

    id: str
    group: Group
    title: str
    hint: str = ""
    defaults: tuple[str, ...] = ()
    use: Use = Use.PRESS


RESERVED: Mapping[str, str] = {
    "Esc": marked("Esc gives up what is being done, everywhere; it stays as it is."),
    "Tab": marked("Tab goes from control to control; it stays as it is."),
    "Shift+Tab": marked("Shift+Tab goes from control to control; it stays as it is."),
}
"""Keys that no command can have, and why: marked sentences."""


class KeyTaken(InputError):  # noqa: N818 - it is a question rather than a failure
    """The key belongs to another command, `owner`; it has to be taken away on purpose."""

    def __init__(self, key: str, owner: Command) -> None:
        super().__init__(marked("{key} is “{owner}”."), key=shown(key), owner=owner.title)
        self.key, self.owner = key, owner


class KeyMap:
    """The keys of `commands`, which are in the order in which they are listed.

    Args:
        reserved: further keys that cannot be chosen, with a marked sentence why not.
    """

    def __init__(self, commands: Iterable[Command], reserved: Mapping[str, str] | None = None) -> None:
        self.commands = {command.id: command for command in commands}
        self._reserved = {**RESERVED, **(reserved or {})}
        self._chosen: dict[str, tuple[str, ...]] = {}
        self._foreign: dict[str, list[str]] = {}
        self._keys: dict[str, tuple[str, ...]] = {}
        self._owners: dict[tuple[Scope, str], str] = {}
        self._settle()

    def keys(self, command_id: str) -> tuple[str, ...]:
        """What does the command, the key that is shown first; empty where nothing does."""
        return self._keys[command_id]

    def owner(self, key: str, scope: Scope = Scope.WINDOW) -> Command | None:
        """Who has `key`."""
        found = self._owners.get((scope, key))
        return None if found is None else self.commands[found]

    def is_changed(self, command_id: str) -> bool:
        """Whether the command has other keys than by default."""
        return self._keys[command_id] != self.commands[command_id].defaults

    @property
    def changed(self) -> list[Command]:
        """The commands with other keys than by default."""
        return [command for command in self.commands.values() if self.is_changed(command.id)]

    def missing(self, command_id: str) -> list[str]:
        """The defaults that the command does not have."""
        return [key for key in self.commands[command_id].defaults if key not in self._keys[command_id]]

    # -- changes

    def put(self, command_id: str, key: str, instead_of: str | None = None, take: bool = False) -> None:
        """Give the command `key` in the place of `instead_of`, or beside the keys it has.

        Raises:
            KeyTaken: another command has it, and `take` is not set. Nothing is changed.
            InputError: no key that the command could have. Nothing is changed.
        """
        command = self.commands[command_id]
        why_not = self._refusal(command, key)
        if why_not is not None:
            raise InputError(why_not, key=shown(key))
        owner = self.owner(key, command.use.scope)
        if owner is not None and owner is not command:
            if not take:
                raise KeyTaken(key, owner)
            self._strip(owner, (key,))
        had = self._keys[command_id]
        if instead_of in had and key not in had:
            now = tuple(key if it == instead_of else it for it in had)
        else:
            now = (*(it for it in had if it != instead_of or it == key), *(() if key in had else (key,)))
        self._choose(command, now)
        self._settle()

    def drop(self, command_id: str, key: str) -> None:
        """Take `key` away from the command."""
        left = tuple(it for it in self._keys[command_id] if it != key)
        self._choose(self.commands[command_id], left)
        self._settle()

    def reset(self, command_id: str, take: bool = False) -> None:
        """Give the command its defaults; those that another has by choice only where `take` is set."""
        command = self.commands[command_id]
        self._chosen.pop(command_id, None)
        if take:
            for other in self.commands.values():
                if other is not command and other.use.scope is command.use.scope:
                    self._strip(other, command.defaults)
        self._settle()

    def reset_all(self) -> None:
        """Forget every choice."""
        self._chosen.clear()
        self._settle()

    # -- from and to a file

    def differences(self) -> dict[str, list[str]]:
        """What was chosen, by command; `load` takes it back. Entries for other versions' commands are among it."""
        return {**self._foreign, **{name: list(keys) for name, keys in self._chosen.items()}}

    def all_keys(self) -> dict[str, list[str]]:
        """Every command's keys, chosen or not; `load` takes it back."""
        return {name: list(keys) for name, keys in self._keys.items()}

    def load(self, stored: Mapping[str, Sequence[str]]) -> list[str]:
        """Take the choices in `stored` in the place of those made so far; commands that are not in it get the defaults.

        Where two of them want a key, the one that is listed first gets it; a default gives way to a choice.
        Returns the entries that make no sense and are left out, as "command" or "command: key".
        """
        left_out: list[str] = []
        self._chosen.clear()
        self._foreign = {name: list(keys) for name, keys in stored.items() if name not in self.commands}
        taken: set[tuple[Scope, str]] = set()
        for command in self.commands.values():
            if command.id not in stored:
                continue
            kept: list[str] = []
            for text in stored[command.id]:
                key = canonical(text)
                if key is None or self._refusal(command, key) or (command.use.scope, key) in taken:
                    left_out.append(f"{command.id}: {text}")
                else:
                    taken.add((command.use.scope, key))
                    kept.append(key)
            if kept or not stored[command.id]:  # of keys that all make no sense nobody can tell what was meant
                self._choose(command, tuple(kept))
        self._settle()
        return [*self._foreign, *left_out]

    # -- inside

    def _refusal(self, command: Command, key: str) -> str | None:
        if key in self._reserved:
            return self._reserved[key]
        if command.use is Use.HOLD and has_modifiers(key):
            return marked("{key} cannot be held: choose a key without Ctrl, Alt or Shift.")
        return None

    def _choose(self, command: Command, keys: tuple[str, ...]) -> None:
        if keys == command.defaults:
            self._chosen.pop(command.id, None)
        else:
            self._chosen[command.id] = keys

    def _strip(self, command: Command, keys: Sequence[str]) -> None:
        """Take `keys` out of the command's choice; defaults give way by themselves."""
        if command.id in self._chosen:
            self._choose(command, tuple(key for key in self._chosen[command.id] if key not in keys))

    def _settle(self) -> None:
        """Work out who has what: choices first, defaults after them, each in the order of the list."""
        self._owners.clear()
        for command in sorted(self.commands.values(), key=lambda it: it.id not in self._chosen):
            scope, kept = command.use.scope, []
            for key in self._chosen.get(command.id, command.defaults):
                if self._owners.setdefault((scope, key), command.id) == command.id:
                    kept.append(key)
            self._keys[command.id] = tuple(kept)


class KeyNames(Mapping[str, str]):
    """The key of each command as a person reads it, for sentences with fields such as ``{key[propose]}``."""

    def __init__(self, key_map: KeyMap) -> None:
        self._map = key_map

    def __getitem__(self, command_id: str) -> str:
        """Its first key, or words for none."""
        return self.first(command_id) or tr("(no key)")

    def __iter__(self) -> Iterator[str]:
        return iter(self._map.commands)

    def __len__(self) -> int:
        return len(self._map.commands)

    def first(self, command_id: str) -> str:
        """Its first key; empty where it has none."""
        keys = self._map.keys(command_id)
        return shown(keys[0]) if keys else ""

    def fill(self, template: str) -> str:
        """The sentence `template` in the person's language, with the keys that it names."""
        return tr(template, key=self) if "{key[" in template else tr(template)

    def for_tooltip(self, *command_ids: str) -> str:
        """What stands in brackets after a control's name: "B", "[  ]" for two commands, "hold H"."""
        keys = [key for key in map(self.first, command_ids) if key]
        is_held = any(self._map.commands[name].use is Use.HOLD for name in command_ids)
        text = "  ".join(keys)
        return tr("hold {key}", key=text) if is_held and text else text


def clashes(commands: Iterable[Command]) -> list[tuple[str, str, str]]:
    """Keys that two commands have by default, each as (key, command, command). There must be none."""
    owners: dict[tuple[Scope, str], str] = {}
    found = []
    for command in commands:
        for key in command.defaults:
            first = owners.setdefault((command.use.scope, key), command.id)
            if first != command.id:
                found.append((key, first, command.id))
    return found
