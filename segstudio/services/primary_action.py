"""Which one thing the window offers first: named by what it does, always in the same place. No Qt, no state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from segstudio.core.errors import marked


class Primary(Enum):
    """What the primary button does."""

    PROPOSE = auto()
    ACCEPT = auto()
    FINE_TUNE = auto()
    NEXT = auto()
    WAIT = auto()
    """Nothing: a proposal of the open image is about to come."""


@dataclass(frozen=True)
class Situation:
    """What the decision depends on."""

    has_image: bool
    is_blank: bool
    """No pixel of the open image has a label."""
    has_proposal: bool
    """A proposal is shown."""
    is_accepted: bool
    """The open image is accepted, and was not changed since."""
    has_model: bool
    is_proposing: bool
    """The open image's proposal is being made, or the network that will make it is being loaded."""
    is_training: bool
    new_accepted: int
    """Images accepted since the last round."""
    unfinished: int
    """Images that are not accepted."""


@dataclass(frozen=True)
class Offer:
    """The primary action, whether it can be done now, and why (not): a marked sentence."""

    action: Primary
    enabled: bool
    hint: str


def offer(now: Situation) -> Offer:
    """The one thing to offer first."""
    if not now.has_image:
        return Offer(Primary.PROPOSE, False, marked("Open a folder first."))
    if now.is_accepted:
        if now.new_accepted and not now.is_training:
            return Offer(Primary.FINE_TUNE, True, marked("Learn from the images accepted since the last round."))
        return Offer(Primary.NEXT, now.unfinished > 0, marked("Go to the next image that is not accepted."))
    if now.has_proposal or not now.is_blank:
        return Offer(Primary.ACCEPT, True, marked("Save this mask and show the next image."))
    if now.is_proposing:
        return Offer(Primary.WAIT, False, marked("The network is labelling this image. You may paint meanwhile."))
    if now.has_model:
        return Offer(Primary.PROPOSE, True, marked("Let the network label this image."))
    if now.new_accepted and not now.is_training:
        return Offer(Primary.FINE_TUNE, True, marked("Teach a first network what you have accepted."))
    return Offer(
        Primary.PROPOSE, False, marked("There is no network yet: paint and accept a few images, or load a checkpoint.")
    )
