"""Putting a file in its place: whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager

from archdsl.reading import reason, refusal


@contextmanager
def replacing(path: str) -> Generator[str]:
    """The name of a new, empty file beside `path`: with the end of the block it takes the place of `path`.

    If the block raises, `path` stays as it was. A symbolic link is followed, and an existing file keeps its
    permissions. Behind the block the file is on the disk, not only in the system's memory.

    Raises:
        Refusal: there is something else than a plain file, or the system refuses.
    """
    from archdsl.errors.files import FileUnwritable

    target = os.path.realpath(path)
    beside = os.path.join(os.path.dirname(target), f".{os.path.basename(target)}.{os.urandom(4).hex()}.tmp")
    try:
        mode = _permissions(path, target)
        os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        try:
            yield beside
            if mode is not None:
                os.chmod(beside, mode)
            _to_disk(beside)
            os.replace(beside, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(beside)
            raise
        names_to_disk(os.path.dirname(target))
    except (OSError, ValueError) as problem:  # ValueError: a NUL in the path
        raise refusal(FileUnwritable(path, reason(problem)), path) from None


def write(path: str, data: bytes) -> None:
    """Put the data in the file. Raises `Refusal`."""
    with replacing(path) as beside, open(beside, "wb") as file:
        file.write(data)


def _to_disk(path: str) -> None:
    """Wait until a file's content is there. Else a loss of power could leave the new name with nothing behind it."""
    file = os.open(path, os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def names_to_disk(folder: str) -> None:
    """Wait until a folder's names are there, where the system can: Windows opens no folder, some file systems sync
    none. What has the names is on the disk by now, so that this is no failure."""
    with contextlib.suppress(OSError):
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _permissions(path: str, target: str) -> int | None:
    """Those of the file that is to go; None if there is none."""
    from archdsl.errors.files import NotAFile

    try:
        status = os.stat(target)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise refusal(NotAFile(path, "a folder" if stat.S_ISDIR(status.st_mode) else "a device"), path)
    return stat.S_IMODE(status.st_mode)
