"""What the devices can do, and how it is written: `20T`, `16GB/s`, `16GiB`."""

from __future__ import annotations

import re
from typing import ClassVar

from archdsl.diagnostic import Error
from archdsl.record import Record

DECIMAL = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}

_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)\s?([A-Za-z/]*)")


class Kind(Record):
    """What an amount is of: `units` are how its unit may be written, the first as in messages."""

    option: str
    what: str
    units: tuple[str, ...]
    example: str


FLOPS = Kind("--flops", "a number of FLOPs a second", ("", "FLOPS", "FLOP/s"), "20T")
LINK = Kind("--link", "a number of bytes a second", ("B/s",), "16GB/s")
MEMORY = Kind("--memory", "a number of bytes", ("B",), "16GB or 16GiB")


class BadAmount(ValueError):
    """It isn't written as such an amount is."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.said(error.title))
        self.error = error


def amount(text: str, kind: Kind) -> int:
    """The number behind `16GB/s`: decimal prefixes k M G T P, binary Ki Mi Gi Ti, then the unit.

    Raises:
        BadAmount: it is written otherwise, or is 0.
    """
    from archdsl.errors.devices import BadQuantity, NoQuantity

    found = _QUANTITY.fullmatch(text.strip())
    if not found:
        raise BadAmount(BadQuantity(kind.option, text[:40], kind.what, kind.example, "a number and its unit"))
    number, written = found.groups()
    for unit in kind.units:
        prefix = written.removesuffix(unit) if unit else written
        if written.endswith(unit) and prefix in {**DECIMAL, **BINARY}:
            factor = {**DECIMAL, **BINARY}[prefix]
            whole, _, part = number.partition(".")
            size = int(whole + part) * factor // 10 ** len(part)
            if not size:
                raise BadAmount(NoQuantity(kind.option, text[:40]))
            return size
    raise BadAmount(BadQuantity(kind.option, text[:40], kind.what, kind.example, _hint(written, kind)))


def _hint(written: str, kind: Kind) -> str:
    """What is wrong with the unit."""
    if written.lower().endswith(("b/s", "bps", "bit/s")) and not written.endswith("B/s"):
        return "`B` is a byte, and bits are not taken: divide them by 8"
    if kind is LINK and written.endswith("B"):
        return "it is a rate: add `/s`"
    if kind is MEMORY and written.endswith("/s"):
        return "it is an amount, without `/s`"
    lowered = {prefix.lower(): prefix for prefix in (*DECIMAL, *BINARY)}
    for unit in kind.units:
        prefix = written[: len(written) - len(unit)] if unit else written
        if written.lower().endswith(unit.lower()) and prefix.lower() in lowered:
            return f"write `{lowered[prefix.lower()]}{unit}`: case counts"
    return f"its unit is {' or '.join(f'`{unit}`' for unit in kind.units if unit) or 'left out'}"


class Machine(Record):
    """One of the equal devices.

    flops:     FLOPs that it really does a second; a data sheet's peak is rarely reached.
    link:      bytes a second that it exchanges with a neighbour, in both directions together.
    memory:    bytes.
    optimizer: how many numbers the optimiser keeps for each trained one: see `OPTIMIZERS`.
    """

    flops: int = 20 * 10**12
    link: int = 16 * 10**9
    memory: int = 16 * 10**9
    optimizer: str = "momentum"

    OPTIMIZERS: ClassVar[dict[str, int]] = {"sgd": 0, "momentum": 1, "adam": 2}
    """SGD keeps nothing, with momentum a velocity; Adam and AdamW the moving averages of gradient and square."""

    def training_bytes(self, state: int, trained: int) -> int:
        """Weights and buffers, gradients, and what the optimiser keeps."""
        return state + (1 + self.OPTIMIZERS[self.optimizer]) * trained
