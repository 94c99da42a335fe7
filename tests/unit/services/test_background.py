"""Work off the GUI thread: where its results arrive, in which order, and what closing does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from segstudio.core.errors import InputError, SegStudioError
from segstudio.services.background import TaskRunner


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[TaskRunner]:
    made = TaskRunner(1)
    yield made
    made.close()


def test_the_work_runs_elsewhere_and_its_result_arrives_here(runner: TaskRunner, qtbot: QtBot) -> None:
    worked: list[threading.Thread] = []
    arrived: list[tuple[int, threading.Thread]] = []

    def work() -> int:
        worked.append(threading.current_thread())
        return 42

    runner.submit(work, lambda result: arrived.append((result, threading.current_thread())))
    assert runner.waiting == 1
    qtbot.waitUntil(lambda: bool(arrived))
    assert arrived == [(42, threading.main_thread())]
    assert worked[0] is not threading.main_thread()
    assert runner.waiting == 0


def test_one_thread_keeps_the_order(runner: TaskRunner, qtbot: QtBot) -> None:
    arrived: list[int] = []
    for number in range(50):
        runner.submit(lambda number=number: number, arrived.append)  # type: ignore[misc]
    qtbot.waitUntil(lambda: len(arrived) == 50)
    assert arrived == list(range(50))


def test_an_expected_failure_goes_to_failed(runner: TaskRunner, qtbot: QtBot) -> None:
    told: list[SegStudioError] = []

    def work() -> None:
        raise InputError("No.")

    runner.submit(work, lambda _: pytest.fail("it did not succeed"), told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert told[0].message == "No."


@pytest.mark.parametrize("failed", [None, lambda _: pytest.fail("a bug is not an expected failure")])
def test_a_bug_is_raised_in_the_event_loop(
    runner: TaskRunner, qtbot: QtBot, failed: Callable[[SegStudioError], None] | None
) -> None:
    def work() -> None:
        raise ZeroDivisionError("a bug")

    with qtbot.captureExceptions() as raised:
        runner.submit(work, None, failed)
        qtbot.waitUntil(lambda: bool(raised))
    assert raised[0][0] is ZeroDivisionError
    assert runner.waiting == 0


def test_a_cancelled_task_is_not_begun_and_not_delivered(runner: TaskRunner, qtbot: QtBot) -> None:
    go = threading.Event()
    done: list[str] = []
    runner.submit(lambda: go.wait(10))
    task = runner.submit(lambda: done.append("worked"), lambda _: done.append("delivered"))
    task.cancel()
    go.set()
    qtbot.waitUntil(lambda: runner.waiting == 0)
    assert done == []


def test_closing_waits_for_the_work_and_delivers_nothing(qtbot: QtBot) -> None:
    runner = TaskRunner(1)
    done: list[str] = []
    for _ in range(3):
        runner.submit(lambda: done.append("worked"), lambda _: done.append("delivered"))
    runner.close()
    assert done == ["worked"] * 3
    qtbot.waitUntil(lambda: runner.waiting == 0)
    assert done == ["worked"] * 3
