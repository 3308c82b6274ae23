"""Mapping by shape and order: what is clear is mapped, what is not is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file

import archdsl
from archdsl.compiler import check
from archdsl.reading import Refusal
from archdsl.source import Source
from archdsl.weights.header import read_header
from archdsl.weights.match import renamed, wanted
from archdsl.weights.order import ordered

SPECS = Path(__file__).parents[2] / "specs"

PLAIN = """
network n(rules = 0) {
    input x: [N, 3, 16, 16]
    if rules == 1 { rename "key" -> "k"; rename "query" -> "q" }
    BODY
}
"""


def mapped(body: str, shapes: dict[str, tuple[int, ...]], path: Path, **settings: object) -> dict[str, str]:
    save_file({key: torch.zeros(shape) for key, shape in shapes.items()}, path)
    program = check(Source("net.arch", PLAIN.replace("BODY", body)), None, settings).program
    assert program is not None
    file = read_header(str(path))
    network = wanted(program)
    return ordered(file, network, renamed(file, network, program.renames))


def unclear(body: str, shapes: dict[str, tuple[int, ...]], path: Path) -> str:
    with pytest.raises(Refusal) as caught:
        mapped(body, shapes, path)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E0912"
    return diagnostic.title


CONVS = "a: conv(3, 3x3, bias=false); b: conv(3, 3x3, bias=false); c: conv(8, 3x3, bias=false)"
KERNEL = (3, 3, 3, 3)


def test_numbers_order_what_looks_alike(tmp_path: Path) -> None:
    shapes = {"f.9.weight": KERNEL, "f.10.weight": KERNEL, "last.weight": (8, 3, 3, 3)}
    assert mapped(CONVS, shapes, tmp_path / "x.safetensors") == {
        "f.9.weight": "a.weight",
        "f.10.weight": "b.weight",
        "last.weight": "c.weight",
    }


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ({"x.weight": KERNEL, "y.weight": KERNEL, "z.weight": (8, 3, 3, 3)}, "`x`, `y` all have weight 3x3x3x3"),
        (
            {"f.1.weight": KERNEL, "f.2.weight": (8, 3, 3, 3)},
            "2 modules (`a`, `b`) with weight 3x3x3x3, the file has 1",
        ),
        ({"f.0.weight": (8, 3, 3, 3), "f.1.weight": KERNEL, "f.2.weight": KERNEL}, "another order"),
        ({"f.1.w": KERNEL, "f.2.w": KERNEL, "f.3.w": (8, 3, 3, 3)}, "with weight 3x3x3x3, the file has none"),
    ],
    ids=["names without order", "too few", "another order", "other names within"],
)
def test_what_is_unclear_is_refused(tmp_path: Path, shapes: dict[str, tuple[int, ...]], said: str) -> None:
    assert said in unclear(CONVS, shapes, tmp_path / "x.safetensors")


def test_rules_settle_what_order_cannot(tmp_path: Path) -> None:
    body = "q: conv(3, 1x1); k: conv(3, 1x1); last: conv(3, 1x1)"
    shapes = {f"{name}.{part}": shape for name in ("key", "query", "w0") for part, shape in CONV.items()}
    assert "`key`, `query`, `w0`" in unclear(body, shapes, tmp_path / "x.safetensors")
    made = mapped(body, shapes, tmp_path / "x.safetensors", rules=1)
    assert made["key.weight"] == "k.weight" and made["query.bias"] == "q.bias" and made["w0.weight"] == "last.weight"


CONV = {"weight": (3, 3, 1, 1), "bias": (3,)}


def test_vgg_by_other_names(tmp_path: Path) -> None:
    """VGG-11 of torchvision, renamed as by a stranger, gives the same outputs once converted."""
    from archdsl.cli.main import main

    torch.manual_seed(0)
    reference = torchvision.models.vgg11_bn().eval()
    strange = {key.replace("features", "net.body").replace("classifier", "net.top"): t for key, t in
               reference.state_dict().items()}  # fmt: skip
    save_file(strange, tmp_path / "strange.safetensors")
    target = f"{SPECS / 'vgg.arch'}:vgg11_bn"
    files = (str(tmp_path / "strange.safetensors"), str(tmp_path / "mine.safetensors"))
    assert main(["weights", "convert", target, *files]) == 1
    assert not Path(files[1]).exists()
    assert main(["weights", "convert", target, *files, "--by", "order"]) == 0
    module = archdsl.load(SPECS / "vgg.arch", "vgg11_bn", weights=files[1]).eval()
    image = torch.randn(1, 3, 32, 32)
    assert torch.equal(module(image), reference(image))
