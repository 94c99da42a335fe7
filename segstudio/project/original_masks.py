"""The masks that a folder had before segstudio wrote its own: the truth, where somebody else had made one.

Owns where such a mask lies; nothing here writes one.
"""

from __future__ import annotations

from pathlib import Path

from segstudio.core.errors import InputError, marked
from segstudio.project.folder_layout import SEGMENTATION_CLASS
from segstudio.project.voc_folder import UInt8Array, VocFolder


def original_mask_path(folder: VocFolder, name: str) -> Path | None:
    """The mask of image `name` as segstudio found it, or None where it found none."""
    kept = folder.originals_dir / f"{name}.png"
    if kept.is_file():
        return kept
    if folder.workspace != folder.root:
        found = folder.root / SEGMENTATION_CLASS / kept.name  # nothing is ever written there
        return found if found.is_file() else None
    is_ours = kept.with_name(f"{kept.name}.absent").exists()
    return None if is_ours or not folder.has_mask(name) else folder.mask_path(name)


def read_original_mask(folder: VocFolder, name: str) -> UInt8Array:
    """The mask of image `name` as segstudio found it: (H, W) uint8, void 255.

    Raises:
        InputError: there was none, or as `VocFolder.read_mask_file`.
    """
    path = original_mask_path(folder, name)
    if path is None:
        raise InputError(marked('The folder had no mask of "{name}". Choose another one.'), name=name)
    labels = folder.read_mask_file(name, path)
    again = original_mask_path(folder, name)
    # Accepted meanwhile, the file that was read may be the new mask already, and the found one lies elsewhere.
    return labels if again in (path, None) else folder.read_mask_file(name, again)
