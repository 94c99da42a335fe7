"""Merging and swapping two classes as a person does it: asked for, looked at, done, and taken back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QComboBox

from segstudio.core.class_change import ChangeKind, ClassChange
from segstudio.core.class_table import VOID
from segstudio.project.class_change_log import LOG_NAME
from segstudio.project.project import Status
from segstudio.services.notifier import Level
from segstudio.widgets.class_change_dialog import ClassChangeDialog
from segstudio.widgets.notices import NoticeCard
from tests.gui.window_person import PATIENT, Person, mask_of, use_tiny_model
from tests.small_folders import voc_folder

Key = Qt.Key
NAMES = ["s00", "s01", "s02", "s03"]
SWAP = ClassChange(ChangeKind.SWAP, 2, 1)
POLE_INTO_SUN = ClassChange(ChangeKind.MERGE, 2, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return voc_folder(tmp_path / "data", images=6, masks=4, held_out=1)


@pytest.fixture
def opened(person: Person, folder: Path) -> Path:
    """The folder, open at the accepted image s00."""
    person.open(folder)
    person.choose_in_filmstrip("s00")
    person.settle()
    return folder


def masks(folder: Path) -> dict[str, np.ndarray]:
    return {name: mask_of(folder, name) for name in NAMES}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def asked(person: Person) -> ClassChangeDialog:
    person.trigger("change_classes")
    dialog = person.dialog(ClassChangeDialog)
    assert isinstance(dialog, ClassChangeDialog)
    return dialog


def choose(person: Person, box: QComboBox, row: int) -> None:
    """By the keyboard, from the first row on."""
    box.setFocus()
    person.key(Key.Key_Home, box)
    for _ in range(row):
        person.key(Key.Key_Down, box)
    assert box.currentIndex() == row


def choose_change(person: Person, dialog: ClassChangeDialog, change: ClassChange) -> None:
    person.click(dialog.merge_button if change.kind is ChangeKind.MERGE else dialog.swap_button)
    choose(person, dialog.source_box, change.source)
    choose(person, dialog.target_box, change.target)


def change_all(person: Person, change: ClassChange) -> None:
    dialog = asked(person)
    choose_change(person, dialog, change)
    person.click(dialog.all_button)
    person.wait(dialog.accept_button.isEnabled)
    with person.qtbot.waitSignal(person.window.class_change_flow.ended, timeout=PATIENT):
        person.answer(dialog)
    person.settle()


def take_back(person: Person) -> None:
    with person.qtbot.waitSignal(person.window.class_change_flow.ended, timeout=PATIENT):
        person.trigger("take_back_classes")
    person.settle()


def cards(person: Person) -> dict[str, NoticeCard]:
    return {card.notice.text: card for card in person.window.notices.cards}


@pytest.mark.parametrize("change", [POLE_INTO_SUN, SWAP])
def test_in_this_image_it_is_one_edit_shown_before_and_undone_by_one_undo(
    person: Person, opened: Path, change: ClassChange
) -> None:
    before = person.labels.copy()
    dialog = asked(person)
    choose_change(person, dialog, change)
    assert dialog.here_button.isChecked()
    person.wait(lambda: bool(dialog.preview.pairs) and dialog.accept_button.isEnabled())
    pair = dialog.preview.pairs[0]
    assert pair.before.size() == pair.after.size() and pair.before != pair.after
    pixels = np.count_nonzero(np.isin(before, change.moving))
    assert dialog.summary.text().startswith(f"{pixels} pixels change")
    wanted = "Merge pole into sun" if change is POLE_INTO_SUN else "Swap pole and sun"
    assert dialog.accept_button.text() == wanted
    assert np.array_equal(person.labels, before)
    person.answer(dialog)
    assert np.array_equal(person.labels, change.changed(before))
    assert same(masks(opened), masks(opened)) and np.array_equal(mask_of(opened, "s00"), before)
    assert person.window.session.status("s00") is Status.DRAFT
    person.trigger("undo")
    assert np.array_equal(person.labels, before) and not person.window.actions_table["undo"].isEnabled()
    assert person.said == []


@pytest.mark.parametrize("change", [POLE_INTO_SUN, SWAP])
def test_in_all_images_it_is_counted_shown_done_and_undone_from_the_notice(
    person: Person, opened: Path, change: ClassChange
) -> None:
    before = masks(opened)
    dialog = asked(person)
    choose_change(person, dialog, change)
    person.click(dialog.all_button)
    person.wait(lambda: len(dialog.preview.pairs) == 4 and dialog.accept_button.isEnabled())
    pixels = sum(int(np.isin(labels, change.moving).sum()) for labels in before.values())
    grouped = f"{pixels:,}".replace(",", "\N{NO-BREAK SPACE}")
    assert dialog.summary.text() == f"4 masks change, {grouped} pixels in all."
    verb = "Merge pole into sun" if change is POLE_INTO_SUN else "Swap pole and sun"
    assert dialog.accept_button.text() == f"{verb} in 4 images"
    most = max(before, key=lambda name: int(np.isin(before[name], change.moving).sum()))
    assert dialog.preview.pairs[0].caption == most
    with person.qtbot.waitSignal(person.window.class_change_flow.ended, timeout=PATIENT):
        person.answer(dialog)
    person.settle()
    assert same(masks(opened), {name: change.changed(labels) for name, labels in before.items()})
    assert np.array_equal(person.labels, change.changed(before["s00"]))
    assert all(person.window.session.status(name) is Status.ACCEPTED for name in NAMES)
    assert person.parts.filmstrip.counts.text() == "4 accepted of 6" and not person.parts.status.busy.isVisible()
    done = "Merged pole into sun" if change is POLE_INTO_SUN else "Swapped pole and sun"
    card = cards(person)[f"{done} in 4 images."]
    assert card.remedy_button.text() == "Undo"
    with person.qtbot.waitSignal(person.window.class_change_flow.ended, timeout=PATIENT):
        person.click(card.remedy_button)
    person.settle()
    assert same(masks(opened), before) and np.array_equal(person.labels, before["s00"])
    assert not person.window.actions_table["take_back_classes"].isEnabled() and person.said == []


def test_the_dialog_says_what_can_then_no_longer_be_undone(person: Person, opened: Path) -> None:
    change_all(person, SWAP)
    dialog = asked(person)
    assert "no longer" not in dialog.notes.text()
    person.click(dialog.all_button)
    assert "The swap of pole and sun can then no longer be undone." in dialog.notes.text()
    person.click(dialog.cancel_button)
    assert person.window.actions_table["take_back_classes"].isEnabled()


def test_the_menu_offers_the_undo_after_the_folder_was_closed(person: Person, opened: Path) -> None:
    before = masks(opened)
    change_all(person, SWAP)
    action = person.window.actions_table["take_back_classes"]
    assert action.text() == "Undo swap of pole and sun in 4 images"
    person.trigger("close")
    assert not action.isEnabled() and action.text() == "Undo the latest merge or &swap"
    person.open(opened)
    person.wait(action.isEnabled)
    assert action.text() == "Undo swap of pole and sun in 4 images"
    take_back(person)
    assert same(masks(opened), before)
    assert person.window.notifier.history[-1].text == "Undone: swap of pole and sun, in 4 images."


def test_what_was_painted_and_accepted_since_stays_and_that_is_said(person: Person, opened: Path) -> None:
    before = masks(opened)
    change_all(person, POLE_INTO_SUN)
    person.paint(Key.Key_1, (0, 24), (63, 24))
    painted = person.labels != POLE_INTO_SUN.changed(before["s00"])
    assert (painted & (before["s00"] == 2)).any()
    assert person.window.session.status("s00") is Status.DRAFT
    person.trigger("accept")
    person.wait(lambda: not (mask_of(opened, "s00")[painted]).any())
    person.settle()
    take_back(person)
    wanted = np.where(painted, 0, before["s00"])
    assert np.array_equal(mask_of(opened, "s00"), wanted)
    assert same({**masks(opened), "s00": before["s00"]}, before)
    assert person.said == ["In 1 image pixels were painted since. Those stay as they are."]


def test_the_shares_and_thumbnails_follow(person: Person, opened: Path) -> None:
    classes = person.parts.classes
    person.wait(lambda: "0 %" not in classes.model.told(2))
    renewed: list[str] = []
    person.window.thumbnails.ready.connect(lambda name, _picture: renewed.append(name))
    change_all(person, POLE_INTO_SUN)
    person.wait(lambda: "This image: 0 % of the pixels" in classes.model.told(2))
    person.wait(lambda: "Accepted images: 0 % of the pixels" in classes.model.told(2))
    person.wait(lambda: set(NAMES) <= set(renewed))


def test_a_locked_class_forbids_it_and_says_why(person: Person, opened: Path) -> None:
    person.parts.classes.lock_toggled.emit(2)
    dialog = asked(person)
    choose_change(person, dialog, POLE_INTO_SUN)
    person.wait(lambda: bool(dialog.preview.pairs))
    assert dialog.problem.text() == "pole is locked. Unlock it first." and not dialog.accept_button.isEnabled()
    choose_change(person, dialog, ClassChange(ChangeKind.MERGE, 1, 2))  # what a locked class gains it may gain
    assert not dialog.problem.isVisible() and dialog.accept_button.isEnabled()
    person.click(dialog.swap_button)
    assert dialog.problem.isVisible() and not dialog.accept_button.isEnabled()
    person.click(dialog.all_button)
    assert not dialog.accept_button.isEnabled()
    choose(person, dialog.target_box, 1)
    assert dialog.problem.text() == "Choose two different classes."
    person.click(dialog.cancel_button)
    person.parts.classes.lock_toggled.emit(2)


def test_what_may_be_painted_over_and_protected_pixels_forbid_it_too(person: Person, opened: Path) -> None:
    box, over = person.parts.brush.over.box, person.parts.brush.over
    for title, why in (
        ("void", "Paint over allows void only. Choose everything there first."),
        ("unsure", "Paint over allows unsure pixels only. Choose everything there first."),
    ):
        box.setCurrentIndex(next(row for row in range(box.count()) if title in box.itemText(row)))
        dialog = asked(person)
        choose_change(person, dialog, POLE_INTO_SUN)
        assert dialog.problem.text() == why and not dialog.accept_button.isEnabled()
        person.click(dialog.cancel_button)
    over.choose_everything()
    person.trigger("protect_accepted")
    dialog = asked(person)
    choose_change(person, dialog, POLE_INTO_SUN)
    assert dialog.problem.text() == "Accepted pixels are protected. Stop protecting them first."
    person.click(dialog.cancel_button)
    person.trigger("protect_accepted")
    dialog = asked(person)
    choose_change(person, dialog, POLE_INTO_SUN)
    assert not dialog.problem.isVisible()
    person.click(dialog.cancel_button)


def test_where_no_pixel_would_change_there_is_nothing_to_press(person: Person, folder: Path) -> None:
    person.open(folder)  # s04, which nobody labelled yet
    assert person.name == "s04"
    dialog = asked(person)
    choose_change(person, dialog, SWAP)
    person.wait(lambda: dialog.summary.text() == "Nothing changes in this image.")
    assert not dialog.accept_button.isEnabled()
    person.click(dialog.cancel_button)


def test_proposals_stay_as_the_network_made_them_and_the_dialog_says_so(person: Person, folder: Path) -> None:
    use_tiny_model(folder)
    person.open(folder)
    person.wait_for_proposal()
    proposal = person.window.session.shown_proposal
    assert proposal is not None
    kept = proposal.labels.copy()
    person.wait(lambda: person.window.session.project.load_proposal("s04") is not None)  # type: ignore[union-attr]
    dialog = asked(person)
    choose_change(person, dialog, SWAP)
    person.click(dialog.all_button)
    assert "Proposals keep the network's classes." in dialog.notes.text()
    person.wait(dialog.accept_button.isEnabled)
    with person.qtbot.waitSignal(person.window.class_change_flow.ended, timeout=PATIENT):
        person.answer(dialog)
    person.settle()
    assert person.shows_proposal and (person.labels == VOID).all()
    project = person.window.session.project
    assert project is not None
    stored = project.load_proposal("s04")
    assert stored is not None and np.array_equal(stored.labels, kept)
    assert "s04" not in person.window.class_change_flow.changes.log.changed  # type: ignore[union-attr]


def test_a_shown_proposal_becomes_an_edit_before_it_is_changed_in_this_image(person: Person, folder: Path) -> None:
    use_tiny_model(folder)
    person.open(folder)
    person.wait_for_proposal()
    proposal = person.window.session.shown_proposal
    assert proposal is not None
    kept = proposal.labels.copy()
    dialog = asked(person)
    choose_change(person, dialog, SWAP)
    person.wait(dialog.accept_button.isEnabled)
    person.answer(dialog)
    assert np.array_equal(person.labels, SWAP.changed(kept))
    person.trigger("undo")
    assert np.array_equal(person.labels, kept)
    person.trigger("undo")
    assert person.shows_proposal


def test_a_right_click_on_a_class_or_a_region_asks_for_that_class(person: Person, opened: Path) -> None:
    view = person.parts.classes.list
    place = view.visualRect(view.model().index(2, 0)).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, view.viewport().mapToGlobal(place))
    QApplication.sendEvent(view.viewport(), event)
    menu = person.parts.classes.menu
    assert menu.isVisible()
    texts = {action.text(): action for action in menu.actions()}
    texts["Merge or swap pole…"].trigger()
    menu.close()
    dialog = person.dialog(ClassChangeDialog)
    assert isinstance(dialog, ClassChangeDialog) and dialog.source_box.currentText() == "pole"
    person.click(dialog.cancel_button)
    y, x = np.argwhere(person.labels == 1)[0].tolist()
    person.hand.press(x + 0.5, y + 0.5, Qt.MouseButton.RightButton)
    person.hand.release(x + 0.5, y + 0.5, Qt.MouseButton.RightButton)
    menu = person.window.region_flow.menu
    {action.text(): action for action in menu.actions()}["Merge or swap sun…"].trigger()
    menu.close()
    dialogs = [w for w in QApplication.topLevelWidgets() if isinstance(w, ClassChangeDialog) and w.isVisible()]
    assert [dialog.source_box.currentText() for dialog in dialogs] == ["sun"]
    person.click(dialogs[0].cancel_button)


def test_the_dialog_ends_what_is_being_drawn(person: Person, opened: Path) -> None:
    before = person.labels.copy()
    person.key(Key.Key_2, person.parts.canvas)
    person.hand.press(10, 10)
    person.hand.move(40, 10)
    dialog = asked(person)
    assert not person.parts.canvas.document.is_editing  # type: ignore[union-attr]
    assert (person.labels != before).any()
    person.click(dialog.cancel_button)


def test_painting_goes_on_while_all_images_are_changed(person: Person, opened: Path) -> None:
    """A stroke that is under way when its image's turn comes is finished first."""
    before = masks(opened)
    flow = person.window.class_change_flow
    strokes: list[str] = []

    def begin_stroke(done: int, _of: int) -> None:
        if done == 1 and not strokes:
            strokes.append("begun")
            person.key(Key.Key_1, person.parts.canvas)
            person.hand.press(32, 40)

    flow.changes.advanced.connect(begin_stroke)
    dialog = asked(person)
    choose_change(person, dialog, POLE_INTO_SUN)
    person.click(dialog.all_button)
    person.wait(dialog.accept_button.isEnabled)
    person.answer(dialog)
    person.wait(lambda: bool(strokes) and not (mask_of(opened, "s03") == 2).any())
    person.hand.move(50, 40)
    person.hand.release(50, 40)
    person.wait(lambda: not flow.changes.is_running)
    person.settle()
    assert (person.labels[40, 32:50] == 0).all() and not (person.labels == 2).any()
    assert person.said == []
    take_back(person)
    assert same({**masks(opened), "s00": before["s00"]}, before)


def test_cancelled_from_the_status_bar_what_is_done_can_be_undone(person: Person, opened: Path) -> None:
    before = masks(opened)
    flow = person.window.class_change_flow
    busy = person.parts.status.busy
    flow.changes.advanced.connect(lambda done, _of: person.click(busy.cancel_button) if done == 2 else None)
    dialog = asked(person)
    choose_change(person, dialog, SWAP)
    person.click(dialog.all_button)
    person.wait(dialog.accept_button.isEnabled)
    with person.qtbot.waitSignal(flow.ended, timeout=PATIENT):
        dialog.accept_button.click()
    person.settle()
    told = person.window.notifier.history[-1].text
    assert told == "Cancelled: swap of pole and sun, done in 2 images; the others are as they were."
    assert sum(not np.array_equal(mask_of(opened, name), before[name]) for name in NAMES) == 2
    take_back(person)
    assert same(masks(opened), before)


def test_a_change_that_was_cut_short_is_offered_to_go_on_when_the_folder_is_opened(
    person: Person, opened: Path
) -> None:
    before = masks(opened)
    flow, session = person.window.class_change_flow, person.window.session
    flow.changes.advanced.connect(lambda done, _of: session.close_project() if done == 2 else None)
    dialog = asked(person)
    choose_change(person, dialog, SWAP)
    person.click(dialog.all_button)
    person.wait(dialog.accept_button.isEnabled)
    dialog.accept_button.click()
    person.wait(lambda: session.project is None)
    flow.changes.advanced.disconnect()
    person.open(opened)
    text = "The swap of pole and sun was cut short: it is not done in all images."
    person.wait(lambda: text in cards(person))
    with person.qtbot.waitSignal(flow.ended, timeout=PATIENT):
        person.click(cards(person)[text].remedy_button)
    person.settle()
    assert same(masks(opened), {name: SWAP.changed(labels) for name, labels in before.items()})
    take_back(person)
    assert same(masks(opened), before)


def test_a_broken_mask_is_told_once_and_the_rest_is_done(person: Person, opened: Path) -> None:
    dialog = asked(person)
    choose_change(person, dialog, SWAP)
    person.click(dialog.all_button)
    person.wait(dialog.accept_button.isEnabled)
    (opened / "SegmentationClass" / "s02.png").write_bytes(b"no picture")
    with person.qtbot.waitSignal(person.window.class_change_flow.ended, timeout=PATIENT):
        person.answer(dialog)
    assert len(person.said) == 1 and person.said[0].startswith("s02 is left as it is. ")
    assert "s02.png cannot be read" in person.said[0]
    assert person.window.actions_table["take_back_classes"].text() == "Undo swap of pole and sun in 3 images"


def test_where_nothing_could_be_begun_there_is_nothing_to_go_on_with(person: Person, opened: Path) -> None:
    dialog = asked(person)
    choose_change(person, dialog, SWAP)
    person.click(dialog.all_button)
    person.wait(dialog.accept_button.isEnabled)
    (opened / ".segstudio" / LOG_NAME).mkdir(parents=True)  # no record can be written there
    with person.qtbot.waitSignal(person.window.class_change_flow.ended, timeout=PATIENT):
        person.answer(dialog)
    notice = person.window.notifier.history[-1]
    assert notice.level is Level.ERROR and LOG_NAME in notice.text and notice.remedy_text is None


def test_without_classes_to_choose_from_it_is_not_offered(person: Person, tmp_path: Path) -> None:
    assert not person.window.actions_table["change_classes"].isEnabled()
    root = voc_folder(tmp_path / "one")
    (root / "class_names.txt").write_text("only\n", encoding="utf-8")
    person.open(root)
    assert not person.window.actions_table["change_classes"].isEnabled()
