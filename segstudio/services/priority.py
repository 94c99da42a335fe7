"""Who waits for whom: heavy work lets the window go first."""

from __future__ import annotations

import logging
import os

_log = logging.getLogger(__name__)

_NICENESS = 10
"""Added to the Unix niceness of heavy work, so that a stroke never waits for it."""


def let_others_go_first(number: int) -> None:
    """Lower the priority of the thread or process `number` (the system's id), and of what it starts from now on.

    On Linux niceness is per thread, and threads inherit it. Where the system has no niceness nothing happens.
    """
    if hasattr(os, "setpriority"):
        try:
            os.setpriority(os.PRIO_PROCESS, number, _NICENESS)
        except OSError as error:
            _log.info("%d keeps its priority: %s", number, error)
