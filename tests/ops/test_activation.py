"""Activations, dropout and stochastic depth against PyTorch."""

from __future__ import annotations

import inspect

import pytest
import torch
import torchvision
from hypothesis import given, settings
from torch import nn
from torch.nn.modules import activation

from archdsl import ops
from tests.ops.interpret import Runner, tensors
from tests.ops.judge import check_free, judge, make, shape
from tests.ops.strategies import Case, cases, choice, param

PARAMS = {
    "leaky_relu": {"negative_slope": param(choice(0.01, 0.0, 1.0, -0.5))},
    "elu": {"alpha": param(choice(1.0, 0.5, 0.0, -1.0))},
    "celu": {"alpha": param(choice(1.0, 0.5, -1.0), 0.0)},
    "rrelu": {"lower": param(choice(-0.1, 0.0, 0.2), 5.0), "upper": param(choice(0.2, 0.3, 1.0), -5.0)},
    "hardtanh": {"min_val": param(choice(-2.0, 0.0, 0.5), 5.0, 1.0), "max_val": param(choice(1.0, 2.0), -5.0, -1.0)},
    "threshold": {"threshold": param(choice(0.0, 0.1), needed=True), "value": param(choice(0.0, -1.0), needed=True)},
    "hardshrink": {"lambd": param(choice(0.5, 0.0, -1.0))},
    "softshrink": {"lambd": param(choice(0.5, 0.0, 1.0), -0.5)},
    "softplus": {"beta": param(choice(1.0, 0.5, 2.0), 0.0, -1.0), "threshold": param(choice(20.0, 1.0, -1.0))},
    "gelu": {"approximate": param(choice("tanh", None))},
    "prelu": {"channels": param(choice(True, False)), "slope": param(choice(0.25, 0.0, -1.0))},
    **{
        name: {"axis": param(choice(-1, 0, 1, -2), 6, -7)} for name in ("softmax", "log_softmax", "softmin", "glu")
    },
    "dropout": {"p": param(choice(0.0, 0.5, 1.0), -0.1, 1.1), "channels": param(choice(True, False))},
    "alpha_dropout": {"p": param(choice(0.0, 0.5, 1.0), -0.1, 1.1), "channels": param(choice(True, False))},
    "drop_path": {"p": param(choice(0.0, 0.5, 1.0), -0.1, 1.1)},
}  # fmt: skip
FAMILIES = ("activation", "rectifier", "softmax", "regularise")
NAMES = [name for family in FAMILIES for name in ops.FAMILIES[family].split()]


@pytest.mark.parametrize("name", NAMES)
def test_against_torch(name: str) -> None:
    @settings(max_examples=40)
    @given(cases(name, PARAMS.get(name, {}), ranks=(2, 3, 4, 5, 6), bad_ranks=(1,), bad_dtypes=("int64", "bool")))
    def run(case: Case) -> None:
        op, (x,) = case
        if judge(op, x):
            check_free(op, x.at({}), start=0)

    run()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_about_overwriting(name: str) -> None:
    """`inplace` forms run in place; without `keeps_output` an output may be overwritten before the backward pass."""
    params = {"threshold": {"threshold": 0.1, "value": 0.0}}.get(name, {})
    op, x = make(name, **params), shape(2, 4, 4, 4)
    form = op.torch(x)
    if form.function is None:
        return
    if form.inplace:
        assert form.module is not None
        module = Runner(op).value(form.module)
        given = tensors([x])
        module.inplace = True
        assert module(*given) is given[0] or isinstance(module, nn.AlphaDropout)
    leaf = tensors([x])[0].requires_grad_()
    output = Runner(op, [leaf * 1.0], training=True).value(form.function)
    output.mul_(0.5)
    if op.keeps_output:
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            output.sum().backward()
    else:
        output.sum().backward()


@pytest.mark.parametrize(
    ("name", "params", "inplace"),
    [
        ("leaky_relu", {"negative_slope": 0.1}, True),
        ("leaky_relu", {"negative_slope": -0.1}, False),
        ("elu", {"alpha": 0.5}, True),
        ("elu", {"alpha": -0.5}, False),
        ("celu", {"alpha": 0.5}, True),
        ("celu", {"alpha": -0.5}, False),
        ("rrelu", {"lower": 0.1}, True),
        ("rrelu", {"lower": -0.1}, True),
        ("rrelu", {"lower": -0.5}, False),
    ],
)
@pytest.mark.parametrize("training", [False, True])
def test_in_place_where_the_backward_pass_allows_it(
    name: str, params: dict[str, float], inplace: bool, training: bool
) -> None:
    x = shape(2, 4, 4, 4)
    op = make(name, **params)
    form = op.torch(x)
    assert form.inplace == inplace
    (data,) = tensors([x])
    gradients: list[torch.Tensor] = []
    for overwrite in (False, True):
        module = Runner(op).value(form.module).train(training)
        module.inplace = overwrite
        leaf = data.clone().requires_grad_()
        torch.manual_seed(1)
        output = module(leaf * 1.0).square().sum()
        if overwrite and not inplace and not (name == "rrelu" and training):
            with pytest.raises(RuntimeError):
                output.backward()
            return
        output.backward()
        assert leaf.grad is not None
        gradients.append(leaf.grad)
    torch.testing.assert_close(*gradients)


def test_every_activation_of_torch_has_its_op() -> None:
    theirs = {name for name, cls in vars(activation).items() if inspect.isclass(cls) and issubclass(cls, nn.Module)}
    ours: set[str] = set()
    for name in NAMES:
        params = {"threshold": {"threshold": 0.1, "value": 0.0}}.get(name, {})
        module = make(name, **params).torch(shape(1, 2, 3, 3)).module
        if module is not None:
            ours.add(module.callee.removeprefix("nn."))
    # Softmax2d is softmax(axis=1); attention is no activation.
    assert theirs - ours <= {"Module", "Softmax2d", "MultiheadAttention", "NonDynamicallyQuantizableLinear"}


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_drop_path_is_stochastic_depth(p: float) -> None:
    """The same numbers from the same seed as torchvision's, and nothing outside training."""
    x = shape(6, 3, 4, 4)
    (data,) = tensors([x])
    op = make("drop_path", p=p)
    form = op.torch(x)
    assert form.module is None
    torch.manual_seed(1)
    theirs = torchvision.ops.stochastic_depth(data, p, "row", training=True)
    torch.manual_seed(1)
    ours = Runner(op, [data], training=True).value(form.function)
    assert torch.equal(ours, theirs)
    assert torch.equal(Runner(op, [data]).value(form.function), data)


@pytest.mark.parametrize("channels", [False, True])
def test_dropout_module_and_function_draw_the_same(channels: bool) -> None:
    x = shape(2, 8, 4, 4)
    (data,) = tensors([x])
    op = make("dropout", p=0.5, channels=channels)
    form = op.torch(x)
    torch.manual_seed(1)
    theirs = Runner(op).value(form.module).train()(data)
    torch.manual_seed(1)
    assert torch.equal(Runner(op, [data], training=True).value(form.function), theirs)
    zeros = (theirs == 0).flatten(2).float().mean(2)
    assert bool(((zeros == 0) | (zeros == 1)).all()) == channels
