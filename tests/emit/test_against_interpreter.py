"""The heart: on random specs the emitted module does, bit for bit, what running the graph node by node does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import cast

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from archdsl.api import build
from archdsl.compiler import check
from archdsl.ir.graph import Program
from archdsl.source import Source
from archdsl.verify import verify
from tests.emit.interpreter import Interpreter
from tests.emit.specs import random_spec


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny tensors are six times as fast without threads that wait for one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


Outputs = Sequence[Tensor | None]
Run = Callable[[Sequence[Tensor]], Outputs]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_module_does_what_the_graph_says(data: st.DataObject) -> None:
    text = random_spec(lambda below: data.draw(st.integers(0, below - 1)))
    checked = check(Source("random.arch", text))
    if checked.program is None:
        return  # a residual that doesn't fit, mostly; the generator is not that clever
    torch.manual_seed(0)
    module = build(checked.program)
    assert verify(checked.program, module) == []
    for training in (False, True):
        compare(checked.program, module.train(training))


def compare(program: Program, module: nn.Module) -> None:
    """Outputs, gradients of weights and inputs, and buffers; dropout draws from the same seed."""
    shapes = [value.shape for value in program.graph.inputs]
    inputs = tuple(torch.randn(2, *shape.at(program.nominal)[1:]) for shape in shapes if shape)
    before = {key: tensor.clone() for key, tensor in module.state_dict().items()}
    ours = step(module, lambda inputs: results(module(*inputs)), inputs)
    module.load_state_dict(before)
    theirs = step(module, lambda inputs: Interpreter(module).run(program.graph, inputs), inputs)
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        assert torch.equal(tensor, theirs[name]), name


def results(output: object) -> Outputs:
    return cast("Outputs", output if isinstance(output, tuple) else (output,))


def step(module: nn.Module, run: Run, inputs: Sequence[Tensor]) -> dict[str, Tensor]:
    """One training step: everything that it makes."""
    module.zero_grad()
    inputs = tuple(x.clone().requires_grad_() for x in inputs)
    torch.manual_seed(3)
    outputs = [output for output in run(inputs) if output is not None]
    sum((output * output).sum() for output in outputs).backward()  # type: ignore[union-attr]
    of = [*((f"input {i}", x) for i, x in enumerate(inputs)), *module.named_parameters()]
    grads = {f"gradient of {name}": p.grad for name, p in of}
    buffers = {f"buffer {name}": buffer.clone() for name, buffer in module.named_buffers()}
    made = {f"output {i}": output.detach() for i, output in enumerate(outputs)}
    return {**made, **{name: grad for name, grad in grads.items() if grad is not None}, **buffers}
