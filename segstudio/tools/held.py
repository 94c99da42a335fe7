"""The tools that change nothing before the button is let go: the edit begins at the press and is made at the release.

Owns the gesture. Which pixels it is about is for each tool to say.
"""

from __future__ import annotations

from segstudio.core.document import EditBuilder
from segstudio.core.raster import Point, Region
from segstudio.tools.inks import Ink, class_ink, erase_ink
from segstudio.tools.pointer import Modifiers, Phase, PointerEvent
from segstudio.tools.tool import Outline, ToolContext, ToolOutcome


class HeldTool:
    """Gives a region the label of `ink` at the release; class and ink stay those of the press.

    Ctrl at the press erases instead; Alt-click picks the class under the pointer. `name` and `erase_name` are the
    marked names of its edits.
    """

    is_stepwise = False

    def __init__(self, name: str, erase_name: str, ink: Ink = class_ink) -> None:
        self._name, self._erase_name = name, erase_name
        self._ink = ink
        self._erases = False
        self._held = Modifiers.NONE
        """The keys that were held at the press."""
        self._way: list[Point] = []
        """Where the pointer went, from the press on; empty where the button is up."""
        self._begun: ToolContext | None = None
        self._builder: EditBuilder | None = None

    @property
    def is_busy(self) -> bool:
        """Whether the button is down."""
        return self._begun is not None

    def handle(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        """One event."""
        match event.phase:
            case Phase.PRESS if not self.is_busy:
                if Modifiers.ALT in event.modifiers:
                    return ToolOutcome(picked_class=context.value_at(int(event.x // 1), int(event.y // 1)))
                if not context.document.is_editing and self._takes(event, context):
                    self._begun, self._way = context, [event.point]
                    self._held = event.modifiers
                    self._erases = context.erasing or Modifiers.CTRL in event.modifiers
                    # From now on, not at the release: who must not come in between asks the document.
                    self._builder = context.document.begin(self._erase_name if self._erases else self._name)
            case Phase.MOVE if self.is_busy and event.point != self._way[-1]:
                self._way.append(event.point)
            case Phase.RELEASE if self._builder is not None:
                self._way.append(event.point)
                return self._release(event, context, self._builder)
            case Phase.CANCEL:
                if self._builder is not None:
                    self._builder.cancel()
                self._forget()
        return self._shown(event, context)

    def _takes(self, event: PointerEvent, context: ToolContext) -> bool:
        """Whether a press here begins anything."""
        return True

    def _region(self, event: PointerEvent, context: ToolContext) -> Region | None:
        """The pixels that a release now would change, some beyond the image perhaps; None for nothing."""
        raise NotImplementedError

    def _outline(self, event: PointerEvent, context: ToolContext) -> Outline | None:
        """What is shown while the button is down."""
        raise NotImplementedError

    def _forget(self) -> None:
        """Nothing is held any more. For subclasses to forget what they keep from press to release."""
        self._begun, self._way, self._builder = None, [], None

    def _release(self, event: PointerEvent, context: ToolContext, builder: EditBuilder) -> ToolOutcome:
        with builder:
            try:
                region, value = self._region(event, context), self._value()
            finally:
                self._forget()
            if region is None or region.box.intersection(context.document.label_map.box).is_empty:
                builder.cancel()
                return ToolOutcome()
            context.make_proposal_real(builder)
            builder.paint_region(region, value)
        return ToolOutcome(edit=builder.edit)

    def _shown(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        if not self.is_busy:
            return ToolOutcome()
        outline = self._outline(event, context)
        return ToolOutcome(outline=outline, color_value=self._value(), is_area=True)

    def _value(self) -> int:
        assert self._begun is not None
        return erase_ink(self._begun) if self._erases else self._ink(self._begun)
