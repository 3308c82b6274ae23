"""Emitted modules in full, as readers see them: `pytest tests/emit --update` rewrites them."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.compiler import check
from archdsl.emit import emit
from archdsl.source import Source

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"

CASES = {
    "lenet5": ("specs/lenet.arch", "lenet5"),
    "vgg16": ("specs/vgg.arch", "vgg16"),
    "resnet18": ("specs/resnet.arch", "resnet18"),
    "resnet50": ("specs/resnet.arch", "resnet50"),
    "resnext50_32x4d": ("specs/resnet.arch", "resnext50_32x4d"),
    "googlenet": ("tests/golden/googlenet.arch", None),
    "densenet": ("tests/golden/densenet.arch", None),
    "heads": ("tests/golden/heads.arch", "heads"),
    "taps": ("tests/golden/heads.arch", "taps"),
    "mobilenet": ("tests/golden/mobilenet.arch", None),
}


@pytest.mark.parametrize("name", CASES)
def test_module_is_as_shown(name: str, update: bool) -> None:
    path, target = CASES[name]
    checked = check(Source(path, (ROOT / path).read_text()), target)
    assert checked.program is not None
    source = emit(checked.program)
    shown = GOLDEN / f"{name}.py"
    if update:
        shown.write_text(source)
    assert source == shown.read_text()
