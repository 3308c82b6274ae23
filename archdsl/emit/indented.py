"""Parts of a `forward` that stand indented: what only some graphs do, or only training; loops; checkpoints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from archdsl.emit.align import Ref, Step
from archdsl.emit.code import Call, Expr, Literal, Name, Ternary
from archdsl.emit.frame import LOCALS, origin
from archdsl.emit.layout import STEP, block, fits
from archdsl.emit.loops import Loop, steps_in
from archdsl.emit.names import Names, variable
from archdsl.emit.numbering import INDEX
from archdsl.emit.register import is_child, presence
from archdsl.emit.results import TRAINING_MODE
from archdsl.emit.segments import have_buffers
from archdsl.emit.statements import Assign, For, Function, If, Parameter, Return, Stmt, returned, returning, tensors

if TYPE_CHECKING:
    from archdsl.emit.forward import Forward


# ---- steps that only some graphs have


def only_exit(forward: Forward, run: Sequence[Step]) -> Ref | None:
    """The one value of a run that is read outside it; None if there are more, or none."""
    if not forward.same.keys().isdisjoint(forward.made(run)):
        return None
    exits = forward.exits(run)
    return exits[0] if len(exits) == 1 and exits[0][0] == run[-1].position else None


def write_condition(forward: Forward, run: Sequence[Step], exit_: Ref) -> None:
    """`if self.flag:` and the run's statements, the last of which replaces what the run is skipped for."""
    frame = forward.frame
    frame.name_all()
    skipped = exit_
    while skipped[0] >= run[0].position:
        skipped = forward.operands(forward.body.steps[skipped[0]])[0]
    test = presence(forward.unit, run[0], stored=True)
    inside = sum(forward.operands(step).count(skipped) for step in run)
    target = frame.variable_for(skipped, still_read=frame.left[skipped] > inside)
    outside = frame.begin()
    for step in run:
        forward.step(step, optional=False)
    frame.settle_in(exit_, target)
    body = frame.end(outside)
    frame.statements.append(If(test, body))
    frame.keep(exit_, target)


# ---- loops


def write_loop(forward: Forward, loop: Loop) -> None:
    """`for i in range(n):` and a turn's statements, the last of which makes anew the value that goes round."""
    frame = forward.frame
    frame.name_all()
    kept = _count_one_turn(forward, loop)
    made, last = loop.carried[1], loop.carried[-1]
    after = frame.left[last]
    entering = forward.same.get(loop.enters, loop.enters)
    target = frame.variable_for(entering, still_read=frame.left[entering] > 0)
    frame.bound[loop.carried[0]] = target
    frame.left[made] = 1
    forward.looping = True
    child = forward.child_variable = _only_child(forward, loop)
    outside = frame.begin()
    forward.write(loop.steps)
    forward.looping, forward.child_variable = False, None
    frame.settle_in(made, target)
    body = frame.end(outside)
    frame.statements.append(_header(forward, loop, child, body))
    frame.left[last] = after
    frame.bound.pop(made, None)
    frame.keep(last, target)
    frame.forget(kept)


def _header(forward: Forward, loop: Loop, child: Name | None, body: tuple[Stmt, ...]) -> For:
    if child is not None:
        return For(child, Call(Name("self.children")), body)
    return For(
        Name(INDEX if _mentions(body, INDEX) else "_"),
        Call(Name("range"), (forward.unit.count(loop, stored=True),)),
        body,
    )


def _count_one_turn(forward: Forward, loop: Loop) -> list[Ref]:
    """Have values be read as often as the one turn that is written reads them. Those from outside, which it gives back,
    are to last for all turns."""
    left = forward.frame.left
    kept: dict[Ref, None] = {}
    for turn, steps in enumerate(loop.turns):
        for ref in (ref for step in steps for ref in forward.operands(step) if loop.outside(ref)):
            if turn == 1:
                kept[ref] = None
            else:
                left[ref] -= 1
    for ref in kept:
        left[ref] += 1
    return list(kept)


def _only_child(forward: Forward, loop: Loop) -> Name | None:
    """The variable for the children, where each turn calls one and there are no others."""
    children = [step for step in loop.steps if is_child(step)]
    others = any(is_child(step) for step in forward.body.items if isinstance(step, Step))
    if len(children) != 1 or others or len(forward.body.loops) > 1:
        return None
    numbering = children[0].numbering
    if numbering is None or numbering.container:
        return None
    names = Names({INDEX, *LOCALS, *(name.text for name in forward.inputs)})
    return Name(names.take(variable(re.sub(r"[^A-Za-z]+$", "", numbering.prefix) or "layer")))


# ---- steps that run in training only


def write_training(forward: Forward, items: Sequence[Step | Loop]) -> None:
    """`aux = self.aux(x) if self.training else None`, or the same as statements."""
    frame = forward.frame
    assert forward.results is not None
    inside = {step.position for step in steps_in(items)}
    found = [i for i, ref in enumerate(forward.outputs) if ref[0] in inside]
    if not found:
        return  # identities alone: the output is a value that is there anyway
    exit_ = forward.outputs[found[0]]
    frame.name_all()
    target = frame.reserve(forward.results.outputs[found[0]].label)
    outside = frame.begin()
    forward.write(items)
    waiting = frame.pending.get(exit_)
    if waiting is not None and not frame.statements:
        one = Ternary(waiting.expr, TRAINING_MODE, Literal(None))
        if fits(Assign((target,), one, origin=origin(waiting.span)), 2 * STEP):
            waiting.expr = one
            frame.name(exit_, target)
            frame.statements = [*outside, *frame.statements]
            return
    frame.settle_in(exit_, target)
    body = frame.end(outside)
    frame.statements += [Assign((target,), Literal(None)), If(TRAINING_MODE, body)]
    frame.keep(exit_, target)


# ---- segments that are computed again


def write_segment(forward: Forward, items: Sequence[Step | Loop]) -> None:
    """`def segment(x): ...` and `x = checkpoint(segment, x, use_reentrant=False)`."""
    frame = forward.frame
    frame.name_all()
    steps = steps_in(items)
    made = set(forward.made(steps))
    entering = list(dict.fromkeys(ref for step in steps for ref in forward.operands(step) if ref not in made))
    exits = forward.exits(steps)
    inputs = [frame.bound[ref] for ref in entering]
    outside = frame.begin()
    forward.write_plain(items)
    frame.name_all()
    results = tuple(frame.bound[ref] for ref in exits)
    body = returning(frame.end(outside), results)
    segment = _called_alone(body, inputs)
    # What a loop counts is handed in: it is another when the segment runs again.
    turn = [] if segment is not None else _turn(forward, body)
    if segment is None:
        segment = Name(forward.functions.take("segment"))
        parameters = (*tensors(inputs), *turn)
        frame.statements.append(Function(segment.text, parameters, returned(len(results)), body, method=False))
    args = (segment, *inputs, *(Name(parameter.name) for parameter in turn))
    if have_buffers(steps):
        call = Call(Name("recomputed"), (Name("self"), *args))
    else:
        call = Call(Name("checkpoint"), args, (("use_reentrant", Literal(False)),))
    frame.statements.append(Assign(results, call, origin=origin(steps[0].one.place.span)))


def _called_alone(body: tuple[Stmt, ...], inputs: Sequence[Name]) -> Expr | None:
    """The child that a segment consists of, if it does nothing but call one."""
    if len(body) != 1 or not isinstance(body[0], Return) or len(body[0].values) != 1:
        return None
    value = body[0].values[0]
    if not isinstance(value, Call) or list(value.args) != list(inputs) or value.kwargs:
        return None
    return None if value.callee.flat().startswith(("F.", "torch.")) else value.callee


def _turn(forward: Forward, body: Sequence[Stmt]) -> list[Parameter]:
    """The variables of a loop around a segment that the segment reads."""
    variables = [Parameter(INDEX, "int")] if forward.looping else []
    if forward.child_variable is not None:
        variables = [Parameter(forward.child_variable.text, "nn.Module")]
    return [variable for variable in variables if _mentions(body, variable.name)]


def _mentions(body: Sequence[Stmt], name: str) -> bool:
    return any(re.search(rf"\b{name}\b", line) for line in block(body, 0))
