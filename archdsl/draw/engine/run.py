"""A process apart: what goes in, what comes out, and how long and how large it may get."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from math import ceil

from archdsl.draw import fonts
from archdsl.record import Record


class Bounds(Record):
    """What one run of the engine may use."""

    seconds: float = 20
    memory: int = 2**30
    """Bytes of address space, where the system counts them (not on macOS and Windows)."""


class Outcome(Record):
    """What became of a process.

    late: it was ended when its time was over.
    hungry: it was ended by the system, as one that takes too much.
    how: how it ended, in words.
    """

    status: int
    data: bytes
    said: bytes
    late: bool = False
    hungry: bool = False
    how: str = ""


def run(command: list[str], data: bytes, bounds: Bounds, environment: dict[str, str]) -> Outcome:
    """Run a command on some data. It never outlives this call, nor does what it started."""
    posix = os.name == "posix"
    try:
        process = subprocess.Popen(
            _limited(command, bounds) if posix else command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=fonts.FOLDER,
            env=environment,
            start_new_session=posix,  # so that all of it can be ended at once
        )
    except OSError as problem:
        return Outcome(-1, b"", b"", how=f"can't be started: {(problem.strerror or str(problem)).lower()}")
    try:
        out, said = process.communicate(data, timeout=bounds.seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        return Outcome(-1, b"", b"", late=True)
    except BaseException:  # an interrupt, or no memory for the answer
        _end(process)
        raise
    return _ended(process.returncode, out, said)


def _limited(command: list[str], bounds: Bounds) -> list[str]:
    """Under the shell's limits: memory in KiB, and processor time in case that nobody is left to look at the clock.

    A shell sets them and becomes the command. (Python's `preexec_fn` isn't safe beside threads.) A system that can't
    limit one goes on without.
    """
    limits = f"ulimit -v {bounds.memory // 1024} 2>/dev/null; ulimit -t {ceil(bounds.seconds) + 1} 2>/dev/null"
    return ["/bin/sh", "-c", f'{limits}; exec "$@"', "sh", *command]


def _end(process: subprocess.Popen[bytes]) -> None:
    """The process and all that it started."""
    if os.name == "posix":
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.communicate()


def _ended(status: int, out: bytes, said: bytes) -> Outcome:
    if status >= 0:
        return Outcome(status, out, said, how=f"ended with status {status}")
    number = -status
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    late = name == "SIGXCPU"
    return Outcome(status, out, said, late=late, hungry=name == "SIGKILL", how=f"was ended by {name}")
