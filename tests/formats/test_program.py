"""`.pt2` files: torch loads them, and they compute what the module computes at every size that the spec leaves free."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from archdsl.formats import as_bytes
from tests.formats.models import made

pytestmark = pytest.mark.filterwarnings("ignore:.*isinstance.treespec, LeafSpec.*:FutureWarning")


@pytest.mark.parametrize(
    ("path", "variant", "shapes"),
    [
        ("specs/lenet.arch", None, [(1, 1, 32, 32), (3, 1, 32, 32)]),
        ("specs/resnet.arch", "resnet18", [(1, 3, 224, 224), (2, 3, 64, 97)]),
        ("specs/vgg.arch", "vgg11", [(1, 3, 224, 224), (2, 3, 64, 97)]),
    ],
)
def test_free_sizes(path: str, variant: str | None, shapes: list[tuple[int, ...]], tmp_path: Path) -> None:
    network = made(path, variant, classes=10)
    file = tmp_path / "network.pt2"
    file.write_bytes(as_bytes(network.program, network.module, ".pt2").data)
    exported = torch.export.load(file).module()
    for shape in shapes:
        x = torch.randn(shape)
        with torch.no_grad():
            assert torch.equal(exported(x), network.module(x))
