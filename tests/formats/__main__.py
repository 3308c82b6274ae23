"""`make parity`: every network as ONNX in onnxruntime, and as `.pt2` in torch, against its module. As a table.

Exit status 1 if an ONNX output is further away than 1e-4 of the largest output, or a `.pt2` output is not equal.
"""

from __future__ import annotations

import gc
import io
import sys
import warnings
from collections.abc import Iterator

import torch
from torch import nn

from archdsl.formats import as_bytes
from archdsl.ir.graph import Program
from tests.formats.models import made
from tests.formats.onnx_runs import difference
from tests.parity.networks import NETWORKS, Network

TOLERANCE = 1e-4


def row(network: Network) -> Iterator[tuple[str, bool]]:
    """Each column's text, and whether it is as it must be."""
    program, module = made(str(network.path), network.name)
    x = example(program, batch=2)
    data = as_bytes(program, module, ".onnx")
    yield f"{len(data.data) / 2**20:.0f} MiB", True
    apart = difference(data.data, module, [x])
    del data
    yield f"{apart:.1e}", apart < TOLERANCE
    same = exported_agrees(program, module, x)
    yield ("equal" if same else "DIFFERS"), same


def example(program: Program, batch: int) -> torch.Tensor:
    shape = program.graph.inputs[0].shape
    assert shape is not None
    return torch.randn(shape.at(program.nominal | {"N": batch}), generator=torch.Generator().manual_seed(1))


def exported_agrees(program: Program, module: nn.Module, x: torch.Tensor) -> bool:
    loaded = torch.export.load(io.BytesIO(as_bytes(program, module, ".pt2").data)).module()
    with torch.no_grad():
        return torch.equal(loaded(x), module(x))


def main() -> int:
    warnings.simplefilter("ignore")
    failed = 0
    print(f"{'network':20}{'onnx file':>12}{'onnxruntime':>13}{'pt2':>9}")
    for network in NETWORKS:
        print(f"{network.name:20}", end="", flush=True)
        for width, (text, right) in zip((12, 13, 9), row(network)):
            failed += not right
            print(f"{text:>{width}}", end="", flush=True)
        print()
        gc.collect()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
