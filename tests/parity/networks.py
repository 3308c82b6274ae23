"""torchvision's networks that have a spec here, and the input each is compared on."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

SPECS = Path(__file__).parents[2] / "specs"
DILATED = (False, True, True)


class Network(NamedTuple):
    name: str
    """torchvision's, and the variant's, if that has no `variant` of its own."""
    spec: str
    height: int
    width: int
    """Small, and not square, so that a swap of the two would show. VGG halves five times: 32 at least."""
    variant: str = ""
    options: tuple[tuple[str, object], ...] = ()
    """What torchvision's constructor is given."""
    drawn_in_order: bool = True
    """torchvision draws its weights once all modules stand. ViT does as it goes, which `init` rules don't."""

    @property
    def path(self) -> Path:
        return SPECS / self.spec

    @property
    def ours(self) -> str:
        """The variant, which also names the row."""
        return self.variant or self.name


NETWORKS = (
    Network("alexnet", "alexnet.arch", 96, 64, "alexnet_torchvision"),
    *(Network(name, "resnet.arch", 64, 48) for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")),
    Network("resnet18", "resnet.arch", 64, 48, "resnet18_zero_init", (("zero_init_residual", True),)),
    *(Network(f"resnext{name}", "resnet.arch", 64, 48) for name in ("50_32x4d", "101_32x8d", "101_64x4d")),
    *(Network(f"wide_resnet{depth}_2", "resnet.arch", 64, 48) for depth in (50, 101)),
    *(Network(f"vgg{depth}{bn}", "vgg.arch", 64, 32) for depth in (11, 13, 16, 19) for bn in ("", "_bn")),
    *(Network(f"densenet{depth}", "densenet.arch", 64, 48) for depth in (121, 161, 169, 201)),
    Network("googlenet", "googlenet.arch", 96, 64, options=(("init_weights", True),)),
    Network("googlenet", "googlenet.arch", 96, 64, "googlenet_no_aux", (("aux_logits", False), ("init_weights", True))),
    # Its head needs a map of 17x17, which is what 299 leaves.
    Network("inception_v3", "inception_v3.arch", 299, 315, options=(("init_weights", True),)),
    Network(
        "inception_v3",
        "inception_v3.arch",
        107,
        91,
        "inception_v3_no_aux",
        (("aux_logits", False), ("init_weights", True)),
    ),
    *(Network(f"mobilenet_v3_{size}", "mobilenet_v3.arch", 64, 48) for size in ("small", "large")),
    Network("vit_b_16", "vit.arch", 224, 224, drawn_in_order=False),
    Network("resnet50", "resnet.arch", 64, 48, "resnet50_dilated", (("replace_stride_with_dilation", DILATED),)),
)

SMALLEST = ("alexnet_torchvision", "resnet18", "resnext50_32x4d", "vgg11", "densenet121", "googlenet")
"""The smallest of each of their families."""

DRAWN = ("resnet50", "resnet18_zero_init", "vgg16", "densenet121", "googlenet", "inception_v3", "mobilenet_v3_large")
"""One of each set of `init` rules; `make parity` compares all."""
