"""``python -m segstudio``: the same as the command ``segstudio``, from a bare checkout too."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path


def _find_the_training_package() -> None:
    """In a bare checkout `segstudio_training` lies in the folder `training` beside the package."""
    training = Path(__file__).resolve().parent.parent / "training"
    if find_spec("segstudio_training") is None and training.is_dir():
        sys.path.insert(0, str(training))


if __name__ == "__main__":
    _find_the_training_package()
    from segstudio.cli import main

    sys.exit(main())
