"""`init=` and `freeze=`: arguments that a step takes whatever its op or block declares."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from archdsl.elaborate.arguments import OWN, block_params, coerce
from archdsl.elaborate.context import At
from archdsl.elaborate.expressions import evaluate
from archdsl.elaborate.flow import tensors_in
from archdsl.elaborate.initialisers import Starts, fits, misfit, need_parameter, of_op, starts
from archdsl.elaborate.report import Failed
from archdsl.elaborate.values import Block, Flow, Given, StepValue
from archdsl.initial import Init
from archdsl.ir.graph import Layer, Scope
from archdsl.ir.starts import layers_of
from archdsl.ir.why import Traced, Why
from archdsl.ops.op import Op, Param, State
from archdsl.record import Record
from archdsl.source import Span
from archdsl.syntax import ast


class Stated(Record):
    """The value of an `init=`: a class of its own, so that it is never taken for a list."""

    starts: Starts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stated) and self.starts == other.starts

    def __hash__(self) -> int:
        return hash(self.starts)


def is_own(arg: ast.Arg, target: type[Op] | Block, at: At) -> bool:
    """Whether an argument is `init=` or `freeze=`, which every step takes, unless the step has such a parameter."""
    if arg.name is None or arg.name.text not in OWN:
        return False
    params = target.params if isinstance(target, type) else block_params(target, at)
    return all(param.name != arg.name.text for param in params)


def give_own(arg: ast.Arg, target: type[Op] | Block, at: At) -> Given:
    """The value of such an argument; None where it failed, which was reported."""
    assert arg.name is not None
    name, span = arg.name.text, arg.value.span
    try:
        if name == "freeze":
            value = coerce(target.name, _FREEZE, evaluate(arg.value, at), span, at)
        elif isinstance(target, type):
            stated = Stated(starts(arg.value, f"`init` of `{target.name}`", at))
            value = Traced(stated, Why("literal", span, stated))
        else:
            raise _no_init(target.name, arg.name.span, at)
    except Failed:
        return Given(name, span, None, arg.name.span, own=True)
    return Given(name, span, value, arg.name.span, own=True)


_FREEZE = Param("freeze", "bool", False, (), False, False, True)


def _no_init(block: str, span: Span, at: At) -> Failed:
    from archdsl.diagnostic import Help
    from archdsl.errors.names import UnknownArgument

    helps = (Help("say it of a layer inside the block, or by path in the network's init { }"),)
    return at.reporter.fail(UnknownArgument(block, "init"), span, helps=helps)


class Own(Record):
    """What a step says of its parameters by its own arguments."""

    init: Given | None = None
    freeze: Given | None = None

    @property
    def frozen(self) -> bool:
        return self.freeze is not None and self.freeze.traced is not None and self.freeze.traced.value is True

    def mark(self, made: Flow, at: At) -> None:
        """Say it of the step that made a value; what can't be said is reported, and the step is as without it."""
        node = next((tensor.value.node for tensor in tensors_in(made)), None)
        if isinstance(node, Scope):
            node.frozen = self.frozen
        elif isinstance(node, Layer):  # else it failed, and has no parameters
            with suppress(Failed):
                self._mark(node, at)

    def _mark(self, node: Layer, at: At) -> None:
        params = {
            state.name: state
            for _, layer in layers_of(node)
            for state in layer.state
            if state.trainable and state.name not in layer.tied
        }
        for given in (self.init, self.freeze):
            if given is not None and not params:
                from archdsl.errors.names import NoSuchParameter

                what = "parameters of its own" if node.tied else "parameters"
                raise at.reporter.fail(NoSuchParameter(node.op.name, what), given.name_span)
        node.frozen = self.frozen
        if self.init is not None and self.init.traced is not None:
            stated = self.init.traced.value
            assert isinstance(stated, Stated)
            node.starts = _starts(node.op, stated.starts, params, self.init.span, at)


def take_own(step: StepValue, at: At) -> tuple[StepValue, Own]:
    """A step without the arguments that every step takes, and what they say."""
    found: dict[str, Given] = {}
    for given in step.given:
        if given.own and given.name is not None:
            if given.name in found:
                from archdsl.errors.values import GivenTwice

                at.reporter.report(GivenTwice(step.name, given.name), given.name_span)
            found[given.name] = given
    rest = StepValue(step.target, tuple(given for given in step.given if not given.own))
    return rest, Own(**found)


def _starts(op: Op, said: Starts, params: Mapping[str, State], span: Span, at: At) -> dict[str, Init]:
    """What a step's `init=` says of each of its parameters."""
    explicit = {name for name, _ in said}
    found: dict[str, Init] = {}
    for name, start in of_op(type(op), said, span, at):
        if found and name not in params and name not in explicit:
            continue  # an identity without a bias needs none
        need_parameter(op.name, tuple(params), name, span, at)
        shape = params[name].shape
        if not fits(start, len(shape), op.links):
            raise at.reporter.fail(misfit(start, f"{op.name}.{name}", shape, op.links), span)
        found[name] = start
    return found
