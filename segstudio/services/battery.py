"""Whether this machine runs on battery. No Qt, no state.

Asks the system itself: /sys on Linux, the Win32 call on Windows, `pmset` on macOS. Where nobody knows, a machine counts
as plugged in: most that have no battery say nothing of one.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

POWER_SUPPLIES = Path("/sys/class/power_supply")
"""Where Linux tells of mains and batteries (Documentation/ABI/testing/sysfs-class-power)."""

_PMSET = ("/usr/bin/pmset", "-g", "batt")


def on_battery() -> bool:
    """Whether the machine runs on battery; False where that is not known."""
    if sys.platform == "win32":
        return _on_battery_on_windows()
    if sys.platform == "darwin":
        return _on_battery_on_macos()
    return discharges(POWER_SUPPLIES)


def discharges(supplies: Path) -> bool:
    """Whether what `supplies` (a folder like `POWER_SUPPLIES`) tells means running on battery.

    A mains supply that is on line says no; else a battery of the machine (not one of a mouse) that discharges says yes.
    """
    try:
        folders = sorted(supplies.iterdir())
    except OSError:
        return False
    mains = [folder for folder in folders if _read(folder / "type") in ("Mains", "USB", "Wireless")]
    if any(_read(folder / "online") not in ("", "0") for folder in mains):
        return False
    return any(
        _read(folder / "type") == "Battery"
        and _read(folder / "scope") != "Device"
        and _read(folder / "status") == "Discharging"
        for folder in folders
    )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _on_battery_on_windows() -> bool:
    if sys.platform != "win32":
        return False
    import ctypes

    # SYSTEM_POWER_STATUS: its first byte, ACLineStatus, is 0 on battery, 1 plugged in, 255 unknown.
    status = (ctypes.c_ubyte * 12)()
    return bool(ctypes.windll.kernel32.GetSystemPowerStatus(ctypes.byref(status))) and status[0] == 0


def _on_battery_on_macos() -> bool:
    try:
        told = subprocess.run(_PMSET, capture_output=True, text=True, timeout=2, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    return "'Battery Power'" in told.partition("\n")[0]
