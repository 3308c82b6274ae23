"""The ops, found by name. A family's file loads when one of its ops is first asked for."""

from __future__ import annotations

from importlib import import_module

from archdsl.ops.op import REGISTRY, Op

FAMILIES = {
    "activation": "gelu hardsigmoid hardswish logsigmoid mish sigmoid silu softplus softsign tanh tanhshrink",
    "attention": "attention sdpa",
    "conv": "conv conv_transpose",
    "dense": "linear",
    "embedding": "arange embedding",
    "merge": "add concat matmul mul sub",
    "norm": "bn groupnorm instancenorm layernorm lrn",
    "pad": "pad",
    "pick": "expand select slice",
    "pool": "avgpool lppool maxpool",
    "rearrange": "rearrange",
    "rectifier": "celu elu hardshrink hardtanh leaky_relu prelu relu relu6 rrelu selu softshrink threshold",
    "regularise": "alpha_dropout drop_path dropout",
    "reshape": "flatten identity",
    "resize": "upsample",
    "scale": "bias scale",
    "softmax": "glu log_softmax softmax softmin",
}
"""File -> the ops declared in it; a test keeps this equal to what the files declare."""

FILES = {name: family for family, names in FAMILIES.items() for name in names.split()}


def find(name: str) -> type[Op] | None:
    """The op of that name, None if there is none."""
    family = FILES.get(name)
    if family is not None and name not in REGISTRY:
        import_module(f"archdsl.ops.{family}")
    return REGISTRY.get(name)


def names() -> list[str]:
    """The names of all ops, without loading them."""
    return sorted(FILES)
