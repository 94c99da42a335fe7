"""Whether what a person types means a line of words: without regard to case, accents and order. No Qt, no state."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_LONG = 3
"""Letters from which on a part of a word is enough: fewer occur in nearly every word."""


def folded(text: str) -> str:
    """`text` without case and accents: "Größe" is "grosse".

    Source: Unicode 16, section 3.13, D146 (compatibility caseless match): a sign such as "𝓐" has a case only once it is
    decomposed. Accents are dropped afterwards.
    """
    parts = text
    for _ in range(2):
        parts = unicodedata.normalize("NFKD", parts.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def fits(query: str, texts: Iterable[str]) -> bool:
    """Whether every word of `query` begins a word of `texts`, or is within one if it has three letters or more.

    Words are what spaces separate, so "ctrl+z" is one, and so is a sign such as "?".
    """
    words = folded(" ".join(texts)).split()
    return all(
        any(word.startswith(wanted) or (len(wanted) >= _LONG and wanted in word) for word in words)
        for wanted in folded(query).split()
    )
