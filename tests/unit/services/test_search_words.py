"""What a person types finds what they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segstudio.services.search_words import fits, folded

UNDO = ("Undo", "Take back the last edit of this image", "Edit", "Ctrl+Z", "Z")


@pytest.mark.parametrize("query", ["", "  ", "UNDO", "úndo", "ctrl+z", "Ctrl", "z", "last edit", "edit undo", "dit"])
def test_what_is_meant_is_found(query: str) -> None:
    assert fits(query, UNDO)


@pytest.mark.parametrize("query", ["redo", "d", "ctrl+y", "undo redo", "nd", "+z"])
def test_what_is_not_meant_is_not(query: str) -> None:
    assert not fits(query, UNDO)


@pytest.mark.parametrize("sign", ["?", "[", "]", ",", ".", "+"])
def test_signs_are_words(sign: str) -> None:
    assert fits(sign, ("Larger brush", sign))
    assert not fits(sign, ("Larger brush", "Size; or the wheel"))


def test_accents_and_case_do_not_matter() -> None:
    assert folded("Größe ÉÀ") == "grosse ea"


@given(st.text())
def test_every_text_finds_itself_whatever_its_case(text: str) -> None:
    assert fits(text, [text]) and fits(text.upper(), [text]) and folded(folded(text)) == folded(text)
