"""How every benchmark reports: `{"name", "machine", "figures"}` as one JSON line with --json, a table without."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


def machine() -> dict[str, Any]:
    """What the figures were taken on: processor, cores that may be used, system, Python."""
    processor = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                processor = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass  # not Linux: the platform's own word stands
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": processor,
        "cores": cores,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def wants_json(description: str | None = None) -> bool:
    """Whether --json was given; ends the program with exit code 2 at any other argument."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="one JSON line instead of a table")
    return bool(parser.parse_args().json)


def report(name: str, figures: Mapping[str, float], as_json: bool, notes: Mapping[str, str] | None = None) -> None:
    """Print `figures` (name to number); `notes` say what a figure compares, in the table only."""
    where = machine()
    if as_json:
        rounded = {key: round(float(value), 4) for key, value in figures.items()}
        print(json.dumps({"name": name, "machine": where, "figures": rounded}))
        return
    table = Table(title=f"{name} · {where['processor']} · {where['cores']} cores")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("what it is")
    for key, value in figures.items():
        table.add_row(key, f"{value:.4g}", (notes or {}).get(key, ""))
    Console().print(table)
