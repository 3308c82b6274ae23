"""What a figure is of, before it has a layout: parts that nest, and wires between neighbours in nesting.

A wire joins two parts of one frame, or one of them and the frame's own edge: an `End` whose part is None is the frame's
input or result of that number. So every frame can be laid out on its own, and what folds is drawn once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.record import Record

if TYPE_CHECKING:
    from archdsl.ir.graph import Node, Region


class Sizes(Record):
    """A shape in plain numbers, without the batch, at nominal sizes. `channels` is the index of that axis, if any."""

    dims: tuple[int, ...]
    channels: int | None = 0

    @property
    def maps(self) -> tuple[int, ...]:
        """The spatial sizes, where the channels stand first."""
        return self.dims[1:] if self.channels == 0 else ()

    def __str__(self) -> str:
        return "x".join(map(str, self.dims)) or "scalar"


class Part:
    """A step, or several in one frame.

    path:   of the step, from the network; the id in the figure is made of it.
    node:   the step; of several that are drawn as one, the one that gives the name. None: a frame of our own making.
    shape:  of its (first) result.
    repeat: how many equal ones in a row it stands for; `last` is the path of the last.
    """

    __slots__ = ("kind", "last", "node", "path", "region", "repeat", "shape", "training")

    def __init__(self, path: tuple[str, ...], node: Node | None, kind: str, shape: Sizes | None) -> None:
        self.path = path
        self.last = path
        self.node = node
        self.kind = kind
        self.shape = shape
        self.repeat = 1
        self.region: Region | None = node.place.region if node else None
        self.training = False

    def within(self, kind: str) -> Region | None:
        """The innermost region of a kind that it stands in, among those of its frame's scope."""
        region = self.region
        while region is not None and region.kind != kind:
            region = region.parent
        return region


class Leaf(Part):
    """One box. `with_it` are steps that are not drawn: they act on what it made, or on what it is given."""

    __slots__ = ("caption", "text", "with_it")

    def __init__(
        self, path: tuple[str, ...], node: Node | None, kind: str, shape: Sizes | None, text: str, caption: str = ""
    ) -> None:
        super().__init__(path, node, kind, shape)
        self.text = text
        self.caption = caption
        self.with_it: list[Node] = []


class Fork(Part):
    """Branches side by side, each a frame without a border. `axis`: which of them lies on the main axis; None: the
    axis runs through their middle."""

    __slots__ = ("axis", "branches")

    def __init__(self, branches: list[Frame], axis: int | None) -> None:
        super().__init__(branches[0].path, None, "fork", None)
        self.branches = branches
        self.axis = axis


class End:
    """One end of a wire: output (or, of a target, input) `index` of a part, or of the frame itself."""

    __slots__ = ("index", "part")

    def __init__(self, part: Part | None, index: int) -> None:
        self.part = part
        self.index = index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, End) and self.part is other.part and self.index == other.index

    def __hash__(self) -> int:
        return hash((id(self.part), self.index))


class Wire:
    """What flows from `source` to `target`. `kind` is an `Edge.kind`, `text` is written beside it."""

    __slots__ = ("kind", "shape", "source", "target", "text")

    def __init__(self, source: End, target: End, shape: Sizes | None, kind: str = "flow", text: str = "") -> None:
        self.source = source
        self.target = target
        self.shape = shape
        self.kind = kind
        self.text = text


class Frame(Part):
    """An opened scope, a section, or a repeat: its parts in the order in which they run."""

    __slots__ = ("arranged", "inputs", "parts", "piece", "results", "title", "wires")

    def __init__(self, path: tuple[str, ...], node: Node | None, kind: str, shape: Sizes | None, title: str) -> None:
        super().__init__(path, node, kind, shape)
        self.title = title
        self.parts: list[Part] = []
        self.wires: list[Wire] = []
        self.inputs = 0
        self.results = 0
        self.arranged = False
        """What runs side by side is in forks."""
        self.piece: Frame | None = None
        """The frame that it is a part of, where that is broken over columns."""

    def into(self, part: Part | None) -> list[Wire]:
        """The wires that end at a part; None: at the frame's own results."""
        return [wire for wire in self.wires if wire.target.part is part]

    def out_of(self, part: Part | None) -> list[Wire]:
        """The wires that begin at a part; None: at the frame's own inputs."""
        return [wire for wire in self.wires if wire.source.part is part]

    def replace(self, old: list[Part], new: Part) -> None:
        """Put one part in the place of the first of several."""
        at = self.parts.index(old[0])
        gone = set(map(id, old))
        self.parts = [part for part in self.parts[:at] if id(part) not in gone] + [new] + [
            part for part in self.parts[at:] if id(part) not in gone
        ]  # fmt: skip
