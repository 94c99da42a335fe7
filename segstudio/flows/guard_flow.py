"""Connects the guards (locked classes, what may be painted over, accepted pixels) with the open image's document."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from segstudio.actions import Actions
from segstudio.core.class_table import ClassTable
from segstudio.core.document import Document
from segstudio.core.guard import Guard, Reason, Refusal
from segstudio.core.pixel_sets import AllPixels, AtLeast, PixelSet
from segstudio.services.notifier import Level, Notice, Notifier
from segstudio.services.open_image import OpenImage
from segstudio.services.session import Session
from segstudio.services.settings import PROTECT_ACCEPTED, UNSURE_BELOW, Settings
from segstudio.services.translation import tr
from segstudio.widgets.words import class_name
from segstudio.window_parts import WindowParts


class GuardFlow(QObject):
    """One guard for the window; every image that is opened gets it, with its own pixels."""

    def __init__(
        self,
        parts: WindowParts,
        actions: Actions,
        session: Session,
        settings: Settings,
        notifier: Notifier,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._parts = parts
        self._over = parts.brush.over
        self._session = session
        self._settings = settings
        self._notifier = notifier
        self._followed: Document | None = None
        self._lock = actions["lock_class"]
        self._protect = actions["protect_accepted"]
        self._over.set_unsure_below(settings.get(UNSURE_BELOW))
        self._protect.setChecked(settings.get(PROTECT_ACCEPTED))
        self._over.set_protecting(self._protect.isChecked())
        self._lock.setEnabled(False)
        self._connect()

    def _connect(self) -> None:
        parts, session = self._parts, self._session
        self._lock.triggered.connect(lambda: self._toggle(parts.classes.current()))
        parts.classes.lock_toggled.connect(self._toggle)
        # However it became the current one: `current_changed` tells of clicks alone.
        parts.classes.list.selectionModel().currentChanged.connect(lambda *_: self._refresh_action())
        self._over.changed.connect(self._on_over_changed)
        self._over.protect_toggled.connect(self._protect.setChecked)
        self._protect.toggled.connect(self._on_protect_toggled)
        session.project_opened.connect(lambda project: self._on_classes_changed(project.classes))
        session.project_closed.connect(lambda: self._on_classes_changed(ClassTable([])))
        session.classes_changed.connect(self._on_classes_changed)
        session.image_opened.connect(self._on_image_opened)
        session.proposal_changed.connect(self._apply)
        session.accepted.connect(lambda _name: self._apply())

    def _classes(self) -> ClassTable:
        project = self._session.project
        return project.classes if project is not None else ClassTable([])

    @Slot(int)
    def _toggle(self, index: int) -> None:
        classes = self._classes()
        if 0 <= index < len(classes):
            self._session.set_classes(classes.with_locked(index, not classes[index].locked))

    @Slot(object)
    def _on_classes_changed(self, classes: ClassTable) -> None:
        self._over.set_classes(classes)
        self._apply()

    @Slot()
    def _on_over_changed(self) -> None:
        self._settings.set(UNSURE_BELOW, self._over.unsure_below)
        self._apply()

    @Slot(bool)
    def _on_protect_toggled(self, is_on: bool) -> None:
        self._over.set_protecting(is_on)
        self._settings.set(PROTECT_ACCEPTED, is_on)
        self._apply()

    @Slot(object)
    def _on_image_opened(self, opened: OpenImage | None) -> None:
        if self._followed is not None:
            self._followed.refused.disconnect(self._on_refused)
        self._followed = opened.document if opened is not None else None
        if self._followed is not None:
            self._followed.refused.connect(self._on_refused)
        self._apply()

    @Slot()
    def _apply(self) -> None:
        opened = self._session.current
        self._over.set_has_confidence(opened is not None and opened.confidence is not None)
        if opened is not None:
            locked = (index for index, info in enumerate(self._classes()) if info.locked)
            accepted = opened.accepted if self._protect.isChecked() else None
            opened.document.guard = Guard.of(locked, self._over.only_over(), self._sure(opened), accepted)
        self._refresh_action()

    def _sure(self, opened: OpenImage) -> PixelSet | None:
        """The pixels that are not unsure, where only unsure ones may be painted over."""
        if not self._over.is_unsure_only:
            return None
        if opened.confidence is None:
            return AllPixels()
        return AtLeast(opened.confidence, -(-self._over.unsure_below * 255 // 100))

    def _on_refused(self, refusal: Refusal) -> None:
        """Say which guard it was, and offer to lift it."""
        text, remedy_text, remedy = self._words(refusal)
        self._notifier.say(Notice(Level.INFO, tr("Nothing changed: {why}", why=text), remedy_text, remedy))

    def _words(self, refusal: Refusal) -> tuple[str, str, Callable[[], None]]:
        label, classes = refusal.label, self._classes()
        everything = tr("Paint over everything"), self._over.choose_everything
        match refusal.reason:
            case Reason.LOCKED:
                name = class_name(classes, label)
                unlock = tr("Unlock {name}", name=name)
                return tr("{name} is locked.", name=name), unlock, lambda: self._unlock(label)
            case Reason.ANOTHER_LABEL:
                only = class_name(classes, self._over.only_over() or 0)
                return (tr("only {name} may be painted over.", name=only), *everything)
            case Reason.SURE:
                return (tr("only void and unsure pixels may be painted over."), *everything)
            case Reason.ACCEPTED:
                lift = tr("Stop protecting"), lambda: self._protect.setChecked(False)
                return (tr("accepted pixels are protected."), *lift)

    def _unlock(self, index: int) -> None:
        classes = self._classes()
        if index < len(classes) and classes[index].locked:
            self._toggle(index)

    @Slot()
    def _refresh_action(self) -> None:
        classes, current = self._classes(), self._parts.classes.current()
        self._lock.setEnabled(0 <= current < len(classes))
        self._lock.setChecked(self._lock.isEnabled() and classes[current].locked)
