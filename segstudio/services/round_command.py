"""The command line that runs rounds elsewhere: over ssh, or through a cluster's submit command, on a shared folder.

Owns how a person's template becomes a list of arguments. No local shell ever reads it.

The words of the template are told apart as a shell would (quotes hold words together). One stands for the round:

- ``{command}`` becomes the words ``segstudio train …``, as programs take them that start another (``srun``);
- ``{arguments}`` becomes the same without ``segstudio``, for a program of another name or place;
- ``{command_quoted}`` becomes one string, quoted for the shell on the other side, which is what ssh hands it to.
"""

from __future__ import annotations

import shlex

from segstudio.core.errors import InputError, marked

PROGRAM = "segstudio"
"""What the program is called on the other side."""

_COMMAND, _ARGUMENTS, _QUOTED = "{command}", "{arguments}", "{command_quoted}"


def far_command(template: str, arguments: list[str]) -> list[str]:
    """The command line that runs ``segstudio`` `arguments` as `template` says.

    Raises:
        InputError: the template cannot be read, or does not say once where the round goes.
    """
    words = _words(template)
    command = [PROGRAM, *arguments]
    filled: list[str] = []
    for word in words:
        if word == _COMMAND:
            filled += command
        elif word == _ARGUMENTS:
            filled += arguments
        else:
            filled.append(word.replace(_QUOTED, shlex.join(command)))
    return filled


def check_round_command(template: str) -> None:
    """Check a template that is not empty; InputError as in `far_command`."""
    _words(template)


def _words(template: str) -> list[str]:
    try:
        words = shlex.split(template)
    except ValueError as error:
        raise InputError(
            marked('The round command "{given}" cannot be read: a quotation mark is left open. Close it.'),
            given=template,
        ) from error
    places = [word for word in words if word in (_COMMAND, _ARGUMENTS)]
    places += [word for word in words for _ in range(word.count(_QUOTED))]
    if len(places) != 1 or words[0] == _ARGUMENTS:
        raise InputError(
            marked(
                'The round command "{given}" does not say where the round goes. Write {{command}} in it once, as a '
                "word of its own, or {{command_quoted}} for ssh."
            ),
            given=template,
        )
    return words
