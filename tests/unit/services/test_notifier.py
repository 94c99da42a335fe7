"""The notifier: what was said is kept, shown and recorded, and errors come with their sentence."""

from __future__ import annotations

import logging

import pytest

from segstudio.core.errors import InputError, SaveError
from segstudio.services.notifier import Level, Notice, Notifier


@pytest.fixture
def notifier() -> Notifier:
    return Notifier()


def test_a_notice_is_handed_on_and_kept(notifier: Notifier) -> None:
    shown: list[Notice] = []
    notifier.noticed.connect(shown.append)
    notifier.info("one")
    notifier.success("two")
    notifier.warning("three")
    assert [(notice.level, notice.text) for notice in shown] == [
        (Level.INFO, "one"),
        (Level.SUCCESS, "two"),
        (Level.WARNING, "three"),
    ]
    assert list(notifier.history) == shown


def test_an_error_becomes_its_sentence_with_the_remedy_as_a_button(notifier: Notifier) -> None:
    done: list[str] = []
    notifier.error(SaveError("{file} was not saved.", file="a{b}.png"), "Show image", lambda: done.append("shown"))
    notice = notifier.history[-1]
    assert notice.level is Level.ERROR and notice.text == "a{b}.png was not saved."
    assert notice.remedy_text == "Show image" and notice.remedy is not None
    notice.remedy()
    assert done == ["shown"]


def test_a_sentence_without_values_may_hold_braces(notifier: Notifier) -> None:
    notifier.error(InputError("{reason}", reason='a job like {"train": []}'))
    assert notifier.history[-1].text == 'a job like {"train": []}'


def test_an_expected_failure_is_recorded_as_information(notifier: Notifier, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        notifier.error(InputError("There is no folder."))
    assert [record.message for record in caplog.records] == ["There is no folder."]
    assert all(record.levelno < logging.WARNING for record in caplog.records)


def test_the_history_does_not_grow_without_end(notifier: Notifier) -> None:
    for number in range(1000):
        notifier.info(str(number))
    assert len(notifier.history) == 200 and notifier.history[-1].text == "999"
