"""Everything the window can do, as one table: menus, toolbar, command palette and list of keys read it.

Keys in the table are the defaults; which ones are in use is the `KeyMap`'s to know. A hint that names a key has a field
for it, such as ``{key[propose]}``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow

from segstudio.canvas.canvas_keys import CANVAS_KEYS
from segstudio.core.errors import marked
from segstudio.services.key_map import Command, Group, KeyMap, KeyNames, Use
from segstudio.services.key_text import canonical, sequences
from segstudio.services.theme import set_icon
from segstudio.services.translation import tr
from segstudio.tools import TOOLS


class Menu(Enum):
    """The menus, in the order of the menu bar."""

    FILE = marked("&File")
    EDIT = marked("&Edit")
    VIEW = marked("&View")
    IMAGE = marked("&Image")
    MODEL = marked("&Model")
    HELP = marked("&Help")


@dataclass(frozen=True)
class ActionSpec:
    """One row: what it is called, where it stands, how it is reached, and why one would."""

    id: str
    menu: Menu
    title: str
    hint: str
    icon: str = ""
    shortcuts: tuple[str, ...] = ()
    checkable: bool = False
    separator: bool = False
    """A line above it in the menu."""


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open", Menu.FILE, marked("&Open folder…"), marked("Open a Pascal VOC folder or a folder of images"),
               "open-folder", ("Ctrl+O",)),
    ActionSpec("open_sample", Menu.FILE, marked("Open the &sample"), marked("A private copy to try everything on"),
               "sample"),
    ActionSpec("load_checkpoint", Menu.FILE, marked("&Load checkpoint…"), marked("Let another network propose"),
               "fine-tune", separator=True),
    ActionSpec("export", Menu.FILE, marked("&Export masks…"), marked("Write the masks as PNG into a folder"),
               "export", ("Ctrl+E",)),
    ActionSpec("close", Menu.FILE, marked("&Close folder"), marked("Back to the start page"), "close", ("Ctrl+W",),
               separator=True),
    ActionSpec("settings", Menu.FILE, marked("Se&ttings…"), marked("Looks, proposals, limits"), "settings",
               ("Ctrl+,",)),
    ActionSpec("quit", Menu.FILE, marked("&Quit"), marked("Drafts are kept"), "", ("Ctrl+Q",), separator=True),
    ActionSpec("undo", Menu.EDIT, marked("&Undo"), marked("Take back the last edit of this image"), "undo",
               ("Ctrl+Z", "Z")),
    ActionSpec("redo", Menu.EDIT, marked("&Redo"), marked("Make the undone edit again"), "redo",
               ("Ctrl+Shift+Z", "Ctrl+Y")),
    ActionSpec("steps", Menu.EDIT, marked("&History"), marked("Every step on this image; a click on one goes there"),
               "recent", ("Ctrl+Shift+H",), checkable=True),
    ActionSpec("apply_proposal", Menu.EDIT, marked("&Apply proposal"), marked("Take the proposal where nothing is "
               "painted"), "propose", ("Shift+P",), separator=True),
    ActionSpec("replace_by_proposal", Menu.EDIT, marked("R&eplace by proposal"), marked("Take the proposal everywhere; "
               "Undo brings your pixels back")),
    ActionSpec("fill_rest", Menu.EDIT, marked("&Fill the rest with the current class"), marked("Every void pixel gets "
               "the current class"), "fill"),
    ActionSpec("clear", Menu.EDIT, marked("&Clear"), marked("Make every pixel void; Undo brings them back"), "clear"),
    ActionSpec("previous_class", Menu.EDIT, marked("Pre&vious class"), marked("Paint with the class before"), "",
               (",",), separator=True),
    ActionSpec("next_class", Menu.EDIT, marked("&Next class"), marked("Paint with the class after"), "", (".",)),
    ActionSpec("lock_class", Menu.EDIT, marked("Loc&k the class"), marked("No tool changes the pixels of a locked "
               "class"), "lock", ("K",), checkable=True),
    ActionSpec("protect_accepted", Menu.EDIT, marked("Pro&tect accepted pixels"), marked("No tool changes what has a "
               "class in an accepted mask"), "protect", ("Shift+K",), checkable=True),
    ActionSpec("brush_smaller", Menu.EDIT, marked("S&maller brush"), marked("Or Ctrl and the wheel"), "", ("[",),
               separator=True),
    ActionSpec("brush_larger", Menu.EDIT, marked("&Larger brush"), marked("Or Ctrl and the wheel"), "", ("]",)),
    ActionSpec("fit", Menu.VIEW, marked("&Fit"), marked("The whole image"), "fit", ("F",)),
    ActionSpec("actual_size", Menu.VIEW, marked("&100 %"), marked("One image pixel a screen pixel"), "actual-size",
               ("Ctrl+1",)),
    ActionSpec("zoom_in", Menu.VIEW, marked("Zoom &in"), marked("Or turn the wheel"), "zoom-in", ("Ctrl++", "Ctrl+=")),
    ActionSpec("zoom_out", Menu.VIEW, marked("Zoom &out"), marked("Or turn the wheel"), "zoom-out", ("Ctrl+-",)),
    ActionSpec("overlay", Menu.VIEW, marked("Show the o&verlay"), marked("Hold {key[hold.hide_overlay]} to hide it for "
               "a moment"), "overlay",
               ("O",), checkable=True, separator=True),
    ActionSpec("outline", Menu.VIEW, marked("Out&lines only"), marked("Only the borders between classes"), "outline",
               ("L",), checkable=True),
    ActionSpec("second_pane", Menu.VIEW, marked("&Side by side"), marked("The proposal, or another mask, in a second "
               "pane"), "side-by-side", ("Shift+S",), checkable=True, separator=True),
    ActionSpec("difference", Menu.VIEW, marked("&Differences only"), marked("Only where this mask differs from the "
               "proposal, or from another mask"), "difference", ("Shift+D",), checkable=True),
    ActionSpec("blink_class", Menu.VIEW, marked("Blin&k the class"), marked("The current class blinks where it is, "
               "until this is switched off"), "blink", ("Shift+C",), checkable=True),
    ActionSpec("minimap", Menu.VIEW, marked("&Minimap"), marked("The whole image in small, while it does not fit; "
               "drag there to move"), "minimap", ("Shift+M",), checkable=True),
    ActionSpec("crosshair", Menu.VIEW, marked("Cross&hair lines"), marked("Across the view, through the pointer"),
               checkable=True),
    ActionSpec("tone", Menu.VIEW, marked("&Brightness and contrast"), marked("On the screen only; no file changes"),
               "tone", ("Shift+B",), checkable=True, separator=True),
    ActionSpec("accept", Menu.IMAGE, marked("&Accept and go on"), marked("Save this mask and show the next image"),
               "accept", ("Return", "Enter")),
    ActionSpec("accept_all", Menu.IMAGE, marked("Accept a&ll proposals unreviewed…"), marked("Save every proposal as "
               "a mask that nobody has looked at")),
    ActionSpec("next", Menu.IMAGE, marked("&Next"), marked("The next image"), "next", ("Right", "D"), separator=True),
    ActionSpec("previous", Menu.IMAGE, marked("&Previous"), marked("The image before"), "previous", ("Left", "A")),
    ActionSpec("next_unfinished", Menu.IMAGE, marked("Next &unfinished"), marked("The next image that is not "
               "accepted"), "image", ("N",)),
    ActionSpec("change_classes", Menu.IMAGE, marked("&Merge or swap classes…"), marked("In this image or in all; shown "
               "before it is done"), separator=True),
    ActionSpec("take_back_classes", Menu.IMAGE, marked("Undo the latest merge or &swap"), marked("In all images at "
               "once; what was painted since stays")),
    ActionSpec("find_image", Menu.IMAGE, marked("&Find image…"), marked("By letters of its name"), "search",
               ("Ctrl+F",), separator=True),
    ActionSpec("channels", Menu.IMAGE, marked("C&hannels"), marked("Which of an image's many channels are shown, and "
               "which the network sees"), "channels", ("Ctrl+Shift+C",), checkable=True, separator=True),
    ActionSpec("propose", Menu.MODEL, marked("&Propose"), marked("Let the network label this image"), "propose",
               ("P",)),
    ActionSpec("propose_all", Menu.MODEL, marked("Propose &all"), marked("For every image that is not accepted"),
               "propose-all", ("Ctrl+P",)),
    ActionSpec("fine_tune", Menu.MODEL, marked("&Fine-tune"), marked("Learn from the accepted images"), "fine-tune",
               ("Ctrl+T",), separator=True),
    ActionSpec("history", Menu.MODEL, marked("&Round history…"), marked("Scores, notes, and what each round changed"),
               "history", ("Ctrl+H",)),
    ActionSpec("compare", Menu.MODEL, marked("C&ompare networks…"), marked("Teach several for as long and see which "
               "does best"), "history"),
    ActionSpec("cancel", Menu.MODEL, marked("&Cancel"), marked("Stop proposing or training; nothing is lost"),
               "cancel", ("Ctrl+.",)),
    ActionSpec("palette", Menu.HELP, marked("Search &commands…"), marked("Find anything by typing"), "search",
               ("Ctrl+K",)),
    ActionSpec("shortcuts", Menu.HELP, marked("&Shortcuts…"), marked("Every key and gesture, to find and to "
               "change"), "keyboard", ("F1", "?")),
    ActionSpec("notices", Menu.HELP, marked("&Notices"), marked("What was said so far"), "info"),
    ActionSpec("about", Menu.HELP, marked("&About segstudio"), marked("Version, licence, libraries"), "help"),
)  # fmt: skip


CLASS_KEYS = tuple(str((index + 1) % 10) for index in range(10))
"""The keys of the first ten classes by default."""

_CLASS, _CLASS_HINT = marked("Class {number}"), marked("Paint with this class")

_GROUPS = {
    "previous_class": Group.CLASSES,
    "next_class": Group.CLASSES,
    "lock_class": Group.CLASSES,
    "protect_accepted": Group.PAINTING,
    "brush_smaller": Group.PAINTING,
    "brush_larger": Group.PAINTING,
}
"""Where a row stands in the list of keys if not under the name of its menu."""

_CANVAS_GROUPS = {"hold.hide_overlay": Group.VIEW, "hold.pan": Group.VIEW}


def commands() -> tuple[Command, ...]:
    """Everything that can have a key, in the person's language: rows of the table, tools, classes, the canvas's own."""
    found = [
        Command(f"tool.{name}", Group.TOOLS, tr(tool.title), tool.hint, _spelt(tool.shortcut))
        for name, tool in TOOLS.items()
    ]
    found += [
        Command(row.id, _CANVAS_GROUPS.get(row.id, Group.PAINTING), tr(row.title), row.hint, _spelt(row.default),
                Use.HOLD if row.hold is not None else Use.DRAWING)
        for row in CANVAS_KEYS
    ]  # fmt: skip
    found += [
        Command(f"class.{index}", Group.CLASSES, tr(_CLASS, number=index + 1), _CLASS_HINT, _spelt(key))
        for index, key in enumerate(CLASS_KEYS)
    ]
    found += [
        Command(spec.id, _GROUPS.get(spec.id, Group[spec.menu.name]), plain(tr(spec.title)), spec.hint,
                _spelt(*spec.shortcuts))
        for spec in ACTIONS
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda command: list(Group).index(command.group)))


def menu_keys() -> dict[str, str]:
    """The keys that open the menus, and a marked sentence why nothing else can have them."""
    letters = (tr(menu.value).partition("&")[2][:1] for menu in Menu)
    keys = (canonical(f"Alt+{letter}") for letter in letters)
    return {key: marked("{key} opens a menu; it stays as it is.") for key in keys if key is not None}


def plain(text: str) -> str:
    """`text` of a menu without its mark for the keyboard and its dots."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")


class Actions:
    """The QActions of one window, by id; tools are `tool.ID`, classes `class.INDEX`.

    `keys` says which keys they have, and the canvas's own; after a change of it call `show_keys`.
    """

    def __init__(self, window: QMainWindow) -> None:
        self.keys = KeyMap(commands(), menu_keys())
        self.key_names = KeyNames(self.keys)
        self.by_id: dict[str, QAction] = {}
        self._hints: dict[str, str] = {}
        for spec in ACTIONS:
            self._add(window, spec.id, tr(spec.title), spec.hint, spec.icon).setCheckable(spec.checkable)
        self.tools = QActionGroup(window)
        for tool_id, tool in TOOLS.items():
            action = self._add(window, f"tool.{tool_id}", tr(tool.title), tool.hint, tool.icon)
            action.setCheckable(True)
            action.setData(tool_id)
            self.tools.addAction(action)
        for index in range(len(CLASS_KEYS)):
            self._add(window, f"class.{index}", tr(_CLASS, number=index + 1), _CLASS_HINT, "").setData(index)
        self.show_keys()

    def __getitem__(self, action_id: str) -> QAction:
        return self.by_id[action_id]

    def fill_menus(self, window: QMainWindow) -> None:
        """Put every row of the table into its menu."""
        bar = window.menuBar()
        for menu in Menu:
            entry = bar.addMenu(tr(menu.value))
            entry.setObjectName(f"menu.{menu.name.lower()}")
            for spec in ACTIONS:
                if spec.menu is menu:
                    if spec.separator:
                        entry.addSeparator()
                    entry.addAction(self.by_id[spec.id])

    def show_keys(self) -> None:
        """Give every action the keys that `keys` has for it, and say them in its tooltip."""
        for action_id, action in self.by_id.items():
            action.setShortcuts([sequence for key in self.keys.keys(action_id) for sequence in sequences(key)])
            hint, first = self.key_names.fill(self._hints[action_id]), self.key_names.first(action_id)
            name = plain(action.text())
            action.setToolTip(f"{name} ({first})\n{hint}" if first else f"{name}\n{hint}")
            action.setStatusTip(hint)

    def _add(self, window: QMainWindow, action_id: str, text: str, hint: str, icon_name: str) -> QAction:
        action = QAction(text, window)
        action.setObjectName(action_id)
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        if icon_name:
            set_icon(action, icon_name)
        window.addAction(action)
        self.by_id[action_id] = action
        self._hints[action_id] = hint
        return action


def _spelt(*keys: str) -> tuple[str, ...]:
    """`keys` of a table in the spelling of the key map, each once."""
    return tuple(dict.fromkeys(key for key in map(canonical, keys) if key is not None))
