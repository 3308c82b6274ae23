"""Writing files: whole or not at all, and never over what somebody else wrote."""

from __future__ import annotations

import contextlib
import os
import stat

from archdsl.cli.files import reason, refusal

MARK = "compiled by archdsl from"
"""In the first line of every generated file."""


def write(path: str, text: str, *, force: bool = False) -> None:
    """Put the text in the file: written beside it under another name, then renamed.

    A symbolic link is followed, and an existing file keeps its permissions.

    Raises:
        Refusal: the file exists and wasn't generated (without `force`), or the system refuses.
    """
    from archdsl.errors.files import FileUnwritable

    target = os.path.realpath(path)
    mode = _may_replace(path, target, force)
    beside = os.path.join(os.path.dirname(target), f".{os.path.basename(target)}.{os.urandom(4).hex()}.tmp")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with open(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                if mode is not None:
                    os.chmod(beside, mode)
            os.replace(beside, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(beside)
            raise
    except (OSError, ValueError) as problem:
        raise refusal(FileUnwritable(path, reason(problem)), path) from None


def _may_replace(path: str, target: str, force: bool) -> int | None:
    """The permissions of the file that is to go; None if there is none."""
    from archdsl.errors.files import FileUnwritable, NotAFile, NotGenerated

    try:
        status = os.stat(target)
        if not stat.S_ISREG(status.st_mode):
            raise refusal(NotAFile(path, "a folder" if stat.S_ISDIR(status.st_mode) else "a device"), path)
        if not force and not _generated(target):
            raise refusal(NotGenerated(path), path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        raise refusal(FileUnwritable(path, reason(problem)), path) from None
    return stat.S_IMODE(status.st_mode)


def _generated(path: str) -> bool:
    with open(path, "rb") as file:
        return MARK.encode() in file.readline(1000)
