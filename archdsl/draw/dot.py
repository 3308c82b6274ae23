"""A drawing as DOT text in which everything has its place: for `neato -n2`, which renders and moves nothing.

Names in the text are our own (n0, n1, ...). What comes from a spec stands in quoted labels, tooltips and ids only. The
quotes are written here and not by a library, and the attributes are those that are spelled out below.
"""

from __future__ import annotations

from archdsl.draw.drawing import Box, Drawing, Edge, Group, Look, Paint, Point, Text
from archdsl.draw.fonts import FAMILY, width
from archdsl.draw.shapes import sheets
from archdsl.draw.strokes import ARROW_SIZE, BOLD_BORDER, BOLD_LINE, BORDER, DASHES, LINE
from archdsl.draw.tip import with_tip
from archdsl.draw.xml import number

FILLED = ("filled",)
SHAPES = {
    "round": ("box", ("filled", "rounded")), "box": ("box", FILLED), "circle": ("ellipse", FILLED),
    "bar": ("box", FILLED), "port": ("box", FILLED), "cut": ("box", ("filled", "diagonals")),
    "plain": ("plaintext", ()), "volume": ("box", FILLED),
}  # fmt: skip
"""Graphviz's shape and style."""


def dot(drawing: Drawing, theme: str = "light") -> str:
    """The text: the same for the same drawing. `theme` is light or dark."""
    return _Writer(drawing, theme).text()


def quoted(text: str) -> str:
    """A string in which nothing is special. A backslash would begin an escape, and a line break ends a line."""
    clean = "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def attributes(given: dict[str, str]) -> str:
    return ", ".join(f"{name}={quoted(value)}" for name, value in sorted(given.items()))


class _Writer:
    def __init__(self, drawing: Drawing, theme: str) -> None:
        self.drawing = drawing
        self.dark = theme == "dark"
        self.names = {box.id: f"n{i}" for i, box in enumerate(drawing.boxes)}
        self.lines: list[str] = []
        self.texts = 0

    def text(self) -> str:
        drawing = self.drawing
        size = f"0,0,{number(drawing.width)},{number(drawing.height)}"
        self._add("digraph {", "")
        paper = self._paint("paper").fill
        # Lines first, then boxes in the order in which they stand here, as in SVG.
        graph = {"bb": size, "bgcolor": paper, "outputorder": "edgesfirst", "pad": "0"}
        self._add(f"graph [{attributes(graph)}]")
        node = {"fixedsize": "true", "fontname": FAMILY, "label": "", "margin": "0", "penwidth": number(BORDER)}
        self._add(f"node [{attributes({**node, 'style': 'filled'})}]")
        self._add(f"edge [{attributes({'arrowsize': number(ARROW_SIZE), 'penwidth': number(LINE)})}]")
        for i, corner in enumerate(((0.0, 0.0), (drawing.width, drawing.height))):
            # Points without ink, so that the page is as large as the drawing.
            self._add(f'c{i} [height="0", pos="{self._at(corner)}", shape="point", style="invis", width="0"]')
        self._groups()
        for box in drawing.boxes:
            self._box(box)
        for edge in drawing.edges:
            self._edge(edge)
        for text in drawing.texts:
            self._text(text)
        self.lines.append("}")
        return "\n".join(self.lines) + "\n"

    def _add(self, line: str, indent: str = "  ") -> None:
        self.lines.append(indent + line)

    def _look(self, kind: str) -> Look:
        return self.drawing.looks[kind]

    def _paint(self, kind: str) -> Paint:
        look = self._look(kind)
        return look.dark if self.dark else look.light

    def _at(self, point: Point) -> str:
        """A place as Graphviz counts: y grows upwards."""
        return f"{number(point[0])},{number(self.drawing.height - point[1])}"

    def _groups(self) -> None:
        """Clusters within clusters: outer groups come first, and what is in one comes before the next beside it."""
        above: list[Group] = []
        groups = sorted(self.drawing.groups, key=lambda group: (group.top, group.left, -group.bottom, -group.right))
        for i, group in enumerate(groups):
            while above and not _within(group, above[-1]):
                above.pop()
                self._add("}", "  " * (len(above) + 1))
            self._group(group, i, "  " * (len(above) + 1))
            above.append(group)
        while above:
            above.pop()
            self._add("}", "  " * (len(above) + 1))

    def _group(self, group: Group, index: int, indent: str) -> None:
        paint, style = self._paint(group.kind), self._look(group.kind).style
        given = {
            "bb": f"{self._at((group.left, group.bottom))},{self._at((group.right, group.top))}",
            "class": f"group {group.kind}",
            "color": paint.line,
            "fillcolor": paint.fill,
            "id": group.id,
            "penwidth": number(BORDER),
            "style": ",".join(["filled", "rounded", *_dashes(style)]),
            "tooltip": "\n".join(group.facts),
        }
        self._add(f"subgraph cluster{index} {{", indent)
        self._add(f"graph [{attributes(given)}]", indent + "  ")
        if group.title:
            self._text(group.title, indent + "  ", within=group.kind)

    def _box(self, box: Box) -> None:
        *behind, front = sheets(box)
        for i, sheet in enumerate(behind):
            self._add(f"{self.names[box.id]}s{i} [{attributes(self._sheet(box, sheet))}]")
        given = {**self._sheet(box, front), "id": box.id}
        one = box.texts[0] if len(box.texts) == 1 and (box.texts[0].x, box.texts[0].y) == (front.x, front.y) else None
        if one:
            given |= {"fontcolor": self._paint(_kind(one, box.kind)).text, "label": one.text, **_font(one)}
        self._add(f"{self.names[box.id]} [{attributes(given)}]")
        if not one:
            for text in box.texts:
                self._text(text, within=box.kind)

    def _sheet(self, box: Box, sheet: Box) -> dict[str, str]:
        """A box is one sheet; a volume has several, one behind the other."""
        look, paint = self._look(box.kind), self._paint(box.kind)
        shape, style = SHAPES[box.shape]
        bold = {"penwidth": number(BOLD_BORDER)} if look.style == "bold" else {}
        return {
            "class": f"box {box.kind}",
            "color": paint.line,
            "fillcolor": paint.fill,
            "height": _inches(sheet.height),
            "pos": self._at((sheet.x, sheet.y)),
            "shape": shape,
            "style": ",".join([*style, *_dashes(look.style)]),
            "tooltip": "\n".join(box.facts),
            "width": _inches(sheet.width),
            **bold,
        }

    def _text(self, text: Text, indent: str = "  ", within: str = "") -> None:
        """A box without a border: Graphviz centres its label."""
        wide = width(text.text, text.size, text.bold)
        x = text.x + {"start": wide / 2, "middle": 0, "end": -wide / 2}[text.anchor]
        given = {
            "class": f"text {text.kind}",
            "fontcolor": self._paint(_kind(text, within)).text,
            "height": _inches(text.size * 2),
            "label": text.text,
            "pos": self._at((x, text.y)),
            "shape": "plaintext",
            "style": "",
            "width": _inches(wide * 1.1 + text.size),  # Graphviz measures in whole pixels: ample room
            **_font(text),
        }
        self._add(f"t{self.texts} [{attributes(given)}]", indent)
        self.texts += 1

    def _edge(self, edge: Edge) -> None:
        look = self._look(edge.kind)
        given = {
            "class": f"edge {edge.kind}",
            "color": self._paint(edge.kind).line,
            "id": edge.id,
            "pos": self._way(edge),
            "tooltip": "\n".join(edge.facts),
        }
        if dashes := _dashes(look.style):
            given["style"] = dashes[0]
        if look.style == "bold":
            given["penwidth"] = number(BOLD_LINE)
        if not edge.arrow:
            given["arrowhead"] = "none"
        source, target = self.names.get(edge.source, "c0"), self.names.get(edge.target, "c1")
        self._add(f"{source} -> {target} [{attributes(given)}]")
        if edge.text:
            self._text(edge.text, within=edge.kind)

    def _way(self, edge: Edge) -> str:
        """The curve ends where the arrowhead begins; its tip is told apart."""
        points, arrow = with_tip(edge.path) if edge.arrow else (edge.path, ())
        tip = f"e,{self._at(arrow[1])} " if arrow else ""
        return tip + " ".join(map(self._at, points))


def _kind(text: Text, within: str) -> str:
    """Plain text within a thing looks as that thing says."""
    return within if within and text.kind == "text" else text.kind


def _inches(points: float) -> str:
    """As exact as places are, which Graphviz takes in points."""
    return f"{points / 72:.4f}"


def _dashes(style: str) -> list[str]:
    return [style] if style in DASHES else []


def _font(text: Text) -> dict[str, str]:
    bold = {"fontname": f"{FAMILY} Bold"} if text.bold else {}
    return {"fontsize": number(text.size), **bold}


def _within(inner: Group, outer: Group) -> bool:
    across = outer.left <= inner.left and inner.right <= outer.right
    return across and outer.top <= inner.top and inner.bottom <= outer.bottom
