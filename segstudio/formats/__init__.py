"""F1: file formats of masks and class tables; Qt-free, and it knows no folder layout.

`FORMATS` is the table of forms that masks can be exported in: one row, one form.
"""

from __future__ import annotations

from segstudio.formats.mask_formats import FORMATS, MaskFormat

__all__ = ["FORMATS", "MaskFormat"]
