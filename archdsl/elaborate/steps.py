"""Steps: `[label:] word[(arguments)] [{ }] [* n]`. Resolves the word and adds to the graph what it stands for."""

from __future__ import annotations

from typing import NoReturn, cast

from archdsl import connectors
from archdsl.elaborate import lookup, tying
from archdsl.elaborate.arguments import bind_step, make_op
from archdsl.elaborate.context import At
from archdsl.elaborate.expressions import evaluate, integer, item_at, list_items, traced_reference
from archdsl.elaborate.layers import add_layer, add_unknown
from archdsl.elaborate.report import Failed
from archdsl.elaborate.values import Block, Braces, Flow, StepValue, Tensor, is_flow
from archdsl.elaborate.written import StepLabel, label_of
from archdsl.ir.graph import Turn
from archdsl.ir.why import Traced
from archdsl.source import Span
from archdsl.syntax import ast


def run_chain(chain: ast.Chain, at: At) -> Flow | None:
    """`a -> b -> c`: each step works on what the one before made. `at.current` ends as the last result."""
    for position, step in enumerate(chain.steps):
        if isinstance(step.unit, ast.Run) and step.unit.args is None and position > 0:
            from archdsl.errors.names import DropsValue

            at.reporter.report(DropsValue(step.unit.span.text), step.unit.span)
            at.current = add_unknown(None, step.span, at, counts=False)
            continue
        at.current = run_step(step, at)
    return at.current


def run_step(step: ast.Step, at: At) -> Flow | None:
    """One step, written as often as its `* n` says."""
    label = label_of(step.label, at)
    if step.repeat is None:
        return run_unit(step.unit, label, at)
    try:
        traced = evaluate(step.repeat, at)
        count = _count(traced, step.repeat.span, at)
    except Failed:
        return add_unknown(label, step.span, at)
    if label is None:
        return _repeat(step.unit, count, traced, step.repeat.span, at)
    from archdsl.elaborate.groups import run_group

    span = step.repeat.span
    return run_group(lambda inner: _repeat(step.unit, count, traced, span, inner), label, step.span, at)


def _count(traced: Traced, span: Span, at: At) -> int:
    count = integer(traced.value, "a repeat count", span, at)
    if count < 0:
        from archdsl.errors.values import NegativeCount

        raise at.reporter.fail(NegativeCount(count), span)
    return count


def _repeat(unit: ast.Body | ast.Use | ast.Run, count: int, traced: Traced, span: Span, at: At) -> Flow | None:
    from archdsl.elaborate.foresight import least_steps

    at.session.foresee("steps", count * least_steps(unit), span)
    at.session.spend("work", count, span)
    current = at.current
    step = _same_in_every_turn(unit, at) if count > 1 else None
    for index in range(count):
        inner = at.inner(current=current, turn=Turn(span, index, traced))
        if step is None:
            current = run_unit(unit, None, inner)
            continue
        assert isinstance(unit, ast.Use)
        try:
            current = run_value(step, None, unit, inner)
        except Failed:
            current = add_unknown(None, unit.span, inner)
    return current


def _same_in_every_turn(unit: ast.Body | ast.Use | ast.Run, at: At) -> StepValue | None:
    """A block with its arguments bound, if these don't depend on what flows: then it is one step in all turns."""
    if not isinstance(unit, ast.Use) or unit.body is not None or "@" in unit.span.text:
        return None
    word = unit.path.text
    bound = lookup.local(word, at) if not connectors.is_connector(word) else None
    step = bound.value if bound is not None else None
    if not isinstance(step, StepValue) or not isinstance(step.target, Block):
        return None
    return bind_step(step, unit.args or (), at)


def run_unit(unit: ast.Body | ast.Use | ast.Run, label: StepLabel | None, at: At) -> Flow | None:
    """A step without its repeat. A failed one is reported and gives a value of unknown shape."""
    if isinstance(unit, ast.Body):
        from archdsl.elaborate.groups import run_group
        from archdsl.elaborate.statements import run_sequence

        return run_group(lambda inner: run_sequence(unit, inner), label, unit.span, at)
    try:
        return _run_reference(unit, label, at) if isinstance(unit, ast.Run) else _run_use(unit, label, at)
    except Failed:
        return add_unknown(label, unit.span, at)


def _run_reference(unit: ast.Run, label: StepLabel | None, at: At) -> Flow:
    if unit.args is not None:
        from archdsl.elaborate.running import run_again

        found: object = run_again(unit, at)
    else:
        found = _item(traced_reference(unit.ref, at), unit, at)
    if not is_flow(found):
        from archdsl.elaborate.values import a_type
        from archdsl.errors.values import BadStep

        raise at.reporter.fail(BadStep(unit.span.text, a_type(found)), unit.span)
    if label is not None:
        at.scope.claim_value(label, at)
        at.scope.enter(label.parts, cast("Flow", found))
    return cast("Flow", found)


def _item(found: Traced, unit: ast.Run, at: At) -> object:
    """`@stages[2]`: a value out of a list of values."""
    for node in unit.index:
        parts = list_items(found, "an index", unit.ref.span, at)
        found = item_at(parts, evaluate(node, at), node.span, at)
    return found.value


def _run_use(unit: ast.Use, label: StepLabel | None, at: At) -> Flow | None:
    word = unit.path.text
    bound = at.names.find(word)
    if bound is not None and isinstance(bound[0].value, Braces):
        from archdsl.elaborate.braces import use_braces

        return use_braces(bound[0].value, unit, label, at)
    if connectors.is_connector(word) and not lookup.means_step(word, unit, at):
        from archdsl.elaborate.wiring import run_connector

        return run_connector(word, unit, label, at)
    step = bind_step(lookup.step(unit.path, at), unit.args or (), at)
    if unit.body is not None:
        return _run_with_braces(step, unit, label, at)
    return run_value(step, label, unit, at)


def run_value(step: StepValue, label: StepLabel | None, unit: ast.Use, at: At) -> Flow:
    """A step whose word and arguments are known: an op or a block call."""
    if any(given.own for given in step.given):
        from archdsl.elaborate.own import take_own

        rest, own = take_own(step, at)
        made = run_value(rest, label, unit, at)
        own.mark(made, at)
        return made
    if isinstance(step.target, Block):
        from archdsl.elaborate.calls import call_block

        return call_block(step, label, unit.span, at)
    step, shared = tying.split(step)
    op, args, operands = make_op(step, unit.path.span, at)
    if op.operands == 1:
        if len(operands) > op.further:
            _refuse_further(op.name, op.further, len(operands), unit, at)
        operands = [lookup.current(op.name, unit.span, at), *operands]
    else:
        _check_operands(op.name, op.operands, operands, unit, at)
    return add_layer(op, args, operands, label, unit.span, at, shared=shared)


def _check_operands(name: str, takes: int, operands: list[Tensor], unit: ast.Use, at: At) -> None:
    if len(operands) == takes or (takes < 0 and len(operands) >= 2):
        return
    if any(operand.value.shape is None for operand in operands):
        raise Failed  # behind an error: it may have been a list of several
    from archdsl.diagnostic import Help
    from archdsl.errors.values import NotStepArguments

    expected = "two values or more" if takes < 0 else f"{takes} values"
    helps: tuple[Help, ...] = ()
    if len(operands) == 1 and takes != 1:
        helps = (Help(f"name the current value too: {name}(@, ...)"),)
    found = {0: "no value is given", 1: "one value is given"}.get(len(operands), f"{len(operands)} values are given")
    raise at.reporter.fail(NotStepArguments(name, expected, found), unit.span, helps=helps)


def _refuse_further(name: str, takes: int, found: int, unit: ast.Use, at: At) -> NoReturn:
    from archdsl.errors.values import NotStepArguments

    expected = f"the current value and up to {takes} as arguments"
    raise at.reporter.fail(NotStepArguments(name, expected, f"{found} values are given"), unit.span)


def _run_with_braces(step: StepValue, unit: ast.Use, label: StepLabel | None, at: At) -> Flow | None:
    """A word before braces that is no connector: an op of several values takes them as lines, a block as a value."""
    if isinstance(step.target, Block) and step.target.takes_braces:
        from archdsl.elaborate.calls import call_with_braces

        return call_with_braces(step.target, step.given, unit, label, at)
    if not isinstance(step.target, Block) and step.target.operands != 1:
        from archdsl.elaborate.merging import run_merge

        return run_merge(step, unit, label, at)
    from archdsl.errors.values import NoBraces

    assert unit.body is not None
    takers = "only connectors, ops of several values and blocks with a parameter `body: steps` take them"
    error = NoBraces(f"`{unit.path.text}` takes no braces", takers)
    raise at.reporter.fail(error, Span(unit.span.source, unit.body.span.start, unit.body.span.start + 1))
