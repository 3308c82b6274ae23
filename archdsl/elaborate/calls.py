"""Block calls. A body is elaborated once per (block, arguments, input shapes); further calls share it.

On other sizes a body is only unfolded again if something in it asks for sizes, or could not be as it is on others;
else its steps are the same, and only their shapes are found anew.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from archdsl.budget import Exceeded
from archdsl.elaborate.arguments import block_params, coerce, match
from archdsl.elaborate.braces import Edge, hand_over, offered_by
from archdsl.elaborate.clauses import clauses_of
from archdsl.elaborate.context import At, Names
from archdsl.elaborate.expressions import evaluate
from archdsl.elaborate.flow import mentioned, tensors_in, with_tensors
from archdsl.elaborate.report import Failed, Frame
from archdsl.elaborate.reshaped import Differs, seen_outside
from archdsl.elaborate.scopes import ScopeBuilder
from archdsl.elaborate.unused import report_unused
from archdsl.elaborate.values import POISON, Block, Flow, Given, StepValue, Tensor, key
from archdsl.elaborate.written import StepLabel
from archdsl.ir.graph import Graph, Scope, Unknown
from archdsl.ir.why import Traced, Why
from archdsl.ops.op import Param
from archdsl.source import Span
from archdsl.syntax import ast


class Body:
    """A block's body for one set of arguments and shapes: its graph, its result there, what braces took along into it,
    what it counts against the budget, and whether on other sizes it may be another one. Without a result it is not
    finished."""

    __slots__ = ("captured", "graph", "of_one_size", "result", "steps")

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.result: Flow | None = None
        self.captured: Sequence[int | Tensor] = ()
        self.steps = 0
        self.of_one_size = False


class Arguments:
    """What was given for a block's parameters. `key` tells them from others, unless they bring values of the network or
    braces along: then it is None, as it depends on where the call stands."""

    __slots__ = ("by_name", "key")

    def __init__(self, by_name: dict[str, Traced]) -> None:
        self.by_name = by_name
        values = [traced.value for traced in by_name.values()]
        brought = any(tensors_in(value) or mentioned(value, within_braces=True) for value in values)
        self.key: Hashable = None
        if not brought:
            self.key = (*by_name, *map(key, values))


class Call:
    """A call: its arguments, the values that they hand in, those that their braces may take along, and its keys: calls
    with equal ones share a body, calls with equal `key_but_sizes` (None where there is none) have bodies alike."""

    __slots__ = ("args", "block", "inputs", "key", "key_but_sizes", "offered")

    def __init__(self, block: Block, arguments: Arguments, span: Span, at: At) -> None:
        self.block = block
        self.args = args = arguments.by_name
        handed: tuple[object, ...] = (at.current,)
        if arguments.key is None:
            handed = (at.current, *(traced.value for traced in args.values()))
        if at.session.splits:
            from archdsl.elaborate.sharing import gathered

            handed = tuple(gathered(one, span, at) for one in handed)
        self.inputs = tuple([value for one in handed for value in at.scope.localise_all(one)])
        self.offered, same = offered_by(handed)
        text = (id(block.declaration), same, at.split, at.device, arguments.key or (*args, *map(key, handed[1:])))
        self.key: Hashable = (text, key(at.current))
        self.key_but_sizes: Hashable = None
        if isinstance(at.current, Tensor) and len(self.inputs) == 1 and (shape := self.inputs[0].shape) is not None:
            self.key_but_sizes = (text, shape.rank, shape.dtype, shape.channel_axis)


def call_block(step: StepValue, label: StepLabel | None, span: Span, at: At) -> Flow:
    """A block's body, as a step here."""
    block = step.target
    assert isinstance(block, Block)
    if step.arguments is None:
        step.arguments = _arguments(block, step.given, span, at)
    call = Call(block, step.arguments, span, at)
    at.session.spend("steps", 1, span)
    name = at.scope.claim(label, "block call", span, at)
    try:
        body = _body(call, name, span, at)
    except Failed:
        tensor = at.scope.add(Unknown(call.inputs, name, at.place(span)))
        at.scope.enter(label and label.parts, tensor, node=tensor.value.node)
        return tensor
    if label is None and at.scope.conditional is not None:
        at.scope.warn_of_moving_key(span, at)
    captured = (call.offered[taken] if isinstance(taken, int) else taken for taken in body.captured)
    inputs = (*call.inputs, *map(at.scope.localise, captured))
    at.session.spend("work", len(inputs) + len(body.graph.outputs), span)  # a list may hold many
    scope = Scope(body.graph, inputs, (None,) * len(body.graph.outputs), name, at.place(span), call.args)
    for outer, inner in zip(scope.outputs, body.graph.outputs):
        outer.shape = seen_outside(inner, scope)
    at.scope.add(scope)
    assert body.result is not None
    result = with_tensors(body.result, (Tensor(value, at.scope) for value in scope.outputs))
    at.scope.enter(label and label.parts, result, node=scope)
    return result


def call_with_braces(block: Block, given: Sequence[Given], unit: ast.Use, label: StepLabel | None, at: At) -> Flow:
    """A call with braces behind it: its first parameter of type `steps`; further ones stand behind them by name."""
    assert unit.body is not None
    names = [param.name for param in block_params(block, at) if param.kind == "steps"]
    bodies = {names[0]: unit.body, **clauses_of(block.name, names[1:], unit, at)}
    braces = [Given(name, body.span, hand_over(body, at)) for name, body in bodies.items()]
    return call_block(StepValue(block, (*given, *braces)), label, unit.span, at)


def _arguments(block: Block, given: Sequence[Given], span: Span, at: At) -> Arguments:
    params = block_params(block, at)
    _need_braces(block, params, given, span, at)
    found = match(block.name, params, given, span, at)
    return Arguments({param.name: found[param.name] for param in params if param.name in found})


def _need_braces(block: Block, params: Sequence[Param], given: Sequence[Given], span: Span, at: At) -> None:
    names = {one.name for one in given}
    for param in params:
        if param.kind == "steps" and param.required and param.name not in names:
            from archdsl.errors.values import NoBraces

            error = NoBraces(f"`{block.name}` needs braces behind it", f"they are its parameter `{param.name}`")
            raise at.reporter.fail(error, span)


def _body(call: Call, name: tuple[str, ...], span: Span, at: At) -> Body:
    """The finished body: an earlier call's, or a new one."""
    session = at.session
    body = session.bodies.get(call.key)
    if body is None:
        body = _resized(call, span, at) or _unfolded(call, name, span, at)
    elif body.result is None:
        from archdsl.errors.limits import EndlessRecursion

        raise at.reporter.fail(EndlessRecursion(call.block.name), span)
    else:
        session.spend("steps", body.steps, span)
    session.bound_to_sizes += body.of_one_size
    return body


def _resized(call: Call, span: Span, at: At) -> Body | None:
    """An earlier call's body on the sizes of this one; None where it has to be unfolded, be it to say what is wrong."""
    session = at.session
    first = session.first.get(call.key_but_sizes)
    if first is None or session.splits or session.reporter.diagnostics.failed:
        return None
    try:
        graph = session.resized.body(first.graph, call.inputs)
    except (Differs, Exceeded):
        return None
    body = session.bodies[call.key] = Body(graph)
    body.result, body.steps = first.result, first.steps
    session.spend("steps", body.steps, span)
    return body


def _unfolded(call: Call, name: tuple[str, ...], span: Span, at: At) -> Body:
    """A body made from its text."""
    session = at.session
    frame = Frame(call.block.name, (*at.scope.path, *name), span, at.reporter.frame)
    body = session.bodies[call.key] = Body(Graph("block", call.block.name, call.block.declaration.name.span))
    before = session.bound_to_sizes
    try:
        _elaborate(body, call, frame, at)
    except Failed:
        del session.bodies[call.key]
        raise
    body.of_one_size = bool(
        session.bound_to_sizes > before
        or call.key_but_sizes is None
        or body.captured
        or session.splits  # what each device computes was fitted to the sizes
        or session.reporter.diagnostics.failed
    )
    if not body.of_one_size:
        session.first[call.key_but_sizes] = body
    return body


def _elaborate(body: Body, call: Call, frame: Frame, at: At) -> None:
    session, block, graph = at.session, call.block, body.graph
    builder = ScopeBuilder(graph, frame.path)
    builder.edge = edge = Edge(call.offered, builder)
    labels = ["x" for _ in tensors_in(at.current)]
    labels += (name for name, traced in call.args.items() for _ in tensors_in(traced.value))
    entries = iter([builder.add_input(label, value.shape) for label, value in zip(labels, call.inputs)])
    entry = with_tensors(at.current, entries)
    handed = [] if entry is None else [entry]
    inner = At(session, block.file, Names(), builder, block=block, entries=handed, current=entry)
    inner.split, inner.device = at.split, at.device
    before = session.budget.spent("steps")
    session.reporter.frame = frame
    try:
        with session.deeper(frame.call):
            bind_params(block, call.args, entries, inner)
            from archdsl.elaborate.statements import run_sequence

            result = run_sequence(block.declaration.body, inner)
        if result is None:
            from archdsl.elaborate.lookup import no_current

            raise no_current(frame.call, at)
        graph.outputs += builder.localise_all(result)
        report_unused(graph, session.reporter)
    finally:
        session.reporter.frame = frame.caller
    body.steps = session.budget.spent("steps") - before
    body.captured = edge.taken
    body.result = result


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
