"""What the program remembers between starts, declared as one typed table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar, cast

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from segstudio.services.theme import ThemeChoice
from segstudio_training import rounds

T = TypeVar("T")

MOST_RECENT = 10


@dataclass(frozen=True)
class Setting(Generic[T]):
    """One row of the table: its key in the file, and the value where nothing valid is stored."""

    key: str
    default: T
    least: float | None = None
    most: float | None = None
    choices: tuple[T, ...] = ()
    """The only values there are; empty: any."""


THEME = Setting("looks/theme", ThemeChoice.SYSTEM.value, choices=tuple(choice.value for choice in ThemeChoice))
OVERLAY_OPACITY = Setting("looks/overlay_opacity", 0.5, 0.0, 1.0)
OUTLINE = Setting("looks/outline", False)
MINIMAP = Setting("looks/minimap", True)
SECOND_PANE = Setting("looks/second_pane", "proposal", choices=("proposal", "saved", "truth", "image"))
"""An `OtherMask`."""
SHOW_HISTORY = Setting("looks/history", False)
DIFFERENCE_FROM = Setting("looks/difference_from", "proposal", choices=("proposal", "saved", "truth"))
"""An `OtherMask` too."""
CROSSHAIR = Setting("looks/crosshair", False)
BRUSH_SIZE = Setting("brush/size", 24, 1, 500)
BRUSH_ON_SCREEN = Setting("brush/on_screen", False)
SEGMENT_SIZE = Setting("brush/segment_size", 16, 1, 500)
"""In what the brush's size counts."""
BRUSH_SQUARE = Setting("brush/square", False)
PRESSURE_SIZES = Setting("brush/pressure_sizes", False)
UNSURE_BELOW = Setting("guards/unsure_below", 60, 1, 100)
"""Percent."""
PROTECT_ACCEPTED = Setting("guards/protect_accepted", False)
HOLD_TOGGLES = Setting("keys/hold_toggles", False)
CHOSEN_KEYS = Setting("keys/chosen", "")
"""What differs from the default keys, as `key_file` writes it; empty: nothing."""
MIN_ISLAND = Setting("proposals/min_island", rounds.MIN_ISLAND, 0, 100_000)
FOLLOW_EDGES = Setting("proposals/follow_edges", True)
KEEP_THIN = Setting("proposals/keep_thin", False)
BALANCE = Setting("proposals/balance", 0.0, -1.0, 1.0)
LOOK_AHEAD = Setting("proposals/look_ahead", 3, 0, 50)
PIXEL_LIMIT = Setting("images/pixel_limit", 500_000_000, 1_000_000, 4_000_000_000)
BUDGET_SECONDS = Setting("rounds/seconds", 60, rounds.LEAST_SECONDS, 24 * 3600)
ROUND_COMMAND = Setting("rounds/command", "")
UNREVIEWED_TEACH = Setting("rounds/unreviewed_teach", False)
DRAFTS_TEACH = Setting("rounds/drafts_teach", False)
KEEP_LEARNING = Setting("rounds/keep_learning", False)
WARM_TRAINER = Setting("rounds/warm_trainer", True)
CLASS_WEIGHTS = Setting("rounds/class_weights", "")
LOSS = Setting("rounds/loss", "")
AUGMENTATION = Setting("rounds/augmentation", "")
"""Keys of the training's tables; empty: the default, also where a later version has another one."""

SETTINGS: tuple[Setting[str] | Setting[float] | Setting[int] | Setting[bool], ...] = (
    THEME,
    OVERLAY_OPACITY,
    OUTLINE,
    MINIMAP,
    SECOND_PANE,
    SHOW_HISTORY,
    DIFFERENCE_FROM,
    CROSSHAIR,
    BRUSH_SIZE,
    SEGMENT_SIZE,
    BRUSH_ON_SCREEN,
    BRUSH_SQUARE,
    PRESSURE_SIZES,
    UNSURE_BELOW,
    PROTECT_ACCEPTED,
    HOLD_TOGGLES,
    CHOSEN_KEYS,
    MIN_ISLAND,
    FOLLOW_EDGES,
    KEEP_THIN,
    BALANCE,
    LOOK_AHEAD,
    PIXEL_LIMIT,
    BUDGET_SECONDS,
    UNREVIEWED_TEACH,
    DRAFTS_TEACH,
    KEEP_LEARNING,
    WARM_TRAINER,
    CLASS_WEIGHTS,
    LOSS,
    AUGMENTATION,
    ROUND_COMMAND,
)


class Settings(QObject):
    """The table's values, kept in an INI file: the person's own, or `path`."""

    changed = Signal(str)
    """The key of a setting that got another value."""

    def __init__(self, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        if path is None:
            self._store = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "segstudio", "segstudio")
        else:
            self._store = QSettings(str(path), QSettings.Format.IniFormat)

    def get(self, setting: Setting[T]) -> T:
        """The stored value, cut to its range; the default where what is stored makes no sense."""
        stored = self._store.value(setting.key)
        if stored is None:
            return setting.default
        try:
            value = _converted(stored, setting.default)
        except (TypeError, ValueError):
            return setting.default
        if value != value or (setting.choices and value not in setting.choices):  # the first: not a number
            return setting.default
        if isinstance(value, int | float) and not isinstance(value, bool):
            low = value if setting.least is None else max(setting.least, value)
            cut = low if setting.most is None else min(setting.most, low)
            return cast(T, type(value)(cut))
        return cast(T, value)

    def set(self, setting: Setting[T], value: T) -> None:
        """Store `value`."""
        if self.get(setting) != value:
            self._store.setValue(setting.key, value)
            self.changed.emit(setting.key)

    def recent_folders(self) -> list[Path]:
        """The folders opened last, newest first."""
        stored = self._store.value("folders/recent") or []
        names = [stored] if isinstance(stored, str) else cast(list[str], stored)
        return [Path(name) for name in names][:MOST_RECENT]

    def add_recent_folder(self, folder: Path) -> None:
        """Put `folder` at the top of the recent ones."""
        others = [recent for recent in self.recent_folders() if recent != folder]
        self._store.setValue("folders/recent", [str(path) for path in [folder, *others]][:MOST_RECENT])
        self.changed.emit("folders/recent")

    def forget_recent_folder(self, folder: Path) -> None:
        """Take `folder` off the list."""
        self._store.setValue("folders/recent", [str(path) for path in self.recent_folders() if path != folder])
        self.changed.emit("folders/recent")

    def window_state(self, part: str) -> QByteArray | None:
        """What Qt saved of the window's `part` ("geometry", "docks")."""
        stored = self._store.value(f"window/{part}")
        return stored if isinstance(stored, QByteArray) else None

    def set_window_state(self, part: str, state: QByteArray) -> None:
        """Keep what Qt saved of the window's `part`."""
        self._store.setValue(f"window/{part}", state)

    def sync(self) -> None:
        """Write everything to the file now."""
        self._store.sync()


def _converted(stored: object, default: object) -> object:
    """`stored` (often a string, as INI files know no types) in the type of `default`."""
    if isinstance(default, bool):
        return stored if isinstance(stored, bool) else str(stored).lower() in ("true", "1")
    if isinstance(default, int):
        return int(str(stored))
    if isinstance(default, float):
        return float(str(stored))
    return str(stored)
