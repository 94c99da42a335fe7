"""Sets of pixels: what is asked of a box is what they hold there."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segstudio.core.class_table import VOID
from segstudio.core.geometry import Box
from segstudio.core.pixel_sets import AllPixels, AtLeast, PackedPixels

sides = st.integers(1, 40)


@given(height=st.integers(1, 600), width=sides, data=st.data(), seed=st.integers(0, 99))
def test_packed_pixels_are_those_with_a_class_whatever_box_is_asked_for(
    height: int, width: int, data: st.DataObject, seed: int
) -> None:
    labels = np.random.default_rng(seed).choice(np.array([VOID, 0, 254], np.uint8), (height, width))
    x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    box = Box(x0, y0, data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height)))
    packed = PackedPixels.with_class(labels)
    found = packed.mask(box)
    assert found.dtype == np.bool_
    np.testing.assert_array_equal(found, labels[box.slices] != VOID)
    assert packed.bits.nbytes == height * -(-width // 8)


def test_values_from_the_least_on_and_all_pixels() -> None:
    values = np.array([[0, 100], [99, 255]], np.uint8)
    np.testing.assert_array_equal(AtLeast(values, 100).mask(Box(0, 0, 2, 2)), [[False, True], [False, True]])
    np.testing.assert_array_equal(AtLeast(values, 0).mask(Box(1, 1, 2, 2)), [[True]])
    assert AllPixels().mask(Box(3, 4, 5, 7)).shape == (3, 2) and AllPixels().mask(Box(3, 4, 5, 7)).all()
