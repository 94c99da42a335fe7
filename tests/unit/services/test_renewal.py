"""Which proposals another network makes anew, and when."""

from __future__ import annotations

from segstudio.services.renewal import Renewal


def test_a_network_that_a_person_chose_renews_all_at_once() -> None:
    renewal = Renewal()
    renewal.model_changes(["a", "b"], lazily=False)
    assert renewal.model_is_ready() == ["a", "b"] and renewal.model_is_ready() == []
    assert renewal.is_stale("a")
    renewal.done("a")
    assert not renewal.is_stale("a") and renewal.is_stale("b")


def test_while_learning_goes_on_each_waits_until_it_is_asked_for() -> None:
    renewal = Renewal()
    renewal.model_changes(["a", "b"], lazily=True)
    assert renewal.model_is_ready() == [] and renewal.is_stale("a") and not renewal.is_stale("c")


def test_proposing_for_all_goes_on_with_the_next_network_where_it_was() -> None:
    renewal = Renewal()
    assert renewal.ask_overall(name for name in "abc") == ["a", "b", "c"]
    renewal.done("a")
    renewal.model_changes(["a"], lazily=True)
    assert renewal.is_overall and renewal.model_is_ready() == ["b", "c"]
    renewal.model_changes(["a", "b"], lazily=False)
    assert renewal.model_is_ready() == ["b", "c", "a"]
    renewal.cancel()
    assert not renewal.is_overall and renewal.model_is_ready() == []
