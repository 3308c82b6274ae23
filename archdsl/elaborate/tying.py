"""Tied weights: an op's own parameter that is another step's, `linear(vocab, bias=false, weight=@wte.weight)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archdsl.elaborate.context import At
from archdsl.elaborate.report import Failed
from archdsl.elaborate.shown import shown_sizes
from archdsl.elaborate.values import Given, StepValue, Tensor, Weight
from archdsl.ir.graph import Declared, Input, Layer, Node, Scope, Tie
from archdsl.ir.shape import Shape
from archdsl.ops.op import Op, State
from archdsl.ops.uneven import Uneven, own_name

if TYPE_CHECKING:
    from archdsl.elaborate.scopes import ScopeBuilder


class Shared:
    """A tensor that a step is given: `tensor` is its own name for it, `scope`, `owner` and `source` say whose it is."""

    __slots__ = ("given", "owner", "scope", "source", "tensor")

    def __init__(self, tensor: str, scope: ScopeBuilder, owner: Layer | Declared, source: str, given: Given) -> None:
        self.tensor = tensor
        self.scope = scope
        self.owner = owner
        self.source = source
        self.given = given


def split(step: StepValue) -> tuple[StepValue, list[Given]]:
    """An op's arguments proper, and the tensors that it is given. `bias` may be both, a flag and a tensor."""
    assert isinstance(step.target, type)
    others = {param.name for param in step.target.params if param.kind != "bool"}
    shared = [
        one
        for one in step.given
        if one.name and one.name not in others and one.traced and isinstance(one.traced.value, (Weight, Tensor))
    ]
    if not shared:
        return step, shared
    return StepValue(step.target, tuple(one for one in step.given if one not in shared)), shared


def resolve(op: Op, shapes: Sequence[Shape], shared: Sequence[Given], at: At) -> list[Shared]:
    """Whose tensors they are. Reports what can't be shared, then fails."""
    at.session.bound_to_sizes += 1
    own = {state.name: state for state in op.state(*shapes)}
    found: list[Shared] = []
    failed = False
    for given in shared:
        try:
            found += _resolve(op, own, given, at)
        except Failed:
            failed = True
    if failed:
        raise Failed
    return found


def _resolve(op: Op, own: dict[str, State], given: Given, at: At) -> list[Shared]:
    """The tensor's owner; in groups of different sizes, that of each group's."""
    assert given.name is not None and given.traced is not None
    names = [name for name in own if own[name].trainable and own_name(op, name) == given.name]
    if not names:
        from archdsl.elaborate.lookup import did_you_mean
        from archdsl.errors.names import UnknownArgument

        known = [own_name(op, state.name) for state in own.values() if state.trainable]
        helps = did_you_mean(given.name, known, given.name_span)
        raise at.reporter.fail(UnknownArgument(op.name, given.name), given.name_span, helps=helps)
    return [_resolve_one(op, own[name], given, at) for name in names]


def _resolve_one(op: Op, tensor: State, given: Given, at: At) -> Shared:
    assert given.traced is not None
    value = given.traced.value
    assert isinstance(value, (Weight, Tensor))
    step = value.step if isinstance(value, Weight) else value
    source = value.name if isinstance(value, Weight) else ""
    _need_equal_groups(op, step.value.node, given, at)
    if isinstance(op, Uneven):
        source = f"{tensor.name.partition('.')[0]}.{source}"
    found = _owner(given, tensor.name, step, source, at)
    if common(at.scope, found.scope) is None:
        raise _refuse(given, "belongs to another block", "a tensor is shared within one block or network", at)
    shape, dtype = _described(found)
    if (shape, dtype) != (tensor.shape, tensor.dtype):
        from archdsl.diagnostic import Label
        from archdsl.errors.shapes import TiedShapes

        error = TiedShapes(op.name, tensor.name, shown_sizes(tensor.shape), given.span.text, shown_sizes(shape))
        label = Label(found.owner.place.span, f"its {found.source or 'tensor'} is {shown_sizes(shape)}")
        raise at.reporter.fail(error, given.span, labels=(label,))
    return found


def _need_equal_groups(op: Op, owner: Node, given: Given, at: At) -> None:
    """Each group of different sizes has its own tensor, so both steps have such groups, or neither."""
    other = owner.op if isinstance(owner, Layer) else None
    if (op.by if isinstance(op, Uneven) else None) != (other.by if isinstance(other, Uneven) else None):
        reason = "is cut into parts of different sizes on one side only"
        raise _refuse(given, reason, "feed both steps a whole value, or both one that is shared out", at)


def _owner(given: Given, name: str, step: Tensor, source: str, at: At) -> Shared:
    """The owner of the tensor `name`; of a tensor that is tied itself, the one that it is tied to."""
    node = step.value.node
    if isinstance(node, Declared):
        if source:
            raise _refuse(given, "is a tensor itself", f"write {given.span.text.rpartition('.')[0]}", at)
        if step.value.shape is None:
            raise Failed
        if node.kind != "param":
            raise _refuse(given, f"is a {node.kind}, which is not trained", "only a `param` can be shared", at)
        return Shared(name, step.scope, node, "", given)
    if isinstance(node, Layer) and source and node.runs is None:
        if any(state.name == source and state.trainable for state in node.state):
            known = at.session.tied.get((node, source))
            if known is not None:
                return Shared(name, known.scope, known.owner, known.source, given)
            return Shared(name, step.scope, node, source, given)
        names = ", ".join(own_name(node.op, state.name) for state in node.state if state.trainable) or "nothing"
        raise _refuse(given, "is no parameter", f"`{node.op.name}` trains {names}", at)
    raise _no_tensor(given, step, at)


def _no_tensor(given: Given, step: Tensor, at: At) -> Failed:
    node = step.value.node
    if step.value.shape is None:
        return Failed()
    if isinstance(node, Input):
        return _refuse(given, "comes from outside of the block", "a tensor is shared within one block or network", at)
    if node.runs is not None:
        return _refuse(given, "is of a step run again", f"name the step itself: @{'.'.join(node.runs)}", at)
    if isinstance(node, Scope):
        inside = "the steps in a block call are its own" if node.graph.kind == "block" else "name the step in the group"
        return _refuse(given, "is no tensor", inside, at)
    return _refuse(given, "is what a step makes, not a tensor of its own", "@step.weight, or a `param`", at)


def _refuse(given: Given, reason: str, place: str, at: At) -> Failed:
    from archdsl.errors.values import CannotShare

    return at.reporter.fail(CannotShare(given.span.text, reason, place), given.span)


def _described(shared: Shared) -> tuple[tuple[int, ...], str]:
    owner = shared.owner
    if isinstance(owner, Declared):
        shape = owner.outputs[0].shape
        assert shape is not None
        return shape.at({}), shape.dtype
    return next((state.shape, state.dtype) for state in owner.state if state.name == shared.source)


def common(one: ScopeBuilder, other: ScopeBuilder) -> ScopeBuilder | None:
    """The innermost scope around both; None where there is a block's edge between them."""
    around = set(other.chain())
    return next((scope for scope in one.chain() if scope in around), None)


def tie(node: Layer, shared: Sequence[Shared], at: At) -> None:
    """Note that the step's tensors are others'."""
    assert node.name is not None, "a step with tensors has a name"
    for one in shared:
        scope = common(at.scope, one.scope)
        assert scope is not None and one.owner.name is not None
        depth = len(scope.path)
        step = (*at.scope.path[depth:], *node.name)
        owner = (*one.scope.path[depth:], *one.owner.name)
        scope.graph.ties.append(Tie(step, one.tensor, owner, one.source, one.given.span))
        at.session.tied[node, one.tensor] = one
    node.tied = frozenset(one.tensor for one in shared)
