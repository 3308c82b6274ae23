"""Where the shape of a step comes from: what `archdsl why resnet.arch layer2.0.conv2` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archdsl.ir.dim import Dim
from archdsl.ir.explain import formula, handed_in, is_formula
from archdsl.ir.graph import Declared, Graph, Node, Program, Scope
from archdsl.ir.why import CallWhy, ElsewhereWhy, Why
from archdsl.record import Record
from archdsl.source import Span

LONGEST = 40
"""Links shown of one chain: beyond it the middle of a deep network repeats itself."""


class Link(Record):
    """One step of a derivation: what is said, and the place that says it."""

    text: str
    span: Span | None


class Axis(Record):
    """One size of the shape, what it is at the nominal sizes, and the chain that made it, last link first."""

    name: str
    size: str
    nominal: int
    links: tuple[Link, ...]


class Explanation(Record):
    """The step's path, where it is written, the block calls around it (innermost first), and its axes."""

    path: str
    span: Span
    calls: tuple[Link, ...]
    axes: tuple[Axis, ...]


class NoSuchStep(Exception):
    """No step has this path; `near` are paths that begin alike."""

    def __init__(self, path: str, known: tuple[str, ...]) -> None:
        super().__init__(path)
        self.path = path
        self.known = known


class Frame:
    """A graph on the way to a step, the scope node that it is the body of, and the frame around it.

    A body that several calls share has its scope nodes once: only with those around it, in `calls`, one is one call's.
    """

    __slots__ = ("calls", "outer", "scope")

    def __init__(self, scope: Scope, outer: Frame | None) -> None:
        self.scope = scope
        self.outer = outer
        self.calls: tuple[Scope, ...] = (*outer.calls, scope) if outer else (scope,)


def explain(program: Program, path: str) -> Explanation:
    """The derivation of the shape of the step at `path`; raises `NoSuchStep`."""
    node, frame = _find(program.graph, path)
    shape = node.outputs[0].shape
    assert shape is not None, "a program without errors has shapes throughout"
    axes = tuple(
        Axis(
            f"axis {axis}" if isinstance(node, Declared) else _axis_name(axis, shape.rank),
            str(dim),
            dim.at(program.nominal),
            tuple(_links(dim.why, frame, program.nominal)),
        )
        for axis, dim in enumerate(shape.dims)
    )
    return Explanation(path, node.place.span, tuple(_calls(frame)), axes)


def _axis_name(axis: int, rank: int) -> str:
    if axis < 2:
        return ("batch", "channels")[axis]
    return {3: ("length",), 4: ("height", "width"), 5: ("depth", "height", "width")}.get(rank, ("",) * rank)[axis - 2]


def _find(graph: Graph, path: str) -> tuple[Node, Frame | None]:
    frame: Frame | None = None
    rest = path
    while True:
        found = _step(graph, rest)
        if found is None:
            raise NoSuchStep(path, tuple(_paths(graph, path.removesuffix(rest))))
        node, name = found
        if rest == name:
            return node, frame
        assert isinstance(node, Scope)
        frame = Frame(node, frame)
        graph = node.graph
        rest = rest[len(name) + 1 :]


def _step(graph: Graph, path: str) -> tuple[Node, str] | None:
    for node in graph.nodes:
        name = ".".join(node.name or ())
        if name and (path == name or (isinstance(node, Scope) and path.startswith(name + "."))):
            return node, name
    return None


def _paths(graph: Graph, prefix: str) -> Iterator[str]:
    for node in graph.nodes:
        if node.name:
            yield prefix + ".".join(node.name)


def _calls(frame: Frame | None) -> Iterator[Link]:
    """ "in block bottleneck, called as layer2.0"."""
    scopes: list[Scope] = []
    while frame:
        scopes.append(frame.scope)
        frame = frame.outer
    scopes.reverse()
    prefix: list[str] = []
    links: list[Link] = []
    for scope in scopes:
        prefix += scope.name or ()
        if scope.graph.kind == "block":
            links.append(Link(f"in block {scope.graph.title}, called as {'.'.join(prefix)}", scope.place.span))
    yield from reversed(links)


def _links(why: Why | None, frame: Frame | None, nominal: Mapping[str, int]) -> Iterator[Link]:
    """The chain from a size back to what is written, each link once."""
    todo: list[tuple[Why, Frame | None]] = [(why, frame)] if why else []
    seen: set[tuple[int, str]] = set()
    walked: set[tuple[int, tuple[Scope, ...]]] = set()
    while todo:
        why, frame = todo.pop()
        frame = _block_frame(frame)
        here = (id(why), frame.calls if frame else ())
        if here in walked:
            continue
        walked.add(here)
        if isinstance(why, CallWhy):
            todo.append((why.operands[0], Frame(why.scope, frame)))
            continue
        if isinstance(why, ElsewhereWhy):
            todo.append((why.origin, frame and frame.outer))
            continue
        link = _say(why, nominal)
        key = (link.span.start if link and link.span else -1, link.text if link else "")
        if link and key not in seen:
            seen.add(key)
            if len(seen) > LONGEST:
                yield Link("... and so on", None)
                return
            yield link
        todo += reversed(list(_behind(why, frame)))


def _block_frame(frame: Frame | None) -> Frame | None:
    """Groups see their block's names and sizes: only a block's edge changes what a derivation means."""
    while frame is not None and frame.scope.graph.kind != "block":
        frame = frame.outer
    return frame


def _behind(why: Why, frame: Frame | None) -> Iterator[tuple[Why, Frame | None]]:
    """What a link rests on: its operands, or across the block's edge the argument or the input."""
    if why.rule == "param" and frame is not None:
        given = frame.scope.args.get(why.name)
        if given is not None:
            yield given.why, frame.outer
    elif why.rule == "input" and frame is not None:
        if (outer := handed_in(why, frame.scope)) is not None:
            yield outer, frame.outer
    else:
        todo = list(_definition(why).operands)
        while todo:
            operand = todo.pop(0)
            if is_formula(operand):  # said already, as part of the whole
                todo[:0] = operand.operands
            else:
                yield operand, frame


def _definition(why: Why) -> Why:
    """A name is said together with the formula that defines it, so what it rests on is the formula's operands."""
    return why.operands[0] if why.rule == "name" and is_formula(why.operands[0]) else why


def _say(why: Why, nominal: Mapping[str, int]) -> Link | None:
    """One link in words; None for what says nothing by itself."""
    if why.rule == "step":
        return Link(f"{why.name} makes it {_value(why.value, nominal)}", why.span)
    if why.rule == "param":
        return Link(f"parameter {why.name} = {why.value}", why.span)
    if why.rule == "name":
        definition = why.operands[0]
        if definition.rule in ("param", "name"):
            return None
        shown = f"{formula(definition)} = " if is_formula(definition) else ""
        return Link(f"{why.name} = {shown}{why.value}", definition.span)
    if why.rule == "size":
        return Link(f"free size {why.name} = {nominal[why.name]}", why.span)
    if is_formula(why):
        return Link(f"{formula(why)} = {why.value}", why.span)
    return None


def _value(value: object, nominal: Mapping[str, int]) -> str:
    """A size, with its number at the nominal sizes where it is free."""
    return f"{value.at(nominal)} = {value}" if isinstance(value, Dim) else str(value)
