"""``python -m segstudio_training train|evaluate|predict|simulate``."""

from __future__ import annotations

from segstudio_training.cli import main

if __name__ == "__main__":
    main()
