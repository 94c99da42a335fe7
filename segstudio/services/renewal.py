"""Which proposals another network is to make anew, and when. No Qt.

Where a person chose the network all are renewed at once. Where it changes every minute, because it goes on learning,
that would keep the machine from learning: then a proposal is renewed when its image comes near.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class Renewal:
    """The images whose proposals are an older network's."""

    def __init__(self) -> None:
        self._stale: set[str] = set()
        self._wanted: list[str] = []
        self._overall: dict[str, None] = {}

    def model_changes(self, proposed: Sequence[str], lazily: bool) -> None:
        """Another network is about to take over, and `proposed` have a proposal of the one before."""
        self._stale = set(proposed)
        self._wanted = [] if lazily else list(proposed)

    def outdated(self, name: str) -> None:
        """The network from before has finished a proposal of `name` after `model_changes`."""
        self._stale.add(name)

    def ask_overall(self, names: Iterable[str]) -> list[str]:
        """The person wants proposals of all of `names`, whichever network makes them; returns them."""
        self._overall = dict.fromkeys(names)
        return list(self._overall)

    def cancel(self) -> None:
        """The person wants them no more."""
        self._overall.clear()

    def model_is_ready(self) -> list[str]:
        """What to ask the network for that has taken over."""
        wanted = list(dict.fromkeys([*self._overall, *self._wanted]))
        self._wanted = []
        return wanted

    @property
    def is_overall(self) -> bool:
        """Whether proposals of all images that the person asked for are still to come."""
        return bool(self._overall)

    def done(self, name: str) -> None:
        """The network in use has proposed for `name`, or cannot."""
        self._stale.discard(name)
        self._overall.pop(name, None)

    def is_stale(self, name: str) -> bool:
        """Whether `name` has the proposal of an older network."""
        return name in self._stale
