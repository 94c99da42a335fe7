"""Files that `torch.save` wrote, read as far as they hold nothing but tensors and plain values; nothing is executed."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import torch


class DamagedPickleError(Exception):
    """The file is no such file, or only half of one."""


def read_plain_pickle(path: Path) -> Any:
    """What the file at `path` holds, its tensors on the processor.

    Raises:
        FileNotFoundError: there is none.
        pickle.UnpicklingError: opening it would run code.
        DamagedPickleError: it cannot be made sense of.
    """
    try:
        with warnings.catch_warnings():
            # torch warns of pickles that it did not write; they are refused or read, and whoever asked says which.
            warnings.simplefilter("ignore", UserWarning)
            return torch.load(path, map_location="cpu", weights_only=True)
    except (FileNotFoundError, pickle.UnpicklingError):
        raise
    except Exception as error:
        raise DamagedPickleError(str(path)) from error
