"""Figures in full: DOT byte for byte (`pytest tests/draw --update` rewrites it); the gallery is fresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.api import program
from archdsl.draw.dot import dot
from archdsl.draw.figure import Manner, figure, fitting_level
from archdsl.draw.gallery import FIGURES
from archdsl.draw.outline import View
from archdsl.draw.picture import picture

ROOT = Path(__file__).parents[2]
GOLDEN = Path("tests/golden/draw")

CASES = {
    "lenet5": ("lenet", "lenet5", View(), Manner()),
    "lenet5-volume": ("lenet", "lenet5", View(), Manner(style="volume")),
    "lenet5-step-right": ("lenet", "lenet5", View("step", fold=False), Manner(direction="right")),
    "vgg16-network": ("vgg", "vgg16", View("network"), Manner()),
    "vgg16-cost": ("vgg", "vgg16", View("stage"), Manner(color_by="cost")),
    "resnet50-stage": ("resnet", "resnet50", View("stage"), Manner()),
    "resnet50-layer2": ("resnet", "resnet50", View(focus=("layer2",)), Manner()),
    "inception3a": ("googlenet", "googlenet", View(focus=("inception3a",)), Manner()),
    "denseblock1": ("densenet", "densenet121", View(focus=("features", "denseblock1")), Manner()),
    "unet": ("unet", "unet", View(), Manner()),
}


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    """Tooltips name files as they were given."""
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("name", CASES)
def test_dot_is_as_shown(name: str, update: bool) -> None:
    spec, variant, view, manner = CASES[name]
    text = dot(figure(program(f"specs/{spec}.arch", variant), view, manner))
    shown = GOLDEN / f"{name}.dot"
    if update:
        shown.write_text(text)
    assert text == shown.read_text()


@pytest.mark.parametrize(("spec", "variant"), [(spec, name) for spec, names in FIGURES.items() for name in names])
def test_the_gallery_is_fresh(spec: str, variant: str) -> None:
    checked = program(f"specs/{spec}.arch", variant)
    drawing = figure(checked, View(fitting_level(checked, View())))
    shown = Path(f"docs/gallery/{variant}.svg").read_bytes()
    assert picture(drawing, ".svg") == shown, "run `make gallery`"
