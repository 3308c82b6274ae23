"""Scopes: the naming rule, labels, and values that cross a group's edge.

A scope is a network, a block call, a group (braces) or a labelled connector. In it layers, block calls and groups are
numbered from 0 in source order, labelled ones counted too: exactly the keys `nn.Sequential` would give.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from archdsl.elaborate.context import At, Elsewhere
from archdsl.elaborate.flow import listed, tensors_in
from archdsl.elaborate.values import Flow, Tensor
from archdsl.elaborate.written import StepLabel, labels_in
from archdsl.ir.graph import Graph, Guard, Input, Node, Place, Scope, Value
from archdsl.ir.shape import Shape
from archdsl.ir.why import Why
from archdsl.source import Span
from archdsl.syntax import ast

if TYPE_CHECKING:
    from archdsl.elaborate.braces import Edge


class Entry:
    """A named step: its result, and its scope where it is a finished group (so that a path can lead into it).

    node: the step itself; None for a second name of a value, and for what is no step.
    """

    __slots__ = ("group", "hidden", "node", "tensor")

    def __init__(self, tensor: Flow, group: ScopeBuilder | None, node: Node | None) -> None:
        self.tensor = tensor
        self.group = group
        self.node = node
        self.hidden = False


class Twin:
    """A finished group that is run again: the step that runs it, and for each value in the group that in its graph."""

    __slots__ = ("node", "values")

    def __init__(self, node: Scope, values: dict[Value, Value]) -> None:
        self.node = node
        self.values = values

    def expose(self, value: Value, index: int) -> None:
        """Give out one value more, as the group itself does; twins may share a graph, with it or with one another."""
        inner = self.values[value]
        if len(self.node.graph.outputs) == index:
            self.node.graph.outputs.append(inner)
        self.node.outputs = (*self.node.outputs, Value(self.node, index, inner.shape))


class ScopeBuilder:
    """A graph being filled, and the names in it. `parent` is the scope around a group, None at a block's edge."""

    def __init__(self, graph: Graph, path: tuple[str, ...], parent: ScopeBuilder | None = None) -> None:
        self.graph = graph
        self.parent = parent
        self.path = path  # from the network, for messages: a block's body has the path of its first call
        self.root: ScopeBuilder = parent.root if parent else self
        self.edge: Edge | None = None  # for a block that was handed braces
        self.unfolded: dict[int, Span] = {}  # braces that were unfolded in it, and where
        self.node: Scope | None = None  # once it is finished, for a group
        self.twins: list[Twin] = []
        self.counted = 0
        self.entries: dict[str, Entry] = {}
        self.conditional: Guard | None = None  # decides how many counted steps stand above
        self._owners: dict[str, tuple[str, Span]] = {}  # path -> what is there, and where
        self._captured: dict[int, tuple[Value, Value]] = {}
        self._skipped: list[tuple[ast.Body | ast.If, Span]] = []

    # ---- names

    def claim(self, label: StepLabel | None, kind: str, span: Span, at: At) -> tuple[str, ...]:
        """The path of a counted step: its label, or its number. `kind` is "layer", "block call" or "group"."""
        name, span = (label.parts, label.span) if label else ((str(self.counted),), span)
        self.counted += 1
        path = ".".join(name)
        for depth in range(1, len(name)):
            container = ".".join(name[:depth])
            owner = self._owners.setdefault(container, ("container", span))
            if owner[0] != "container":
                self._refuse_into(path, container, owner, span, at)
        if path in self._owners:
            self._refuse_second(path, span, at)
        self._owners[path] = (kind, span)
        return name

    def claim_value(self, label: StepLabel, at: At) -> None:
        """The label of a step that makes no module: it is no path, but no other step may have it."""
        path = ".".join(label.parts)
        if path in self._owners:
            self._refuse_second(path, label.span, at)
        self._owners[path] = ("value", label.span)

    def _refuse_into(self, path: str, container: str, owner: tuple[str, Span], span: Span, at: At) -> None:
        from archdsl.diagnostic import Label
        from archdsl.errors.names import IntoScope

        error = IntoScope(path, container, f"a {owner[0]}")
        raise at.reporter.fail(error, span, labels=(Label(owner[1], f"`{container}` is this {owner[0]}"),))

    def _refuse_second(self, path: str, span: Span, at: At) -> None:
        from archdsl.diagnostic import Help, Label
        from archdsl.errors.names import DuplicatePath

        first = self._owners[path][1]
        if first == span:
            helps = (Help(f'unfolded again: compute the label from the loop variable, such as "{path}{{i}}"'),)
            raise at.reporter.fail(DuplicatePath(path), span, helps=helps)
        raise at.reporter.fail(DuplicatePath(path), span, labels=(Label(first, f"the first `{path}`"),))

    def warn_of_moving_key(self, span: Span, at: At) -> None:
        """The lint on a numbered step with weights whose number depends on a condition above it."""
        from archdsl.diagnostic import Label
        from archdsl.errors.names import KeyMoves

        assert self.conditional is not None
        condition = self.conditional.condition.why.span
        answer = "true" if self.conditional.taken else "false"
        labels = (Label(condition, "this condition"),) if condition else ()
        at.reporter.report(KeyMoves(str(self.counted - 1), answer), span, labels=labels)

    def enter(
        self,
        name: tuple[str, ...] | None,
        tensor: Flow,
        group: ScopeBuilder | None = None,
        node: Node | None = None,
    ) -> None:
        """Make a step's result known under its path. `node` is the step, if it can be run again."""
        if name:
            self.entries[".".join(name)] = Entry(tensor, group, node)

    def hide_since(self, known: int) -> None:
        """Labels beyond the first `known` name steps that may not run."""
        for entry in islice(reversed(self.entries.values()), len(self.entries) - known):
            entry.hidden = True

    def forget_since(self, known: int) -> None:
        """Labels beyond the first `known` are seen no more: they belong to braces that were unfolded here."""
        for path in list(islice(reversed(self.entries), len(self.entries) - known)):
            del self.entries[path]

    # ---- labels

    def find(self, path: str, elsewhere: Elsewhere | None = None) -> Entry | None:
        """What a path leads to: in this scope or one around it, and from there into finished groups. For braces that
        are written `elsewhere` nothing that was there before them."""
        scope: ScopeBuilder | None = self
        while scope is not None:
            last = elsewhere is not None and scope is elsewhere.scope
            if not (last and elsewhere and _begins_in(path, elsewhere.before)):
                found = scope._descend(path)
                if found is not None:
                    return found
            scope = None if last else scope.parent
        return None

    def _descend(self, path: str) -> Entry | None:
        entry = self.entries.get(path)
        if entry is not None:
            return entry
        head, dot, rest = path.partition(".")
        while dot:
            group = self.entries.get(head)
            if group is not None and group.group is not None:
                found = group.group._descend(rest)
                return group if found is not None and group.hidden else found
            more, dot, rest = rest.partition(".")
            head = f"{head}.{more}"
        return None

    def visible_labels(self) -> list[str]:
        return [label for scope in self.chain() for label in scope.entries]

    def skip(self, branch: ast.Body | ast.If, condition: Span) -> None:
        """Remember a branch that was not taken, for references to what stands in it."""
        self._skipped.append((branch, condition))

    def skipped_condition(self, label: str) -> Span | None:
        """The condition that left a label out."""
        for scope in self.chain():
            for branch, condition in scope._skipped:
                if label in labels_in(branch):
                    return condition
        return None

    def chain(self) -> Iterator[ScopeBuilder]:
        """This scope and those around it, up to the block's edge."""
        scope: ScopeBuilder | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    # ---- values across edges

    def localise_all(self, value: object) -> tuple[Value, ...]:
        """All values of the network in a value of the language, as this scope's graph sees them."""
        return tuple(self.localise(tensor) for tensor in tensors_in(value))

    def localise(self, tensor: Tensor) -> Value:
        """A value as this scope's graph sees it: one from around a group comes in as a further input, one from inside a
        finished group goes out as a further output."""
        if tensor.scope is self:
            return tensor.value
        if tensor.scope.root is not self.root or any(scope is tensor.scope for scope in self.chain()):
            return self._capture(tensor)
        return self.localise(tensor.scope.expose(tensor.value))

    def _capture(self, tensor: Tensor) -> Value:
        if self.parent is None:
            assert self.edge is not None, "a value crosses a block's edge as an argument, or in braces"
            return self.edge.take(tensor)
        outer = self.parent.localise(tensor)
        known = self._captured.get(id(outer))
        if known is None:
            node = Input(f"captured{len(self.graph.inputs)}", outer.shape, Place(self.graph.span))
            known = self._captured[id(outer)] = (outer, node.outputs[0])
            self.graph.inputs.append(node.outputs[0])
        return known[1]

    def captured(self) -> tuple[Value, ...]:
        """What a group takes from outside beside its current value, in the parent's terms."""
        return tuple(outer for outer, _ in self._captured.values())

    def add_input(self, label: str, shape: Shape | None) -> Tensor:
        """A further value that a block is handed, as it sees it: where its sizes came from is the caller's affair."""
        span, index = self.graph.span, len(self.graph.inputs)
        if shape is not None:
            dims = [
                dim.with_why(Why("input", span, dim if dim.constant is None else dim.constant, (), f"{index}.{axis}"))
                for axis, dim in enumerate(shape.dims)
            ]
            shape = Shape(dims, shape.dtype, shape.channel_axis, shape.shares)
        node = Input(label, shape, Place(span))
        self.graph.inputs.append(node.outputs[0])
        return Tensor(node.outputs[0], self)

    def expose(self, value: Value) -> Tensor:
        """A value inside this finished group, as the scope around it sees it."""
        assert self.node is not None and self.parent is not None, "only finished groups are looked into"
        outputs = self.graph.outputs
        index = next((i for i, known in enumerate(outputs) if known is value), len(outputs))
        if index == len(outputs):
            outputs.append(value)
            self.node.outputs = (*self.node.outputs, Value(self.node, index, value.shape))
            for twin in self.twins:
                twin.expose(value, index)
            for around in self.parent.twins:
                copy = around.values[self.node.outputs[0]].node
                around.values[self.node.outputs[index]] = copy.outputs[index]
        return Tensor(self.node.outputs[index], self.parent)

    def add(self, node: Node) -> Tensor:
        """Append a step; its first output."""
        self.graph.nodes.append(node)
        return Tensor(node.outputs[0], self)

    def add_all(self, node: Node) -> Flow:
        """Append a step; its result, a list where it has several outputs."""
        first = self.add(node)
        if len(node.outputs) == 1:
            return first
        return listed((Tensor(value, self) for value in node.outputs), node.place.span)


def _begins_in(path: str, labels: frozenset[str]) -> bool:
    """Whether a path is, or leads through, one of the labels."""
    parts = path.split(".")
    return any(".".join(parts[: i + 1]) in labels for i in range(len(parts)))
