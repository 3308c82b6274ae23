"""Where the ops refuse and PyTorch doesn't: each kind with its reason and an example, which a test holds to be true."""

from __future__ import annotations

from typing import Any, NamedTuple

from archdsl.ops.op import Op, Refused


class Deliberate(NamedTuple):
    code: str
    param: str | None
    """The parameter to blame; None: the input."""
    ops: str
    """Their names, or "*"."""
    why: str
    example: tuple[str, dict[str, Any], tuple[tuple[int, ...], ...], str]
    """Op, parameters, sizes of the inputs, their dtypes (a space between them, if they differ)."""


DELIBERATE = (
    Deliberate(
        "E0318",
        None,
        "*",
        "some kernels of PyTorch take integers or bools, or convert them to floats; here only floats are activations",
        ("relu", {}, ((1, 2),), "int64"),
    ),
    Deliberate(
        "E0318",
        None,
        "bn instancenorm layernorm groupnorm scale bias prelu",
        "without weights, or by promotion, PyTorch takes other floats; which layers would do is nothing to rely on",
        ("scale", {}, ((1, 2, 3),), "float64"),
    ),
    Deliberate(
        "E0311",
        None,
        "linear layernorm scale bias",
        "PyTorch takes a vector without a batch; axis 0 is the batch",
        ("linear", {"units": 2}, ((3,),), "float32"),
    ),
    Deliberate(
        "E0311",
        None,
        "matmul",
        "PyTorch takes vectors too, as rows or columns",
        ("matmul", {}, ((3,), (3,)), "float32"),
    ),
    Deliberate(
        "E0319",
        None,
        "add sub mul concat",
        "PyTorch promotes mixed dtypes; nothing is converted silently",
        ("add", {}, ((1, 2), (1, 2)), "float32 float64"),
    ),
    Deliberate(
        "E0501",
        "units",
        "linear",
        "PyTorch makes layers without outputs; no axis of a network is empty",
        ("linear", {"units": 0}, ((1, 2),), "float32"),
    ),
    Deliberate(
        "E0501",
        "dim",
        "embedding",
        "likewise",
        ("embedding", {"vocab": 2, "dim": 0}, ((1, 2),), "int64"),
    ),
    Deliberate("E0501", "size", "arange", "likewise", ("arange", {"size": 0}, ((1, 2),), "float32")),
    Deliberate(
        "E0509",
        "axis",
        "arange",
        "a count, or an axis to count along",
        ("arange", {"size": 2, "axis": 1}, ((1, 2),), "float32"),
    ),
    Deliberate(
        "E0501",
        "axis",
        "arange",
        "axis 0 is the batch",
        ("arange", {"axis": 0}, ((1, 2),), "float32"),
    ),
    Deliberate(
        "E0501",
        "dropout",
        "sdpa attention",
        "PyTorch looks at it in training alone",
        ("sdpa", {"dropout": 1.5}, ((1, 2, 2), (1, 2, 2), (1, 2, 2)), "float32"),
    ),
    Deliberate(
        "E0501",
        "dilation",
        "conv_transpose",
        "some kernels of PyTorch let 0 pass where the kernel is 1, so that it means nothing",
        ("conv_transpose", {"channels": 2, "kernel": 1, "dilation": 0}, ((2, 2, 3),), "float32"),
    ),
    Deliberate(
        "E0501",
        "out",
        "maxpool avgpool",
        "PyTorch makes empty maps; no axis of a network is empty",
        ("avgpool", {"out": 0}, ((1, 2, 3),), "float32"),
    ),
    Deliberate(
        "E0310",
        "pad",
        "conv_transpose",
        "likewise",
        ("conv_transpose", {"channels": 2, "kernel": 4, "pad": 2}, ((2, 2, 1),), "float32"),
    ),
    Deliberate(
        "E0509",
        "kernel",
        "maxpool avgpool",
        "what adaptive pools don't use would be ignored",
        ("avgpool", {"kernel": 2, "out": 1}, ((1, 2, 3),), "float32"),
    ),
    Deliberate(
        "E0509", "stride", "maxpool avgpool", "likewise", ("avgpool", {"stride": 2, "out": 1}, ((1, 2, 3),), "float32")
    ),
    Deliberate(
        "E0509", "pad", "maxpool avgpool", "likewise", ("avgpool", {"pad": 1, "out": 1}, ((1, 2, 3),), "float32")
    ),
    Deliberate(
        "E0509", "ceil", "maxpool avgpool", "likewise", ("avgpool", {"ceil": True, "out": 1}, ((1, 2, 3),), "float32")
    ),
    Deliberate(
        "E0509", "dilation", "maxpool", "likewise", ("maxpool", {"dilation": 2, "out": 1}, ((1, 2, 3),), "float32")
    ),
    Deliberate(
        "E0509",
        "count_pad",
        "avgpool",
        "likewise",
        ("avgpool", {"count_pad": False, "out": 1}, ((1, 2, 3),), "float32"),
    ),
    Deliberate(
        "E0501",
        "norm_type",
        "lppool",
        "a norm below 0 gives infinities wherever a number is 0",
        ("lppool", {"kernel": 2, "norm_type": -1.0}, ((1, 2, 3),), "float32"),
    ),
    Deliberate(
        "E0501",
        "eps",
        "bn instancenorm layernorm groupnorm",
        "below 0 the root may be of a negative number",
        ("layernorm", {"eps": -0.5}, ((1, 2),), "float32"),
    ),
    Deliberate(
        "E0501",
        "momentum",
        "bn instancenorm",
        "a mean that moves by more than the whole way diverges",
        ("bn", {"momentum": 2.0}, ((1, 2),), "float32"),
    ),
    Deliberate(
        "E0501",
        "axes",
        "layernorm",
        "PyTorch would normalise over the batch",
        ("layernorm", {"axes": 2}, ((3, 2),), "float32"),
    ),
    Deliberate(
        "E0501",
        "beta",
        "softplus",
        "beta is a divisor, and below 0 the curve falls",
        ("softplus", {"beta": 0.0}, ((1, 2),), "float32"),
    ),
    Deliberate(
        "E0501",
        "axis",
        "select pad",
        "axis 0 is the batch",
        ("select", {"axis": 0, "index": 0}, ((1, 2),), "float32"),
    ),
    Deliberate(
        "E0501",
        "axes",
        "reduce",
        "axis 0 is the batch, and an empty list means all axes to PyTorch",
        ("reduce", {"axes": (0,), "by": "sum"}, ((1, 2),), "float32"),
    ),
    Deliberate(
        "E0501",
        "pieces",
        "chunk",
        "one piece is no list",
        ("chunk", {"pieces": 1}, ((1, 2),), "float32"),
    ),
    Deliberate(
        "E0317",
        "pieces",
        "chunk",
        "PyTorch makes the last piece smaller, or fewer pieces",
        ("chunk", {"pieces": 2}, ((1, 3),), "float32"),
    ),
    Deliberate("E0501", "axis", "unbind", "one piece is no list", ("unbind", {"axis": 0}, ((1, 2),), "float32")),
    Deliberate(
        "E0508",
        None,
        "take",
        "no indices are no choice",
        ("take", {"axis": 1}, ((1, 2),), "float32"),
    ),
    Deliberate("E0501", "indices", "take", "likewise", ("take", {"axis": 1, "indices": ()}, ((1, 2),), "float32")),
    Deliberate(
        "E0511",
        "start",
        "slice",
        "Python clips slices silently",
        ("slice", {"axis": 1, "start": -5}, ((1, 2),), "float32"),
    ),
    Deliberate("E0511", "stop", "slice", "likewise", ("slice", {"axis": 1, "stop": 5}, ((1, 2),), "float32")),
    Deliberate(
        "E0322",
        "sizes",
        "expand",
        "PyTorch makes empty axes, and new ones in front",
        ("expand", {"sizes": (2, 1, 3)}, ((1, 3),), "float32"),
    ),
    Deliberate(
        "E0501",
        "size",
        "pad",
        "a negative border cuts off; that is what slice is for",
        ("pad", {"size": -1}, ((1, 2, 5),), "float32"),
    ),
    Deliberate("E0501", "after", "pad", "likewise", ("pad", {"size": 0, "after": -1}, ((1, 2, 5),), "float32")),
    Deliberate(
        "E0317",
        "over",
        "upsample",
        "PyTorch rounds the size down; here it must be exact",
        ("upsample", {"factor": 3, "over": 2}, ((1, 2, 5),), "float32"),
    ),
    Deliberate(
        "E0509",
        "over",
        "upsample",
        "a ratio has no use beside a size",
        ("upsample", {"size": 3, "over": 2}, ((1, 2, 5),), "float32"),
    ),
)


def is_deliberate(op: Op, refused: Refused) -> bool:
    facts = refused.error.code, refused.param
    return any(facts == entry[:2] and (entry.ops == "*" or op.name in entry.ops.split()) for entry in DELIBERATE)
