"""How a process of a run ends when another one is missed: at once, and not before it has said so."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from typing import NoReturn

from archdsl.devices.watch import Watch

_ending = threading.Lock()


def say_when_ended(watch: Watch) -> None:
    """Have this process say what it knows when it is ended from outside, whatever it is waiting for.

    The launcher ends all processes when one has died. Python's own handlers run when the main thread comes back from
    what it waits for in C++, which may take as long as the group's timeout; what the signal writes into a socket is
    read at once.
    """
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    signal.signal(signal.SIGTERM, _nothing)
    signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(reading, writing, watch), name="archdsl last words", daemon=True).start()


def _nothing(*_: object) -> None:
    """The signal must have a handler of Python's for the socket to hear of it."""


def _wait(reading: socket.socket, _writing: socket.socket, watch: Watch) -> None:
    """Both ends of the socket are held here: closed, they would hear nothing."""
    while signal.SIGTERM not in reading.recv(1):
        pass
    time.sleep(1)  # an error that the main thread just met tells more
    place = watch.place
    stop(f"{place}, ended from outside: {watch.others() or 'all others are there too'}", watch)


def stop(why: str, watch: Watch) -> NoReturn:
    """End at once: what waits for a peer in the background would wait for its timeout."""
    with _ending:  # for good: it is said once
        # One write, as another process may be about to say something too.
        os.write(sys.stderr.fileno(), f"{why}\n".encode())
        watch.leave()
        os._exit(1)
