"""VGG's columns, by the arithmetic of Table 1."""

from __future__ import annotations

import pytest

import archdsl
from archdsl.ops.conv import Conv
from tests.specs.read import SPECS, layers, program

TABLE_1 = {
    "vgg11": "3-64 M 3-128 M 3-256 3-256 M 3-512 3-512 M 3-512 3-512 M",
    "vgg11_lrn": "3-64 LRN M 3-128 M 3-256 3-256 M 3-512 3-512 M 3-512 3-512 M",
    "vgg13": "3-64 3-64 M 3-128 3-128 M 3-256 3-256 M 3-512 3-512 M 3-512 3-512 M",
    "vgg16_c": "3-64 3-64 M 3-128 3-128 M 3-256 3-256 1-256 M 3-512 3-512 1-512 M 3-512 3-512 1-512 M",
    "vgg16": "3-64 3-64 M 3-128 3-128 M 3-256 3-256 3-256 M 3-512 3-512 3-512 M 3-512 3-512 3-512 M",
    "vgg19": "3-64 3-64 M 3-128 3-128 M 3-256 3-256 3-256 3-256 M 3-512 3-512 3-512 3-512 M 3-512 3-512 3-512 3-512 M",
}
TABLE_2 = {"vgg11": 133, "vgg11_lrn": 133, "vgg13": 133, "vgg16_c": 134, "vgg16": 138, "vgg19": 144}


@pytest.mark.parametrize("bn", [False, True], ids=["", "bn"])
@pytest.mark.parametrize("column", TABLE_1)
def test_parameters_are_those_of_table_2(column: str, bn: bool) -> None:
    channels, norms = 3, 0
    params = 0
    for layer in TABLE_1[column].split():
        if layer in ("M", "LRN"):
            continue
        kernel, maps = map(int, layer.split("-"))
        params += maps * (channels * kernel**2 + 1)
        norms += 2 * maps
        channels = maps
    for inputs, units in ((512 * 7 * 7, 4096), (4096, 4096), (4096, 1000)):
        params += units * (inputs + 1)
    assert round(params / 1e6) == TABLE_2[column]
    built = archdsl.load(SPECS / "vgg.arch", variant=column + "_bn" * bn, device="meta")
    assert sum(p.numel() for p in built.parameters()) == params + norms * bn


@pytest.mark.parametrize("column", TABLE_1)
def test_layers_are_those_of_table_1(column: str) -> None:
    table: list[str] = []
    for op, _ in layers(program("vgg.arch", column).graph):
        if isinstance(op, Conv):
            table.append(f"{op.kernel}-{op.channels}")
        elif op.name in ("lrn", "maxpool"):
            table.append({"lrn": "LRN", "maxpool": "M"}[op.name])
    assert " ".join(table) == TABLE_1[column]
