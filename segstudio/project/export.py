"""Exporting masks into a folder of choice, in one of the forms of `FORMATS`.

It must never write over a file of the source, however the target is spelled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from segstudio.core.errors import Cancelled, InputError, marked
from segstudio.formats import FORMATS, MaskFormat
from segstudio.formats.atomic import make_folder
from segstudio.project.folder_layout import SOURCE_FOLDERS
from segstudio.project.project import Project, Status
from segstudio.project.voc_folder import UInt8Array


def export_masks(
    project: Project,
    names: Sequence[str],
    format_name: str,
    out_dir: Path,
    progress: Callable[[int, int], None],
    cancel: Callable[[], bool],
) -> list[Path]:
    """Write the label maps of `names` to ``out_dir/NAME.png``; return the files written.

    A label map is what the image shows: draft or accepted mask, else its proposal; images with none are passed over.

    Raises:
        InputError: there is no such form, `out_dir` belongs to the source, or an image or mask is broken.
        SaveError: a file could not be written; those before it stay.
        Cancelled: `cancel` said so; the files written so far stay.
    """
    form = FORMATS.get(format_name)
    if form is None:
        raise InputError(
            marked('There is no export format "{name}". The formats are: {formats}.'),
            name=format_name,
            formats=", ".join(FORMATS),
        )
    _refuse_source(project, names, form, out_dir)
    make_folder(out_dir)
    written: list[Path] = []
    for done, name in enumerate(names):
        if cancel():
            raise Cancelled
        labels = _shown_labels(project, name)
        if labels is not None:
            path = out_dir / f"{name}{form.suffix}"
            form.write(path, labels, project.classes, project.folder.read_image(name) if form.needs_image else None)
            written.append(path)
        progress(done + 1, len(names))
    return written


def _shown_labels(project: Project, name: str) -> UInt8Array | None:
    if project.status(name) in (Status.ACCEPTED, Status.UNREVIEWED, Status.DRAFT):
        return project.load_label_map(name).array
    proposal = project.load_proposal(name)
    return proposal.labels if proposal is not None else None


def _refuse_source(project: Project, names: Sequence[str], form: MaskFormat, out_dir: Path) -> None:
    target = out_dir.resolve()
    for base in {project.folder.root, project.folder.workspace}:
        for part in SOURCE_FOLDERS:
            if target.is_relative_to((base / part).resolve()):
                raise InputError(
                    marked("{folder} is part of the data set itself. Choose another folder to export into."),
                    folder=out_dir,
                )
    for name in names:
        path, image = target / f"{name}{form.suffix}", project.folder.image_path(name)
        if path.exists() and (path.samefile(image) or target == project.folder.root):
            raise InputError(
                marked("{file} is a file of the data set itself. Choose another folder to export into."), file=path
            )
