"""The rule that decides, once, whether an accepted image teaches or is held out.

Owns the decision alone; lists and index are read and written elsewhere. In this order:

1. A name in val.txt is held out, one in train.txt teaches (the caller looks there first).
2. Images that belong together stay on one side: an image goes where the accepted image is that it looks most like,
   if that is a near-duplicate (any name; see `looks`) or a neighbouring frame: the image before or after it in the
   folder's order, of the same name but for the last number, that looks alike.
3. The first four accepted images teach.
4. A class seen in three accepted images or more (this one counted) must be on both sides: an image that has a class
   which is missing from one side goes there; of several such classes the rarest decides.
5. Else one in five is held out, by a hash of the name that is the same on every machine.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from segstudio.project.looks import DUPLICATE_CORRELATION, NEIGHBOUR_CORRELATION, SERIES_CORRELATION, Look

FIRST_WITH_HELD_OUT = 5
"""The first so many accepted images but one teach."""

ONE_IN = 5

SEEN_ENOUGH = 3
"""A class seen in so many images must be on both sides."""

LONGEST_GROUP = 5
"""A group of neighbours that are scored together takes so many frames. Of street scenes filmed at one frame a second,
what two networks differ by correlates by 0.6 from a frame to the next, by 0.2 over three frames, and not over five."""

_LAST_NUMBER = re.compile(r"\d+(?!.*\d)")


class Side(Enum):
    """What an accepted image is for."""

    TEACHING = "teaching"
    HELD_OUT = "held out"


@dataclass(frozen=True)
class AcceptedImage:
    """What the rule needs to know of an image.

    Attributes:
        name: its stem.
        position: its place in the folder's order.
        look: how it looks; None where it could not be read or was not looked at.
        classes: the names of the classes that its label map holds.
    """

    name: str
    position: int
    look: Look | None
    classes: frozenset[str]


def decide_side(image: AcceptedImage, accepted: Sequence[tuple[AcceptedImage, Side]]) -> Side:
    """The side of `image`, which has none yet; `accepted` are the others that are accepted."""
    together = _side_of_companion(image, accepted)
    if together is not None:
        return together
    if len(accepted) + 1 < FIRST_WITH_HELD_OUT:
        return Side.TEACHING
    return _side_for_classes(image, accepted) or hashed_side(image.name)


def hashed_side(name: str) -> Side:
    """One name in five is held out, the same ones on every machine."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    return Side.HELD_OUT if int.from_bytes(digest[:8], "big") % ONE_IN == 0 else Side.TEACHING


def belong_together(first: AcceptedImage, second: AcceptedImage) -> float | None:
    """How alike two images are if they are near-duplicates or neighbouring frames, else None."""
    if first.look is None or second.look is None:
        return None
    likeness = first.look.likeness(second.look)
    if likeness >= DUPLICATE_CORRELATION and first.look.has_color_of(second.look):
        return likeness
    follows = abs(first.position - second.position) == 1 and _is_same_series(first.name, second.name)
    return likeness if follows and likeness >= NEIGHBOUR_CORRELATION and first.look.has_color_of(second.look) else None


def neighbour_groups(names: Sequence[str], looks: Sequence[Look]) -> list[int]:
    """A group number, from 0 on, for each of the images `names` with their `looks`: what shows one scene is one group.

    In the order given, an image joins the group of the image before it where both are frames of one series (the same
    name but for the last number) that look alike, until the group has `LONGEST_GROUP` frames: a camera has moved on by
    then. A near-duplicate of a group's first image joins that group, whatever its name. Numbers alone make no
    neighbours, as scans may be numbered one after the other.
    """
    groups: list[int] = []
    firsts: list[int] = []
    for at, (name, look) in enumerate(zip(names, looks, strict=True)):
        double = next((group for group, first in enumerate(firsts) if look.is_duplicate_of(looks[first])), None)
        if double is not None:
            groups.append(double)
            continue
        goes_on = (
            at > 0
            and groups.count(groups[-1]) < LONGEST_GROUP
            and _is_same_series(name, names[at - 1])
            and look.likeness(looks[at - 1]) >= SERIES_CORRELATION
        )
        if not goes_on:
            firsts.append(at)
        groups.append(groups[-1] if goes_on else len(firsts) - 1)
    return groups


def _side_of_companion(image: AcceptedImage, accepted: Sequence[tuple[AcceptedImage, Side]]) -> Side | None:
    companions = [
        (likeness, side) for other, side in accepted if (likeness := belong_together(image, other)) is not None
    ]
    return max(companions, key=lambda companion: companion[0])[1] if companions else None


def _side_for_classes(image: AcceptedImage, accepted: Sequence[tuple[AcceptedImage, Side]]) -> Side | None:
    seen = {side: Counter(name for other, at in accepted if at is side for name in other.classes) for side in Side}
    wishes = []
    for name in image.classes:
        teaching, held_out = seen[Side.TEACHING][name], seen[Side.HELD_OUT][name]
        if teaching + held_out + 1 < SEEN_ENOUGH:
            continue
        if held_out == 0:
            wishes.append((teaching, name, Side.HELD_OUT))
        elif teaching == 0:
            wishes.append((held_out, name, Side.TEACHING))
    return min(wishes, key=lambda wish: wish[:2])[2] if wishes else None


def _without_number(name: str) -> str | None:
    """The name around its last number, or None where it has none."""
    match = _LAST_NUMBER.search(name)
    return f"{name[: match.start()]}\0{name[match.end() :]}" if match else None


def _is_same_series(first: str, second: str) -> bool:
    series = _without_number(first)
    return series is not None and series == _without_number(second)
