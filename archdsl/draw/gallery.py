"""`python -m archdsl.draw.gallery SPECS FOLDER`: figures of a folder's specs, `NAME.svg` at the level that fits a page
and `NAME-LEVEL.svg` at each level.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from archdsl.api import program
from archdsl.draw.figure import Manner, figure, fitting_level
from archdsl.draw.outline import LEVELS, View
from archdsl.draw.picture import picture

FIGURES = {
    "alexnet": ("alexnet_2012", "alexnet_two_devices"),
    "densenet": ("densenet121", "densenet_plain"),
    "googlenet": ("googlenet",),
    "gpt2": ("gpt2_small",),
    "inception_v3": ("inception_v3",),
    "lenet": ("lenet5", "lenet5_1998"),
    "mobilenet_v3": ("mobilenet_v3_large",),
    "resnet": ("resnet18", "resnet50", "resnet152"),
    "resnet_cifar": ("resnet20",),
    "resnet_v2": ("resnet50_v2",),
    "unet": ("unet", "unet_2015"),
    "vgg": ("vgg16",),
    "vit": ("vit_b_16",),
}
"""The forms of each file that are drawn."""

VOLUMES = ("lenet5", "vgg16")
"""Also drawn as volumes, `NAME-volume.svg`."""


def figures(specs: Path) -> Iterator[tuple[str, bytes]]:
    """Names and contents of all files."""
    for spec, names in FIGURES.items():
        for name in names:
            checked = program(specs / f"{spec}.arch", name)
            made = {level: figure(checked, View(level, fold=level != "step")) for level in LEVELS}
            yield f"{name}.svg", picture(made[fitting_level(checked, View())], ".svg")
            for level, drawing in made.items():
                yield f"{name}-{level}.svg", picture(drawing, ".svg")
            if name in VOLUMES:
                yield f"{name}-volume.svg", picture(figure(checked, View(), Manner(style="volume")), ".svg")


def main(specs: str, folder: str) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, content in figures(Path(specs)):
        Path(folder, name).write_bytes(content)


if __name__ == "__main__":
    main(*sys.argv[1:])
