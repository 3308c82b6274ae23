"""Classes for ops that have weights but no torch.nn class: small modules of the emitted file's own."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.emit.code import Call, Expr, Infix, Literal, Name
from archdsl.emit.statements import Assign, Class, Do, Function, Parameter, Return
from archdsl.emit.survey import Survey
from archdsl.ir.dim import Dim
from archdsl.ir.graph import Layer
from archdsl.ir.shape import Shape
from archdsl.ops import form
from archdsl.ops.op import Op


def own_name(op: Op) -> str:
    """The class of such an op; `names.TAKEN` keeps it free."""
    return op.name.title()


def in_own_class(layer: Layer) -> form.Form:
    """The form of an op that only has an expression over its weights: a call of its class, `Scale((64, 1, 1))`."""
    (state,) = layer.op.state(*_shapes(layer))
    (x,) = _shapes(layer)
    channels = x.dims[x.channel_axis] if x.channel_axis is not None else None
    first = channels if channels is not None and channels == state.shape[0] else Dim.of(state.shape[0])
    shape = (first, *state.shape[1:])
    return form.Form(
        module=form.call(own_name(layer.op), shape, value=form.P("value"), defaults={"value": _default(layer.op)})
    )


def _default(op: Op) -> object:
    """What its weights start from if nothing is said."""
    return next(param.default for param in op.params if param.name == "value")


def own_classes(survey: Survey) -> Iterator[Class]:
    """The classes that a program needs, by name."""
    found: dict[str, Layer] = {}
    for graph in survey.graphs:
        for node in graph.nodes:
            if isinstance(node, Layer) and needs_class(node, node.op.torch(*_shapes(node))):
                found.setdefault(own_name(node.op), node)
    for name in sorted(found):
        yield _class(name, found[name])


def needs_class(layer: Layer, written: form.Form) -> bool:
    return written.module is None and bool(layer.op.state(*_shapes(layer)))


def _class(name: str, layer: Layer) -> Class:
    (state,) = layer.op.state(*_shapes(layer))
    made = Call(Name("nn.Parameter"), (Call(Name("torch.full"), (Name("shape"), Name("value"))),))
    init = Function(
        "__init__",
        (Parameter("shape", "tuple[int, ...]"), Parameter("value", "float", Literal(_default(layer.op)))),
        "None",
        (Do(Call(Name("super().__init__"))), Assign((Name(f"self.{state.name}"),), made)),
    )
    written = layer.op.torch(*_shapes(layer)).function
    forward = Function("forward", (Parameter("x", "Tensor"),), "Tensor", (Return((_expression(written),)),))
    return Class(name, "nn.Module", (init, forward))


def _expression(word: object) -> Expr:
    """An expression over the operand and the weights."""
    match word:
        case form.X():
            return Name("x")
        case form.Attribute(name=name):
            return Name(f"self.{name}")
        case form.Infix(op=op, left=left, right=right):
            return Infix(op, _expression(left), _expression(right))
        case _:
            raise NotImplementedError(f"{word} in an op with weights of its own")


def _shapes(layer: Layer) -> tuple[Shape, ...]:
    return tuple(value.shape for value in layer.inputs if value.shape is not None)
