"""A reference for emitted modules: the graph, run node by node with nothing clever: no classes, nothing in place."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.emit.names import OWN
from archdsl.ir.dim import Dim
from archdsl.ir.graph import Declared, Graph, Layer, Scope
from archdsl.ops import form

SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "@": operator.matmul}


class Interpreter:
    """Runs a graph with the weights of a module: `state` is shared, so gradients arrive in the module's parameters."""

    def __init__(self, module: nn.Module) -> None:
        self.tensors = {
            **dict(module.named_parameters(remove_duplicate=False)),
            **dict(module.named_buffers()),
        }
        self.training = module.training

    def run(self, graph: Graph, inputs: Sequence[Tensor], path: tuple[str, ...] = ()) -> tuple[Tensor | None, ...]:
        """All outputs; None for one that is not made, as the graph does not train."""
        values = {id(value): tensor for value, tensor in zip(graph.inputs, inputs)}
        for node in graph.schedule:
            if not self.training and graph.only_in_training(node):
                continue
            operands = [values[id(value)] for value in node.inputs]
            here = path + (node.runs or node.name or ())
            if isinstance(node, Declared):
                results = (self.tensors[".".join(here)],)
            elif isinstance(node, Scope):
                results = self.run(node.graph, operands, here)
            else:
                assert isinstance(node, Layer)
                made = self.layer(node, operands, here)
                results = made if len(node.outputs) > 1 else (made,)
            values.update((id(value), tensor) for value, tensor in zip(node.outputs, results))
        left_out = [output.training and not self.training for output in graph.returns] or [False] * len(graph.outputs)
        return tuple(None if out else values[id(value)] for value, out in zip(graph.outputs, left_out))

    def layer(self, node: Layer, operands: Sequence[Tensor], path: tuple[str, ...]) -> Any:
        written = node.op.torch(*(value.shape for value in node.inputs))
        word = Word(node, operands, path, self)
        if written.function is not None:
            return word.value(written.function)
        with torch.random.fork_rng():  # its own initial weights are not used, and must not cost random numbers
            module = word.value(written.module)
        module.train(self.training)
        own = {name: self.tensors[".".join((*path, name))] for name, _ in named_state(module)}
        return torch.func.functional_call(module, own, tuple(operands))


def named_state(module: nn.Module) -> list[tuple[str, Tensor]]:
    return [*module.named_parameters(), *module.named_buffers()]


class Word:
    """The value of a form's words."""

    def __init__(
        self, node: Layer, operands: Sequence[Tensor], path: tuple[str, ...], interpreter: Interpreter
    ) -> None:
        self.node = node
        self.operands = operands
        self.path = path
        self.interpreter = interpreter

    def value(self, word: object) -> object:
        match word:
            case form.P(name=name):
                return getattr(self.node.op, name)
            case form.Share(value=value, part=part, whole=whole):
                return self.value(value) * part // whole
            case form.X(index=index):
                return self.operands[index]
            case form.Axis(axis=axis, operand=operand):
                return self.operands[operand].shape[axis]
            case form.Device(operand=operand):
                return self.operands[operand].device
            case form.Training():
                return self.interpreter.training
            case form.Infix(op=op, left=left, right=right):
                return SIGNS[op](self.value(left), self.value(right))
            case form.Index(value=value, items=items):
                return self.value(value)[tuple(map(self.value, items))]
            case form.Call(callee=callee, args=args, kwargs=kwargs, defaults=defaults):
                positional = [self.value(arg) for arg in args]
                named = {name: self.value(value) for name, value in kwargs}
                for name, default in defaults:
                    if name in named and named[name] == default:
                        del named[name]  # left out, as PyTorch refuses some that say nothing new
                if callee.startswith("."):
                    return getattr(positional[0], callee[1:])(*positional[1:], **named)
                return operator.attrgetter(callee)(SPACE)(*positional, **named)
            case Dim():
                return self._size(word)
            case list() | tuple():
                return type(word)(self.value(item) for item in word)
            case _:
                return word

    def _size(self, dim: Dim) -> int:
        if dim.constant is not None:
            return dim.constant
        for value, tensor in zip(self.node.inputs, self.operands):
            for size, found in zip(value.shape.dims, tensor.shape):
                if size == dim:
                    return found
        raise AssertionError(f"no operand has the size {dim}")


class SPACE:
    """What the names in forms mean."""

    torch = torch
    nn = nn
    F = F


for name, file in OWN.items():
    setattr(SPACE, name, getattr(import_module(f"archdsl.emit.classes.{file}"), name))
