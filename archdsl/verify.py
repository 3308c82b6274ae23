"""Does the emitted module do what the graph says? It is built, run once on real tensors, and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from archdsl.api import TooLarge, build
from archdsl.cost import Costs
from archdsl.ir.graph import Node, Program, Value
from archdsl.state import tensors

Sizes = tuple[int, ...]


def verify(program: Program, module: nn.Module | None = None) -> list[str]:
    """Every difference between a program and its module, as a line to print; none: they agree.

    Compared are the state dict (keys, their order, shapes), the number of parameters, and the output shape of every
    submodule at nominal sizes. Without a module it is built first.
    """
    try:
        module = build(program) if module is None else module
    except TooLarge as refused:
        return [f"not built: {refused}"]
    return [*_state(program, module), *_parameters(program, module), *_outputs(program, module)]


def _state(program: Program, module: nn.Module) -> Iterator[str]:
    expected = expected_state(program)
    found = {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}
    for key in expected.keys() - found.keys():
        yield f"{key}: in the spec, but not in the module"
    for key in found.keys() - expected.keys():
        yield f"{key}: in the module, but not in the spec"
    for key in expected.keys() & found.keys():
        if expected[key] != found[key]:
            yield f"{key}: {_shown(expected[key])} in the spec, {_shown(found[key])} in the module"
    if expected.keys() == found.keys() and list(expected) != list(found):
        first = next(pair for pair in zip(expected, found) if pair[0] != pair[1])
        yield f"keys are in another order: {first[0]} in the spec where the module has {first[1]}"


def expected_state(program: Program) -> dict[str, Sizes]:
    """The state dict's keys and shapes by the graph, in PyTorch's order."""
    return {tensor.key: tensor.shape for tensor in tensors(program) if tensor.saved}


def _parameters(program: Program, module: nn.Module) -> Iterator[str]:
    expected = Costs(program).total.params
    found = sum(parameter.numel() for parameter in module.parameters())
    if expected != found:
        yield f"{expected:,} parameters in the spec, {found:,} in the module"


def _outputs(program: Program, module: nn.Module) -> Iterator[str]:
    expected: dict[str, list[Node]] = {}
    for path, node, _ in program.graph.walk():
        if node.name is not None or node.runs is not None:
            expected.setdefault(".".join(path), []).append(node)
    found: dict[str, list[object]] = {}

    def remember(name: str) -> Callable[[nn.Module, object, object], None]:
        return lambda _module, _inputs, output: found.setdefault(name, []).append(output)

    modules = cast("Iterator[tuple[str, nn.Module]]", module.named_modules())
    handles = [child.register_forward_hook(remember(name)) for name, child in modules if name]
    training = module.training
    try:
        with torch.no_grad():
            output = module.eval()(*(_example(value, program) for value in program.graph.inputs))
    finally:
        module.train(training)
        for handle in handles:
            handle.remove()
    yield from _compare("the output", program.graph.outputs, output, program)
    for name, nodes in expected.items():
        for node, made in zip(nodes, found.get(name, ())):
            yield from _compare(name, node.outputs, made, program)


def _compare(name: str, values: Sequence[Value], output: object, program: Program) -> Iterator[str]:
    tensors = cast("tuple[object, ...]", output) if isinstance(output, tuple) else (output,)
    expected = [value.shape.at(program.nominal) if value.shape else None for value in values]
    found = [tuple(tensor.shape) if isinstance(tensor, Tensor) else None for tensor in tensors]
    if expected != found:
        yield f"{name}: {', '.join(map(_shown, expected))} in the spec, {', '.join(map(_shown, found))} in the module"


def _example(value: Value, program: Program) -> Tensor:
    """Random numbers, or zeros where they are integers: those are indices into something."""
    assert value.shape is not None
    dtype = getattr(torch, value.shape.dtype)
    sizes = value.shape.at(program.nominal)
    return torch.randn(sizes, dtype=dtype) if dtype.is_floating_point else torch.zeros(sizes, dtype=dtype)


def _shown(sizes: Sizes | None) -> str:
    return "no tensor" if sizes is None else "x".join(map(str, sizes)) or "scalar"
