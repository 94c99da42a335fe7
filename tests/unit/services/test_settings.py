"""Settings: typed, cut to their range, kept in an INI file."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray
from pytestqt.qtbot import QtBot

from segstudio.services.settings import (
    BRUSH_SIZE,
    HOLD_TOGGLES,
    LOOK_AHEAD,
    MOST_RECENT,
    OVERLAY_OPACITY,
    PIXEL_LIMIT,
    SETTINGS,
    THEME,
    Settings,
)


@pytest.fixture
def ini(tmp_path: Path) -> Path:
    return tmp_path / "settings.ini"


def stored(ini: Path, text: str) -> Settings:
    ini.write_text(text, encoding="utf-8")
    return Settings(ini)


def test_nothing_stored_gives_the_defaults(ini: Path) -> None:
    settings = Settings(ini)
    assert all(settings.get(setting) == setting.default for setting in SETTINGS)
    assert settings.recent_folders() == []


def test_what_is_set_is_there_at_the_next_start(ini: Path) -> None:
    first = Settings(ini)
    first.set(BRUSH_SIZE, 77)
    first.set(OVERLAY_OPACITY, 0.25)
    first.set(HOLD_TOGGLES, True)
    first.set(PIXEL_LIMIT, 3_000_000_000)
    first.set(THEME, "dark")
    first.set_window_state("geometry", QByteArray(b"\x00\x01\xff"))
    first.sync()
    second = Settings(ini)
    assert second.get(BRUSH_SIZE) == 77 and type(second.get(BRUSH_SIZE)) is int
    assert second.get(OVERLAY_OPACITY) == 0.25 and type(second.get(OVERLAY_OPACITY)) is float
    assert second.get(HOLD_TOGGLES) is True
    assert second.get(PIXEL_LIMIT) == 3_000_000_000
    assert second.get(THEME) == "dark"
    assert second.window_state("geometry") == QByteArray(b"\x00\x01\xff")
    assert second.window_state("docks") is None


@pytest.mark.parametrize(("written", "read"), [("0", 1), ("501", 500), ("-3", 1), ("many", 24), ("12.5", 24), ("", 24)])
def test_a_number_is_cut_to_its_range_and_nonsense_is_the_default(ini: Path, written: str, read: int) -> None:
    assert stored(ini, f"[brush]\nsize={written}\n").get(BRUSH_SIZE) == read


@pytest.mark.parametrize(("written", "read"), [("1.5", 1.0), ("-1", 0.0), ("0.3", 0.3), ("nan", 0.5), ("x", 0.5)])
def test_a_share_too(ini: Path, written: str, read: float) -> None:
    assert stored(ini, f"[looks]\noverlay_opacity={written}\n").get(OVERLAY_OPACITY) == read


@pytest.mark.parametrize(("written", "read"), [("true", True), ("1", True), ("false", False), ("maybe", False)])
def test_a_switch(ini: Path, written: str, read: bool) -> None:
    assert stored(ini, f"[keys]\nhold_toggles={written}\n").get(HOLD_TOGGLES) is read


@pytest.mark.parametrize(("written", "read"), [("dark", "dark"), ("neon", "system")])
def test_a_theme_that_does_not_exist_is_the_systems(ini: Path, written: str, read: str) -> None:
    assert stored(ini, f"[looks]\ntheme={written}\n").get(THEME) == read


def test_a_change_is_told_once(ini: Path, qtbot: QtBot) -> None:
    settings = Settings(ini)
    told: list[str] = []
    settings.changed.connect(told.append)
    settings.set(LOOK_AHEAD, 5)
    settings.set(LOOK_AHEAD, 5)
    assert told == [LOOK_AHEAD.key]


def test_recent_folders_are_newest_first_without_doubles(ini: Path, tmp_path: Path) -> None:
    settings = Settings(ini)
    folders = [tmp_path / f"folder {number}" for number in range(MOST_RECENT + 2)]
    for folder in folders:
        settings.add_recent_folder(folder)
    settings.add_recent_folder(folders[5])
    settings.sync()
    again = Settings(ini).recent_folders()
    assert again[:2] == [folders[5], folders[-1]]
    assert len(again) == len(set(again)) == MOST_RECENT
    settings.forget_recent_folder(folders[5])
    assert settings.recent_folders()[0] == folders[-1]


def test_a_single_recent_folder_comes_back_as_one(ini: Path, tmp_path: Path) -> None:
    settings = Settings(ini)
    settings.add_recent_folder(tmp_path / "a, b; c")
    settings.sync()
    assert Settings(ini).recent_folders() == [tmp_path / "a, b; c"]
