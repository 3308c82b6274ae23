"""Reading the spec that is named, and what it imports: plain files, below the byte limit, inside one folder."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from archdsl.budget import Limits
from archdsl.diagnostic import Diagnostic, Error, Help
from archdsl.source import Source, Span

STDIN = "-"
STDIN_NAME = "<stdin>"
SPEC = ".arch"


class Refusal(Exception):
    """What was asked for can't be done, and this is what to say."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics


class _Unfit(Exception):
    """A file can't be taken."""

    def __init__(self, error: Error, *helps: Help) -> None:
        super().__init__(error)
        self.error = error
        self.helps = helps


def refusal(error: Error, path: str, *helps: Help) -> Refusal:
    """About a file as such: there is no text to point into."""
    return Refusal(Diagnostic(error, Span(Source(path, ""), 0, 0), helps=helps))


def read(path: str, limits: Limits) -> Source:
    """The file of that name, or standard input for `-`.

    Raises:
        Refusal: it is missing, no plain file, unreadable or too large.
    """
    try:
        if path == STDIN:
            return _source(sys.stdin.buffer.read(limits.bytes + 1), STDIN_NAME, None, limits)
        return _source(_bytes(path, path, limits), path, Path(os.path.realpath(path)), limits)
    except _Unfit as unfit:
        raise refusal(unfit.error, path, *unfit.helps) from None


def importer(main: Source, limits: Limits) -> Callable[[Source, str], Source]:
    """What reads the imports of `main`: below the folder that it lies in (standard input: the current folder).

    Given the importing file and the path as written, it raises `ImportRefused`.
    """
    from archdsl.elaborate.files import ImportRefused
    from archdsl.errors.files import ImportOutside

    shown_root = os.path.dirname(main.name) if main.path else ""
    root = os.path.realpath(shown_root or ".")

    def outside(written: str, why: str) -> ImportRefused:
        return ImportRefused(ImportOutside(written, why))

    def load(importing: Source, written: str) -> Source:
        if not written.isprintable() or "\\" in written:
            raise outside(written, "only plain names and `/` may stand in it")
        if os.path.isabs(written) or os.path.splitdrive(written)[0]:
            raise outside(written, "it is absolute")
        # The file named on the command line may be a symbolic link: its folder is the one in which it was named.
        own = importing is main or importing.path is None
        here = "" if own else os.path.dirname(os.path.relpath(str(importing.path), root))
        inside = os.path.normpath(os.path.join(here, written))
        if inside == os.pardir or inside.startswith(os.pardir + os.sep):
            raise outside(written, "it climbs out with `..`")
        # `..` behind a symbolic link is another folder than it seems, so the real path decides.
        real = os.path.realpath(os.path.join(root, here, written))
        if os.path.commonpath((root, real)) != root:
            raise outside(written, "a symbolic link leads out of it")
        try:
            return _source(_bytes(real, written, limits), os.path.join(shown_root, inside), Path(real), limits)
        except _Unfit as unfit:
            raise ImportRefused(unfit.error) from None

    return load


def opened(path: str, suffix: str) -> BinaryIO:
    """A plain file, open for reading. A missing one gets the nearest name with that suffix suggested.

    Raises:
        Refusal: it is missing, no plain file or unreadable.
    """
    try:
        return _open(path, path, suffix)
    except _Unfit as unfit:
        raise refusal(unfit.error, path, *unfit.helps) from None


def _bytes(path: str, shown: str, limits: Limits) -> bytes:
    """At most one byte more than the limit."""
    from archdsl.errors.files import FileUnreadable

    with _open(path, shown, SPEC) as file:
        try:
            return file.read(limits.bytes + 1)
        except OSError as problem:
            raise _Unfit(FileUnreadable(shown, reason(problem))) from None


def _open(path: str, shown: str, suffix: str) -> BinaryIO:
    """A pipe or device is refused before anything waits for it."""
    from archdsl.errors.files import FileMissing, FileUnreadable, NotAFile

    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except (FileNotFoundError, NotADirectoryError):
        raise _Unfit(FileMissing(shown), *_nearby(path, suffix)) from None
    except (OSError, ValueError) as problem:  # ValueError: a NUL in the path
        raise _Unfit(FileUnreadable(shown, reason(problem))) from None
    if kind := _kind(os.fstat(handle).st_mode):
        os.close(handle)
        helps = (
            (Help(f"read it through standard input: archdsl ... - < {shown}"),)
            if kind == "a pipe" and suffix == SPEC
            else ()
        )
        raise _Unfit(NotAFile(shown, kind), *helps)
    return open(handle, "rb")


def _kind(mode: int) -> str:
    """What it is if it isn't a plain file."""
    if stat.S_ISREG(mode):
        return ""
    if stat.S_ISDIR(mode):
        return "a folder"
    return "a pipe" if stat.S_ISFIFO(mode) else "a device"


def reason(problem: Exception) -> str:
    """What the system says, without Python's way of saying it."""
    return (problem.strerror or str(problem)).lower() if isinstance(problem, OSError) else str(problem)


def _source(data: bytes, name: str, path: Path | None, limits: Limits) -> Source:
    if len(data) > limits.bytes:
        from archdsl.errors.limits import too_much

        raise _Unfit(too_much("bytes", limits.bytes, len(data)))
    # A byte that isn't UTF-8 becomes a lone surrogate, which the parser reports at its place like any other mistake.
    return Source(name, data.decode("utf-8", "surrogateescape"), path)


def _nearby(path: str, suffix: str) -> tuple[Help, ...]:
    """The file that was probably meant."""
    from archdsl.errors.suggest import closest

    folder, name = os.path.split(path)
    try:
        names = os.listdir(folder or ".")[:10_000]
    except OSError:
        return ()
    meant = closest(name, (other for other in names if other.endswith(suffix)))
    return (Help(f"did you mean `{os.path.join(folder, meant)}`?"),) if meant else ()
