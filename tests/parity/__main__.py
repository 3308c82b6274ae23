"""`make parity`: every network against torchvision's, as a table, which is also kept in docs/parity.json.

`python -m tests.parity 'resnet*' vgg11` takes only these. Exit status 1 if anything differs.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence

import torch
import torchvision

from tests.parity.compare import compiles, exports, image, pair, same_keys, same_output, same_start, same_tensors, train
from tests.parity.networks import NETWORKS, Network
from tests.parity.results import COLUMNS as KEPT
from tests.parity.results import Cell, is_wanted, record

COLUMNS = ("params", "keys", "seed", "outputs", "loss", "gradients", "statistics", "compile", "export")


def row(network: Network) -> Iterator[str | bool]:
    networks = pair(network)
    x = image(network)
    yield f"{sum(p.numel() for p in networks.ours.parameters()):,}"
    yield same_keys(networks)
    yield same_start(network) if network.drawn_in_order else "by rule"
    yield same_output(networks, x)
    theirs, ours = (train(module, x) for module in networks)
    yield torch.equal(theirs.loss, ours.loss)
    yield same_tensors(theirs.gradients, ours.gradients)
    yield same_tensors(theirs.state, ours.state)
    ours = networks.ours
    del networks, theirs
    yield compiles(ours, x)
    yield exports(ours, x)


def main(wanted: Sequence[str]) -> int:
    failed = 0
    print(f"{'network':20}" + "".join(f"{column:>13}" for column in COLUMNS))
    for network in (network for network in NETWORKS if is_wanted(network.ours, wanted)):
        print(f"{network.ours:20}", end="", flush=True)
        kept: dict[str, Cell] = {"against": f"torchvision {torchvision.__version__.partition('+')[0]}"}
        for column, cell in zip(COLUMNS, row(network)):
            failed += cell is False
            shown = cell if isinstance(cell, str) else "equal" if cell else "DIFFERS"
            print(f"{shown:>13}", end="", flush=True)
            if column in KEPT:
                kept[column] = cell if isinstance(cell, bool) else None
        print()
        record(network.ours, kept)
        gc.collect()  # modules hold cycles; the next pair needs the room
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
