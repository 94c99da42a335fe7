"""What is written reads back bit for bit, whatever the class table, form and palette."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segstudio.core.class_table import VOID, VOID_COLOR, ClassTable
from segstudio.core.errors import InputError, SaveError
from segstudio.formats.mask_code import MaskCode, PaletteReading, color_labels
from segstudio.formats.mask_png import MaskForm, encode_rgb, read_raw_mask

COLOR = st.tuples(*[st.integers(0, 255)] * 3).filter(lambda color: color != VOID_COLOR)


def _code(form: MaskForm, reading: PaletteReading, classes: ClassTable) -> MaskCode:
    return MaskCode(
        form=form,
        classes=classes,
        palette_reading=reading,
        labels_of_values={**{index: index for index in range(len(classes))}, VOID: VOID},
        labels_of_colors=color_labels(classes),
        palette=classes.palette(),
        void_color=VOID_COLOR,
    )


def _there_and_back(code: MaskCode, labels: np.ndarray) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mask.png"
        path.write_bytes(code.encode(labels, "mask.png"))
        raw = read_raw_mask(path)
    assert raw.form is code.form
    return code.decode(raw, "mask.png")


@settings(max_examples=40, deadline=None)
@given(
    colors=st.lists(COLOR, min_size=1, max_size=20, unique=True),
    form=st.sampled_from(MaskForm),
    reading=st.sampled_from(PaletteReading),
    seed=st.integers(0, 1000),
)
def test_every_label_map_comes_back(colors: list, form: MaskForm, reading: PaletteReading, seed: int) -> None:
    classes = ClassTable.from_names([f"class {index}" for index in range(len(colors))], colors)
    rng = np.random.default_rng(seed)
    labels = rng.choice(np.array([*range(len(colors)), VOID], dtype=np.uint8), size=(9, 13))
    assert np.array_equal(_there_and_back(_code(form, reading, classes), labels), labels)


def test_a_class_beyond_the_table_is_not_written() -> None:
    code = _code(MaskForm.GREY, PaletteReading.INDEX, ClassTable.from_names(["a"]))
    with pytest.raises(SaveError, match="uses class 4"):
        code.encode(np.full((2, 2), 4, dtype=np.uint8), "mask.png")


def test_a_colour_of_two_classes_says_neither(tmp_path: Path) -> None:
    classes = ClassTable.from_names(["a", "b"], [(5, 5, 5), (5, 5, 5)])
    code = _code(MaskForm.RGB, PaletteReading.INDEX, classes)
    with pytest.raises(SaveError, match="shares its colour"):
        code.encode(np.zeros((2, 2), dtype=np.uint8), "m.png")
    (tmp_path / "m.png").write_bytes(encode_rgb(np.full((2, 2, 3), 5, dtype=np.uint8)))
    with pytest.raises(InputError, match="5,5,5"):
        code.decode(read_raw_mask(tmp_path / "m.png"), "m.png")
