"""Which channels of many a folder's images are shown by, and which of them a new network is to see.

Owns `.segstudio/channels.json`. Only images of two channels, or of more than three, are asked: all others are shown and
given to a network as they are. Channels are counted from 0, as in `segstudio train --channels`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from segstudio.formats.atomic import make_folder, write_atomically
from segstudio.project.folder_layout import STATE_FOLDER

_FILE = "channels.json"


class NetworkInput(Enum):
    """What a network that begins anew is given. The values stand in the file."""

    ALL = "all"
    SHOWN = "shown"
    """The channels that are shown, at their own depth."""


@dataclass(frozen=True)
class ChannelChoice:
    """By itself: the first three are shown, and a network sees all.

    Attributes:
        shown: red, green and blue, or the one that is shown as grey; empty: the first three there are.
        network: what a network sees that begins anew.
    """

    shown: tuple[int, ...] = ()
    network: NetworkInput = NetworkInput.ALL

    @property
    def taught(self) -> tuple[int, ...]:
        """The channels that a new network is to see, each once, in this order; empty: all."""
        return tuple(dict.fromkeys(self.shown)) if self.network is NetworkInput.SHOWN else ()


def has_choice(channels: int) -> bool:
    """Whether there is anything to choose in an image of so many channels."""
    return channels == 2 or channels > 3


def load_choice(workspace: Path) -> ChannelChoice:
    """What was kept in the folder `workspace`; the choice by itself where there is nothing that makes sense."""
    try:
        kept = json.loads((workspace / STATE_FOLDER / _FILE).read_text(encoding="utf-8"))
        shown = tuple(kept["shown"])
        network = NetworkInput(kept["network"])
    except (OSError, ValueError, KeyError, TypeError):
        return ChannelChoice()
    makes_sense = len(shown) in (0, 1, 3) and all(type(channel) is int and channel >= 0 for channel in shown)
    return ChannelChoice(shown, network) if makes_sense else ChannelChoice()


def save_choice(workspace: Path, choice: ChannelChoice) -> None:
    """Keep `choice`. Raises SaveError."""
    make_folder(workspace / STATE_FOLDER)
    content = {"shown": list(choice.shown), "network": choice.network.value}
    write_atomically(workspace / STATE_FOLDER / _FILE, json.dumps(content).encode())
