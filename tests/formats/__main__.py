"""`make parity`: every form of every spec as ONNX in onnxruntime, and as `.pt2` in torch, against its module.

A table, which is also kept in docs/parity.json. `python -m tests.formats 'resnet*' unet` takes only these. Exit status
1 if ONNX's outputs are further away than 1e-4 of the largest, or a `.pt2` output is not equal.
"""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Sequence

from archdsl.formats import ExportError, as_bytes
from tests.formats.compare import TOLERANCE, onnx_difference, pt2_agrees
from tests.formats.models import made
from tests.parity.results import Cell, Form, forms, record

SHORTENED: dict[str, dict[str, object]] = {
    # Their weights are more than the 2 GiB that one ONNX file holds.
    "gpt2_large": {"depth": 2},
    "gpt2_xl": {"depth": 2},
    "vit_h_14": {"depth": 2},
    # As they are, torch.export traces these for hours.
    "resnet1001_v2": {"n": 12},
    "resnet1202": {"n": 12},
    "densenet100_k12": {"depth": 40},
    "densenet100_k24": {"depth": 40},
    "densenet_bc190_k40": {"depth": 40},
    "densenet_bc250_k24": {"depth": 40},
}
"""These are run with fewer layers, all alike, and their rows say so."""


def row(form: Form) -> dict[str, Cell]:
    settings = SHORTENED.get(form.name, {})
    network = made(str(form.path), form.name, **settings)
    apart = onnx_difference(network, as_bytes(*network, ".onnx"))
    gc.collect()  # ONNX's model and its session; the program that follows needs the room
    same = pt2_agrees(network, as_bytes(*network, ".pt2"))
    note = "".join(f", {name}={value}" for name, value in settings.items())
    return {
        "onnx": f"{apart:.0e}{note}" if apart < TOLERANCE else False,
        "pt2": f"equal{note}" if same and note else same,
    }


def main(wanted: Sequence[str]) -> int:
    warnings.simplefilter("ignore")
    failed = 0
    print(f"{'network':28}{'onnxruntime':>22}{'pt2':>22}")
    for form in forms(wanted):
        print(f"{form.name:28}", end="", flush=True)
        try:
            cells = row(form)
        except ExportError as problem:
            cells: dict[str, Cell] = {"onnx": False, "pt2": False}
            print(f"  {problem}")
        else:
            print("".join(f"{shown(cell):>22}" for cell in cells.values()), flush=True)
        failed += False in cells.values()
        record(form.name, cells)
        gc.collect()
    return 1 if failed else 0


def shown(cell: Cell) -> str:
    return cell if isinstance(cell, str) else "equal" if cell else "DIFFERS"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
