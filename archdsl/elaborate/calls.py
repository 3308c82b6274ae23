"""Block calls. A body is elaborated once per (block, arguments, input shapes); further calls share it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from archdsl.elaborate.arguments import block_params, coerce, match
from archdsl.elaborate.context import At, Names
from archdsl.elaborate.expressions import evaluate
from archdsl.elaborate.report import Failed, Frame
from archdsl.elaborate.reshaped import seen_outside
from archdsl.elaborate.scopes import ScopeBuilder
from archdsl.elaborate.unused import report_unused
from archdsl.elaborate.values import POISON, Block, Flow, Given, Tensor, key, tensors_in, with_tensors
from archdsl.elaborate.written import StepLabel
from archdsl.ir.graph import Graph, Input, Place, Scope, Unknown
from archdsl.ir.shape import Shape
from archdsl.ir.why import Traced, Why
from archdsl.source import Span


class Body:
    """A block's body for one set of arguments and shapes: its graph, its result there, and what it counts against the
    budget. Without a result it is not finished."""

    __slots__ = ("graph", "result", "steps")

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.result: Flow | None = None
        self.steps = 0


def call_block(block: Block, given: Sequence[Given], label: StepLabel | None, span: Span, at: At) -> Flow:
    """A block's body, as a step here."""
    params = block_params(block, at)
    found = match(block.name, params, given, span, at)
    args = {param.name: found[param.name] for param in params if param.name in found}
    handed = (at.current, *(traced.value for traced in args.values()))
    inputs = tuple(value for one in handed for value in at.scope.localise_all(one))
    shapes = tuple(value.shape for value in inputs)
    identity: Hashable = (id(block.declaration), *args, *map(key, handed))
    at.session.spend("steps", 1, span)
    name = at.scope.claim(label, "block call", span, at)
    try:
        body = _body(
            block, args, shapes, identity, Frame(block.name, (*at.scope.path, *name), span, at.reporter.frame), at
        )
    except Failed:
        tensor = at.scope.add(Unknown(inputs, name, at.place(span)))
        at.scope.enter(label and label.parts, tensor, node=tensor.value.node)
        return tensor
    if label is None and at.scope.conditional is not None:
        at.scope.warn_of_moving_key(span, at)
    scope = Scope(body.graph, inputs, (None,) * len(body.graph.outputs), name, at.place(span), args)
    for outer, inner in zip(scope.outputs, body.graph.outputs):
        outer.shape = seen_outside(inner, scope)
    at.scope.add(scope)
    assert body.result is not None
    result = with_tensors(body.result, (Tensor(value, at.scope) for value in scope.outputs))
    at.scope.enter(label and label.parts, result, node=scope)
    return result


def _body(
    block: Block, args: dict[str, Traced], shapes: Sequence[Shape | None], identity: Hashable, frame: Frame, at: At
) -> Body:
    """The finished body: an earlier call's, or a new one."""
    body = at.session.bodies.get(identity)
    if body is None:
        return _elaborate(block, args, shapes, identity, frame, at)
    if body.result is None:
        from archdsl.errors.limits import EndlessRecursion

        raise at.reporter.fail(EndlessRecursion(block.name), frame.call)
    at.session.spend("steps", body.steps, frame.call)
    return body


def _elaborate(
    block: Block, args: dict[str, Traced], shapes: Sequence[Shape | None], identity: Hashable, frame: Frame, at: At
) -> Body:
    session = at.session
    declaration = block.declaration
    graph = Graph("block", block.name, declaration.name.span)
    body = session.bodies[identity] = Body(graph)
    builder = ScopeBuilder(graph, frame.path)
    labels = ["x" for _ in tensors_in(at.current)]
    labels += (name for name, traced in args.items() for _ in tensors_in(traced.value))
    entries = iter(
        [
            _entry(i, label, shape, declaration.name.span, builder)
            for i, (label, shape) in enumerate(zip(labels, shapes))
        ]
    )
    entry = with_tensors(at.current, entries)
    handed = [] if entry is None else [entry]
    inner = At(session, block.file, Names(), builder, block=block, entries=handed, current=entry)
    before = session.budget.spent("steps")
    session.reporter.frame = frame
    try:
        with session.deeper(frame.call):
            bind_params(block, args, entries, inner)
            from archdsl.elaborate.statements import run_sequence

            result = run_sequence(declaration.body, inner)
        if result is None:
            from archdsl.elaborate.lookup import no_current

            raise no_current(frame.call, at)
        graph.outputs += builder.localise_all(result)
        report_unused(graph, session.reporter)
    except Failed:
        del session.bodies[identity]
        raise
    finally:
        session.reporter.frame = frame.caller
    body.steps = session.budget.spent("steps") - before
    body.result = result
    return body


def _entry(index: int, label: str, shape: Shape | None, span: Span, builder: ScopeBuilder) -> Tensor:
    """A value as the block sees it: where its sizes came from is the caller's affair."""
    if shape is not None:
        dims = [
            dim.with_why(Why("input", span, dim if dim.constant is None else dim.constant, (), f"{index}.{axis}"))
            for axis, dim in enumerate(shape.dims)
        ]
        shape = Shape(dims, shape.dtype, shape.channel_axis)
    node = Input(label, shape, Place(span))
    builder.graph.inputs.append(node.outputs[0])
    return Tensor(node.outputs[0], builder)


def bind_params(block: Block, args: dict[str, Traced], handed: Iterator[Tensor], at: At) -> None:
    """Bind a block's parameters in its body: what was given, else the default, which may use those before it."""
    failed = False
    for param, declared in zip(block_params(block, at), block.declaration.params):
        span = declared.name.span
        if param.name in args:
            value = with_tensors(args[param.name].value, handed)
        else:
            assert declared.default is not None
            try:
                value = coerce(block.name, param, evaluate(declared.default, at), declared.default.span, at).value
            except Failed:
                value = POISON
                failed = True
        inside = Traced(value, Why("param", span, value, (), param.name))
        at.scope.graph.params[param.name] = inside
        at.names.own[param.name] = (inside, span)
    if failed:
        raise Failed
