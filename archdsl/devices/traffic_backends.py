"""What the back ends of torch.distributed make of each collective, as `processes.py` calls them.

bytes on the wire = bytes of the closed form x the factor of its collective + what frames them

gloo: `all_gather` is a ring and `broadcast` a tree, in which each part is sent to each other device once;
`all_to_all_single` sends each part straight to its device. `all_reduce` is a ring, of which each device sends
2 (n - 1) / n, as the closed form has it. A reduce-scatter would be an all-reduce in gloo and move twice the bytes:
`processes.py` does it by all-to-all and a sum, whose factor is 1. TCP frames what is sent: 66 bytes of headers a
segment (of 64 KiB on a loopback interface, of 1,448 bytes on Ethernet). Each call adds about a kilobyte of small
messages, in which processes tell one another that they are ready; those of `send`, about 340 bytes
each, depend on the number of microbatches and are left out.

nccl: rings with the same factors in its protocol Simple, which large messages take. LL128 adds 8 bytes to each 120, LL
as much as the data (small messages). All-to-all is sends and receives.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from archdsl.devices.traffic_amounts import ALL_GATHER, ALL_REDUCE, ALL_TO_ALL, BROADCAST, SEND, Move, Traffic

_RINGS = {
    ALL_GATHER: Fraction(1),
    ALL_TO_ALL: Fraction(1),
    ALL_REDUCE: Fraction(1),
    BROADCAST: Fraction(1),
    SEND: Fraction(1),
}

FACTORS: Mapping[str, Mapping[str, Fraction]] = {"gloo": _RINGS, "nccl": _RINGS}
"""By back end and collective: bytes sent, over those of the closed form."""

FRAMES: Mapping[str, tuple[Fraction, str]] = {
    "gloo": (Fraction(66, 65536 - 52), "with TCP/IP headers and handshakes"),
    "nccl": (Fraction(0), "in protocol Simple"),
}
"""By back end: what frames the bytes sent, as a part of them, and what that is."""

READY: Mapping[str, Mapping[str, int]] = {
    "gloo": {ALL_GATHER: 710, ALL_TO_ALL: 390, ALL_REDUCE: 1310, BROADCAST: 200, SEND: 0},
    "nccl": {ALL_GATHER: 0, ALL_TO_ALL: 0, ALL_REDUCE: 0, BROADCAST: 0, SEND: 0},
}
"""By back end and collective: bytes that a call adds for each pair of devices, as measured with torch 2.14."""


def on_wire(traffic: Traffic, backend: str, batch: int) -> int:
    """Bytes of a step on a back end, framed."""
    return sum(move_on_wire(move, traffic.among(move), backend, batch) for move in traffic.moves)


def move_on_wire(move: Move, devices: int, backend: str, batch: int) -> int:
    """The same of one transfer, among so many devices."""
    framed = 1 + FRAMES[backend][0]
    pairs = devices * (devices - 1)
    return sum(
        round(FACTORS[backend][kind] * amount.at(batch) * framed) + READY[backend][kind] * pairs
        for kind, amount in move.by_call()
    )
