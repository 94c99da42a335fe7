"""Which images are new to a network, by the job file of the round that made it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from segstudio.project.rounds import fresh_names

TEACHING = ["d", "b", "a", "c"]


def test_fresh_is_what_did_not_teach_the_parent(tmp_path: Path) -> None:
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"train": ["a", "b", "gone"], "heldout": ["c"]}))
    assert fresh_names(TEACHING, job) == ["d", "c"], "one that moved over from the held-out side is new as well"


@pytest.mark.parametrize("content", [None, "", "{", "[]", "7", '{"train": "ab"}', '{"heldout": []}'])
def test_nothing_is_fresh_where_nobody_knows(tmp_path: Path, content: str | None) -> None:
    job = tmp_path / "job.json"
    if content is not None:
        job.write_text(content)
    assert fresh_names(TEACHING, job) == []
    assert fresh_names(TEACHING, None) == []
