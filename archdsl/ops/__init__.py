"""The ops, found by name. A family's file loads when one of its ops is first asked for."""

from __future__ import annotations

from importlib import import_module

from archdsl.ops.op import REGISTRY, Op

FAMILIES = {
    "activation": "gelu hardsigmoid hardswish logsigmoid mish sigmoid silu softplus softsign tanh tanhshrink",
    "arithmetic": "abs affine div exp maximum sqrt",
    "attention": "attention sdpa",
    "conv": "conv conv_transpose",
    "dense": "linear",
    "distance": "distance",
    "embedding": "arange embedding",
    "exchange": "exchange",
    "merge": "add concat matmul mul sub",
    "norm": "bn groupnorm instancenorm layernorm lrn",
    "pad": "pad",
    "pick": "expand select slice",
    "pieces": "chunk unbind",
    "pool": "avgpool lppool maxpool",
    "rearrange": "rearrange",
    "rectifier": "celu elu hardshrink hardtanh leaky_relu prelu relu relu6 rrelu selu softshrink threshold",
    "reduce": "cumsum reduce",
    "regularise": "alpha_dropout drop_path dropout",
    "reorder": "roll take",
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
