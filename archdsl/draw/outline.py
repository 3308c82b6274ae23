"""What a level shows: a network's graph as nested parts, each scope opened to a frame or closed to a box.

Levels:  network   stages closed: groups of one kind of block, sections, block calls
         stage     stages opened, block calls closed
         block     block calls opened; what only follows a layer (norms, activations) is part of its box
         step      every op a box of its own
"""

from __future__ import annotations

from archdsl.draw import labels
from archdsl.draw.parts import End, Frame, Leaf, Part, Sizes, Wire
from archdsl.ir.graph import Declared, Graph, Layer, Node, Program, Scope, Value
from archdsl.ir.shape import Shape
from archdsl.record import Record

LEVELS = ("network", "stage", "block", "step")
SUMMARY = 4
"""A figure of fewer boxes than this tells too little: what is closed is opened."""

Path = tuple[str, ...]


class View(Record):
    """What of a network is drawn.

    fold:   equal neighbours become one with "x3".
    focus:  the path of the only scope to draw; () is the network.
    expand: scopes that are opened whatever the level.
    """

    level: str = "block"
    fold: bool = True
    focus: Path = ()
    expand: tuple[Path, ...] = ()

    @property
    def merges_steps(self) -> bool:
        """Whether norms and activations are part of the box of their layer."""
        return self.level != "step"

    def folded_more(self) -> View | None:
        """The view with fewer boxes that comes next: folded, then one level up. None: there is none."""
        if not self.fold:
            return View(self.level, True, self.focus, self.expand)
        above = LEVELS.index(self.level) - 1
        return View(LEVELS[above], True, self.focus, self.expand) if above >= 0 else None


def outline(program: Program, view: View) -> Frame:
    """The frame of the network, or of the scope in focus. Raises `KeyError` as `find` does."""
    graph, path = find(program.graph, view.focus)
    root = Frame(path, None, "network", None, program.title)
    _Outline(program, view).fill(root, graph, path)
    return root


def find(graph: Graph, path: Path) -> tuple[Graph, Path]:
    """The graph of the scope at a path. Raises `KeyError` where there is none: its argument is the part that exists."""
    at: Path = ()
    while at != path:
        below = [
            node
            for node in graph.nodes
            if isinstance(node, Scope) and node.name and path[len(at) : len(at) + len(node.name)] == node.name
        ]
        if not below:
            raise KeyError(".".join(at))
        at += below[0].name or ()
        graph = below[0].graph
    return graph, path


class _Outline:
    """Makes parts of a program's steps."""

    def __init__(self, program: Program, view: View) -> None:
        self.nominal = program.nominal
        self.view = view

    def fill(self, frame: Frame, graph: Graph, path: Path) -> None:
        """The parts and wires of a graph."""
        made: dict[Value, End] = {}
        for index, value in enumerate(graph.inputs):
            made[value] = End(None, index) if frame.node else End(self._input(frame, value), 0)
        frame.inputs = len(graph.inputs)
        for node in graph.schedule:
            part = self._part(node, path)
            part.training = graph.only_in_training(node)
            frame.parts.append(part)
            for index, value in enumerate(node.inputs):
                if value in made:
                    kind = "training" if part.training else "flow"
                    frame.wires.append(Wire(made[value], End(part, index), self.sizes(value.shape), kind))
            made.update((value, End(part, value.index)) for value in node.outputs)
        if frame.node is not None:
            frame.results = len(graph.outputs)
            for index, value in enumerate(graph.outputs):
                if value in made:
                    frame.wires.append(Wire(made[value], End(None, index), self.sizes(value.shape)))

    def _input(self, frame: Frame, value: Value) -> Leaf:
        """The box of a value that comes from outside the figure."""
        name = str(getattr(value.node, "label", ""))
        sizes = self.sizes(value.shape)
        leaf = Leaf((*frame.path, f"in {name}"), value.node, "input", sizes, labels.given(name, sizes))
        frame.parts.append(leaf)
        return leaf

    def _part(self, node: Node, path: Path) -> Part:
        full = path + (node.runs or node.name or (f"~{node.place.span.start}",))
        sizes = self.sizes(node.outputs[0].shape) if node.outputs else None
        if isinstance(node, Scope):
            if opens(node, full, self.view):
                frame = Frame(full, node, "group", sizes, labels.title(node))
                self.fill(frame, node.graph, full)
                return frame
            given = self.sizes(node.inputs[0].shape) if node.inputs else None
            return Leaf(full, node, labels.scope_kind(node), sizes, labels.closed(node, given, sizes))
        if isinstance(node, Layer):
            return Leaf(full, node, labels.layer_kind(node), sizes, labels.layer(node))
        if isinstance(node, Declared):
            return Leaf(full, node, "declared", sizes, labels.given(full[-1], sizes))
        return Leaf(full, node, "unknown", sizes, labels.unknown(node))

    def sizes(self, shape: Shape | None) -> Sizes | None:
        """A shape as figures show it."""
        if shape is None:
            return None
        channels = None if shape.channel_axis is None else shape.channel_axis - 1
        return Sizes(shape.at(self.nominal)[1:], channels)


def opens(scope: Scope, path: Path, view: View) -> bool:
    """Whether a scope is opened to show what is in it."""
    if any(wanted[: len(path)] == path for wanted in view.expand):
        return True
    if scope.runs is not None:
        return False
    if view.level in ("step", "block"):
        return True
    if scope.graph.kind == "block":
        return False
    return view.level == "stage" or not stage(scope.graph)


def stage(graph: Graph) -> bool:
    """Whether a group is of one kind: calls of one block, or plain layers."""
    titles = {node.graph.title if isinstance(node, Scope) else "" for node in graph.nodes if counts(node)}
    return len(titles) <= 1


def counts(node: Node) -> bool:
    """Whether a step makes a box of its own where norms and activations don't."""
    return not (isinstance(node, Declared) or (isinstance(node, Layer) and node.op.role in labels.MINOR))
