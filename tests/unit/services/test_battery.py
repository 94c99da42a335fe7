"""Whether the machine runs on battery, told from folders like Linux's."""

from __future__ import annotations

from pathlib import Path

import pytest

from segstudio.services.battery import discharges, on_battery

MAINS_ON, MAINS_OFF = {"type": "Mains", "online": "1"}, {"type": "Mains", "online": "0"}
EMPTYING, FILLING = {"type": "Battery", "status": "Discharging"}, {"type": "Battery", "status": "Charging"}


@pytest.mark.parametrize(
    ("supplies", "expected"),
    [
        ([], False),
        ([MAINS_ON, FILLING], False),
        ([MAINS_OFF, EMPTYING], True),
        ([EMPTYING], True),
        ([MAINS_ON, EMPTYING], False),  # a weak charger: plugged in all the same
        ([{"type": "USB", "online": "1"}, EMPTYING], False),
        ([MAINS_OFF, {"type": "Battery", "status": "Unknown"}], False),
        ([{**EMPTYING, "scope": "Device"}], False),  # a mouse
        ([{**EMPTYING, "scope": "System"}], True),
        ([{"type": "Battery"}, {}], False),
    ],
)
def test_mains_and_batteries(tmp_path: Path, supplies: list[dict[str, str]], expected: bool) -> None:
    for number, files in enumerate(supplies):
        folder = tmp_path / f"S{number}"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text + "\n")
    assert discharges(tmp_path) is expected


def test_where_nobody_knows_the_machine_counts_as_plugged_in(tmp_path: Path) -> None:
    assert not discharges(tmp_path / "missing")
    assert on_battery() in (True, False)
