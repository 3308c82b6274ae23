"""Adding an op to a scope: its shape, its name, where its numbers came from, and the message when it refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from archdsl.budget import Exceeded
from archdsl.diagnostic import Help, Label
from archdsl.elaborate.context import At
from archdsl.elaborate.report import Failed
from archdsl.elaborate.shown import shown
from archdsl.elaborate.tying import resolve, tie
from archdsl.elaborate.values import Flow, Given, Tensor
from archdsl.elaborate.written import StepLabel
from archdsl.ir.explain import derived
from archdsl.ir.graph import Check, Input, Layer, Unknown, Value
from archdsl.ir.shape import Shape
from archdsl.ir.why import Traced, Why
from archdsl.ops.op import Op, Refused, take_undecided
from archdsl.source import Span

if TYPE_CHECKING:
    from archdsl.ir.shares import Split


def add_layer(
    op: Op,
    args: Mapping[str, Traced],
    operands: Sequence[Tensor],
    label: StepLabel | None,
    span: Span,
    at: At,
    merges: str = "",
    shared: Sequence[Given] = (),
) -> Flow:
    """Apply an op; one of several outputs gives a list. `shared` are tensors that it is given for its own. Raises
    `Failed` once a refusal is reported; `Refused` goes through where lines merge, so that the connector can say it in
    its own words."""
    at.session.spend("steps", 1, span)
    at.session.spend("work", len(operands), span)
    if at.session.splits and at.split is None:
        from archdsl.elaborate.sharing import gathered

        operands = [gathered(operand, span, at) for operand in operands]
    inputs = tuple(at.scope.localise(operand) for operand in operands)
    shapes = _known_shapes(inputs)
    if shapes is None:
        return add_unknown(label, span, at, counts=op.role != "merge", inputs=inputs)
    try:
        shape = op.shape(*shapes)
        if at.split is not None:
            op, shape = _in_split(op, shapes, shape, at.split, at)
        counts = at.session.is_module(op, shapes)
    except Refused as refused:
        take_undecided()
        if merges:
            raise
        report_refusal(refused, args, operands, span, at, label)
        raise Failed from None
    except Exceeded as over:
        take_undecided()
        raise at.session.exhausted(over, span) from None
    if open_checks := take_undecided():
        at.session.bound_to_sizes += 1
    tensors = resolve(op, shapes, shared, at) if shared else ()
    name = _claim(label, counts, span, at)
    for each in shape if isinstance(shape, tuple) else (shape,):
        explain_sizes(op, each, shapes, args, span)
    node = Layer(op, inputs, shape, name, at.place(span), args, merges)
    for check in open_checks:
        at.scope.graph.checks.append(Check(node, check.axis, inputs[check.left], inputs[check.right]))
    if counts and label is None and at.scope.conditional is not None and node.state:
        at.scope.warn_of_moving_key(span, at)
    if tensors:
        tie(node, tensors, at)
    result = at.scope.add_all(node)
    at.scope.enter(label and label.parts, result, node=node)
    return result


def _in_split(
    op: Op, inputs: tuple[Shape, ...], made: Shape | tuple[Shape, ...], split: Split, at: At
) -> tuple[Op, Shape | tuple[Shape, ...]]:
    """The op as one device computes what all do, and what it makes, shared out as it is."""
    from archdsl.elaborate.sharing import fit, shared

    op, shares = fit(op, inputs, split)
    return at.session.intern(op), shared(made, shares)


def _known_shapes(inputs: Sequence[Value]) -> tuple[Shape, ...] | None:
    shapes = tuple(value.shape for value in inputs if value.shape is not None)
    return shapes if len(shapes) == len(inputs) else None


def _claim(label: StepLabel | None, counts: bool, span: Span, at: At) -> tuple[str, ...] | None:
    if counts:
        return at.scope.claim(label, "layer", span, at)
    if label:
        at.scope.claim_value(label, at)
    return None


def add_unknown(
    label: StepLabel | None, span: Span, at: At, *, counts: bool = True, inputs: tuple[Value, ...] = ()
) -> Tensor:
    """A step that failed, or whose input did: its shape is unknown, and nothing more is said because of it."""
    try:
        name = _claim(label, counts, span, at)
    except Failed:
        name = None
    if not inputs and at.current is not None:
        inputs = at.scope.localise_all(at.current)
    tensor = at.scope.add(Unknown(inputs, name, at.place(span)))
    at.scope.enter(label and label.parts, tensor, node=tensor.value.node)
    return tensor


def explain_sizes(op: Op, shape: Shape, inputs: Sequence[Shape], args: Mapping[str, Traced], span: Span) -> None:
    """Give each size that the op made its derivation; those that passed through have theirs."""
    made = {axis % shape.rank: param for axis, param in op.makes.items()} if op.makes else {}
    for axis, dim in enumerate(shape.dims):
        if dim.why is not None and axis not in made:
            continue
        given = args.get(made.get(axis, ""))
        if given is not None:
            dim.why = given.why
        elif dim.why is None and axis < inputs[0].rank and dim == inputs[0].dims[axis]:
            dim.why = inputs[0].dims[axis].why  # a size that stays as it is was not made here
        elif dim.why is None:
            sources = tuple(x.dims[axis].why for x in inputs if axis < x.rank)
            value = dim if dim.constant is None else dim.constant
            dim.why = Why("step", span, value, tuple(why for why in sources if why is not None), op.name)


def report_refusal(
    refused: Refused,
    args: Mapping[str, Traced],
    operands: Sequence[Tensor],
    span: Span,
    at: At,
    label: StepLabel | None = None,
) -> None:
    """Point at the argument that is to blame, and say where the operands' sizes came from."""
    given = args.get(refused.param or "")
    blamed = given.why.span if given is not None and given.why.span is not None else span
    if blamed.source is not span.source or not span.start <= blamed.start <= span.end:
        blamed = span  # a parameter that was bound elsewhere: its derivation goes into a note
    notes: list[str] = []
    if given is not None and (text := derived(given.why, span.source)):
        notes.append(f"{refused.param}: {text}")
    several = list({operand.value: (number, operand) for number, operand in enumerate(operands, 1)}.values())
    labels = [made_by(one, at, f"value {n}" if len(several) > 1 else "the input") for n, one in several[-3:]]
    helps = refused.helps or _conditions([operand for _, operand in several], at) or _batch(refused, operands)
    if at.split is not None:
        from archdsl.elaborate.sharing import helps_in_split

        helps = (*helps, *helps_in_split(refused.error, label, span))
    at.reporter.report(
        refused.error, blamed, labels=tuple(one for one in labels if one), notes=tuple(notes), helps=helps
    )


def _conditions(operands: Sequence[Tensor], at: At) -> tuple[Help, ...]:
    """What the input could promise so that two values fit."""
    if len(operands) != 2:
        return ()
    from archdsl.elaborate.conditions import conditions

    first, second = (operand.value.shape for operand in operands)
    return conditions(first, second, at.session.domain) if first and second else ()


def _batch(refused: Refused, operands: Sequence[Tensor]) -> tuple[Help, ...]:
    """Where an input lacks an axis, and its first is a number: the batch was left out."""
    from archdsl.errors.ops import WrongDirections
    from archdsl.errors.shapes import WrongRank

    value = operands[0].value if operands else None
    lacks = isinstance(refused.error, (WrongDirections, WrongRank))
    if not lacks or value is None or not isinstance(value.node, Input) or value.shape is None:
        return ()
    if value.shape.dims[0].constant is None:
        return ()
    sizes = ", ".join(map(str, value.shape.dims))
    return (Help(f"the first axis of an input is the batch: [N, {sizes}]"),)


def made_by(tensor: Tensor, at: At, what: str = "the input") -> Label | None:
    """ "the input is 64x56x56, from here": at the step that made a value."""
    shape, node = tensor.value.shape, tensor.value.node
    if shape is None or node.place.span.source is not at.file.source:
        return None
    return Label(node.place.span, f"{what} is {shown(shape, at.session.domain)}, from here")
