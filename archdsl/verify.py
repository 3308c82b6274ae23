"""Does the emitted module do what the graph says? It is built, run once on real tensors, and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from archdsl.api import TooLarge, build
from archdsl.cost import costs_of
from archdsl.examples import examples
from archdsl.ir.graph import TRAINING, Graph, Node, Program, Scope, Value
from archdsl.state import tensors

Sizes = tuple[int, ...]


def verify(program: Program, module: nn.Module | None = None) -> list[str]:
    """Every difference between a program and its module, as a line to print; none: they agree.

    Compared are the state dict (keys, their order, shapes), the number of parameters, and at nominal sizes the output
    shape of every submodule and the outputs, also those of training. Without a module it is built first.
    """
    try:
        module = build(program) if module is None else module
    except TooLarge as refused:
        return [f"not built: {refused}"]
    return [
        *_state(program, module),
        *_parameters(program, module),
        *_outputs(program, module),
        *_training_outputs(program, module),
    ]


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
    expected = costs_of(program, passes=False).total.params
    found = sum(parameter.numel() for parameter in module.parameters())
    if expected != found:
        yield f"{expected:,} parameters in the spec, {found:,} in the module"


def _outputs(program: Program, module: nn.Module) -> Iterator[str]:
    expected: dict[str, list[Node]] = {}
    for path, node in _calls(program.graph, ()):
        expected.setdefault(".".join(path), []).append(node)
    found: dict[str, list[object]] = {}

    def remember(name: str) -> Callable[[nn.Module, object, object], None]:
        return lambda _module, _inputs, output: found.setdefault(name, []).append(output)

    modules = cast("Iterator[tuple[str, nn.Module]]", module.named_modules())
    handles = [child.register_forward_hook(remember(name)) for name, child in modules if name]
    training = module.training
    try:
        with torch.no_grad():
            output = module.eval()(*examples(program, program.nominal))
    finally:
        module.train(training)
        for handle in handles:
            handle.remove()
    main = program.graph.main
    left_out = len(program.graph.outputs) - len(main) if len(main) > 1 else 0
    yield from _compare("the output", [*main, *[None] * left_out], output, program.nominal)
    for name, nodes in expected.items():
        for node, made in zip(nodes, found.get(name, ())):
            yield from _compare(name, node.outputs, made, program.nominal)


def _calls(graph: Graph, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Every call of a submodule in a forward that does not train, in the order in which they run."""
    for node in graph.schedule:
        part = node.runs or node.name
        if part is None or node.place.within(TRAINING):
            continue
        yield (*path, *part), node
        if isinstance(node, Scope):
            yield from _calls(node.graph, (*path, *part))


def _training_outputs(program: Program, module: nn.Module) -> Iterator[str]:
    """The outputs of a pass in training, if there are some of their own: of two images, since bn refuses one alone."""
    batch = program.graph.inputs[0].shape
    if len(program.graph.main) == len(program.graph.outputs) or batch is None or batch.dims[0].constant is not None:
        return
    nominal = {**program.nominal, **dict.fromkeys(batch.dims[0].symbols, 2)}
    training = module.training
    buffers = [(buffer, buffer.clone()) for buffer in module.buffers()]
    random = torch.get_rng_state()
    try:
        with torch.no_grad():
            output = module.train()(*examples(program, nominal))
            for buffer, before in buffers:
                buffer.copy_(before)
    finally:
        module.train(training)
        torch.set_rng_state(random)
    yield from _compare("the output in training", program.graph.outputs, output, nominal)
    fields = list(getattr(output, "_fields", ()))
    labels = [output.label for output in program.graph.returns]
    if fields != labels:
        yield f"the outputs are {', '.join(labels)} in the spec, {', '.join(fields)} in the module"


def _compare(name: str, values: Sequence[Value | None], output: object, nominal: Mapping[str, int]) -> Iterator[str]:
    tensors = cast("tuple[object, ...]", output) if isinstance(output, tuple) else (output,)
    expected = [value.shape.at(nominal) if value and value.shape else None for value in values]
    found = [tuple(tensor.shape) if isinstance(tensor, Tensor) else None for tensor in tensors]
    if expected != found:
        yield f"{name}: {', '.join(map(_shown, expected))} in the spec, {', '.join(map(_shown, found))} in the module"


def _shown(sizes: Sizes | None) -> str:
    return "no tensor" if sizes is None else "x".join(map(str, sizes)) or "scalar"
