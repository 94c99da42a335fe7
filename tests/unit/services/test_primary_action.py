"""Which one thing is offered first, situation by situation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segstudio.services.primary_action import Primary, Situation, offer

BLANK = Situation(
    has_image=True,
    is_blank=True,
    has_proposal=False,
    is_accepted=False,
    has_model=False,
    is_proposing=False,
    is_training=False,
    new_accepted=0,
    unfinished=5,
)


@pytest.mark.parametrize(
    ("changes", "action", "enabled"),
    [
        ({"has_image": False}, Primary.PROPOSE, False),
        ({}, Primary.PROPOSE, False),
        ({"has_model": True}, Primary.PROPOSE, True),
        ({"has_model": True, "is_proposing": True}, Primary.WAIT, False),
        ({"is_proposing": True}, Primary.WAIT, False),
        ({"has_model": True, "is_proposing": True, "is_blank": False}, Primary.ACCEPT, True),
        ({"has_model": True, "has_proposal": True}, Primary.ACCEPT, True),
        ({"is_blank": False}, Primary.ACCEPT, True),
        ({"is_blank": False, "is_training": True}, Primary.ACCEPT, True),
        ({"new_accepted": 2}, Primary.FINE_TUNE, True),
        ({"new_accepted": 2, "is_training": True}, Primary.PROPOSE, False),
        ({"new_accepted": 2, "has_model": True}, Primary.PROPOSE, True),
        ({"is_blank": False, "is_accepted": True}, Primary.NEXT, True),
        ({"is_blank": False, "is_accepted": True, "unfinished": 0}, Primary.NEXT, False),
        ({"is_blank": False, "is_accepted": True, "new_accepted": 1}, Primary.FINE_TUNE, True),
        ({"is_blank": False, "is_accepted": True, "new_accepted": 1, "is_training": True}, Primary.NEXT, True),
    ],
)
def test_the_one_thing(changes: dict[str, bool | int], action: Primary, enabled: bool) -> None:
    offered = offer(replace(BLANK, **changes))  # type: ignore[arg-type]
    assert (offered.action, offered.enabled) == (action, enabled)
    assert offered.hint.endswith(".")
