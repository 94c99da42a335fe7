"""The errors that a person may be shown.

Below the services nothing is translated: an error carries a *marked* template and the values for it, and
whoever shows it translates the template first. Anything that is not a `SegStudioError` is a bug of ours.
"""

from __future__ import annotations

from typing import Any


def marked(template: str) -> str:
    """Mark `template` for the translation catalogue and return it unchanged (gettext's ``N_``)."""
    return template


class SegStudioError(Exception):
    """An expected failure: one sentence that says what is wrong, where, and what to do.

    Args:
        template: a string marked with `marked`, with ``str.format`` fields in English.
        values: what the fields stand for; converted with ``str``.
    """

    def __init__(self, template: str, **values: Any) -> None:
        self.template = template
        self.values = {key: str(value) for key, value in values.items()}
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The English sentence."""
        return self.template.format(**self.values)


class InputError(SegStudioError):
    """A file, folder or argument that a person gave has a problem."""


class SaveError(SegStudioError):
    """Something could not be written; the work is still in memory."""


class CheckpointError(SegStudioError):
    """A checkpoint that cannot be used, and why."""


class TrainingError(SegStudioError):
    """A round that cannot start or cannot go on, and why."""


class Cancelled(SegStudioError):  # noqa: N818 - it is a request that was honoured, not a failure
    """The person cancelled; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(marked("Cancelled."))
