"""Everything the window can do, as one table: menus, toolbar, command palette and cheat sheet read it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow

from segstudio.core.errors import marked
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
    ActionSpec("overlay", Menu.VIEW, marked("Show the o&verlay"), marked("Hold H to hide it for a moment"), "overlay",
               ("O",), checkable=True, separator=True),
    ActionSpec("outline", Menu.VIEW, marked("Out&lines only"), marked("Only the borders between classes"), "outline",
               ("L",), checkable=True),
    ActionSpec("second_pane", Menu.VIEW, marked("&Side by side"), marked("The proposal, or another mask, in a second "
               "pane"), "side-by-side", ("Shift+S",), checkable=True, separator=True),
    ActionSpec("minimap", Menu.VIEW, marked("&Minimap"), marked("The whole image in small, while it does not fit; "
               "drag there to move"), "minimap", ("Shift+M",), checkable=True),
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
    ActionSpec("find_image", Menu.IMAGE, marked("&Find image…"), marked("By letters of its name"), "search",
               ("Ctrl+F",), separator=True),
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
    ActionSpec("shortcuts", Menu.HELP, marked("&Shortcuts"), marked("Every key in one list"), "keyboard",
               ("F1", "?")),
    ActionSpec("notices", Menu.HELP, marked("&Notices"), marked("What was said so far"), "info"),
    ActionSpec("about", Menu.HELP, marked("&About segstudio"), marked("Version, licence, libraries"), "help"),
)  # fmt: skip


class Actions:
    """The QActions of one window, by id; tools are `tool.ID`, classes `class.INDEX`."""

    def __init__(self, window: QMainWindow) -> None:
        self.by_id: dict[str, QAction] = {}
        for spec in ACTIONS:
            self.by_id[spec.id] = self._add(window, spec.id, spec.title, spec.hint, spec.icon, spec.shortcuts)
            self.by_id[spec.id].setCheckable(spec.checkable)
        self.tools = QActionGroup(window)
        for tool_id, tool in TOOLS.items():
            shortcuts = (tool.shortcut,) if tool.shortcut else ()
            action = self._add(window, f"tool.{tool_id}", tool.title, tool.hint, tool.icon, shortcuts)
            action.setCheckable(True)
            action.setData(tool_id)
            self.tools.addAction(action)
            self.by_id[f"tool.{tool_id}"] = action
        for index in range(10):
            action = self._add(
                window, f"class.{index}", marked("Class {number}"), marked("Paint with this class"), "",
                (str((index + 1) % 10),), number=index + 1,
            )  # fmt: skip
            action.setData(index)
            self.by_id[f"class.{index}"] = action

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

    @staticmethod
    def _add(
        window: QMainWindow,
        action_id: str,
        title: str,
        hint: str,
        icon_name: str,
        shortcuts: tuple[str, ...],
        number: int | None = None,
    ) -> QAction:
        text = tr(title) if number is None else tr(title, number=number)
        action = QAction(text, window)
        action.setObjectName(action_id)
        action.setShortcuts([QKeySequence(shortcut) for shortcut in shortcuts])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        plain = text.replace("&", "").rstrip("…")
        keys = f" ({QKeySequence(shortcuts[0]).toString(QKeySequence.SequenceFormat.NativeText)})" if shortcuts else ""
        action.setToolTip(f"{plain}{keys}\n{tr(hint)}")
        action.setStatusTip(tr(hint))
        if icon_name:
            set_icon(action, icon_name)
        window.addAction(action)
        return action
