"""A drawing as SVG: one file that looks the same anywhere, and says what it shows.

No script and no request to anywhere: the font travels inside. Every step is a `<g>` whose id is its path and whose
tooltip holds its facts; classes name what it is. Colours are variables of those classes, so that `auto` follows the
reader's setting and a page can change them; beside them stand plain attributes, for viewers that know no variables.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator

from archdsl.draw import fonts
from archdsl.draw.drawing import Box, Drawing, Edge, Group, Paint, Text
from archdsl.draw.shapes import SHAPES, corners, curve, radius, rect
from archdsl.draw.strokes import BOLD_BORDER, BOLD_LINE, BORDER, DASHES, LINE
from archdsl.draw.tip import with_tip
from archdsl.draw.xml import escape, identifier, name, number

THEMES = ("auto", "light", "dark")
"""`auto`: dark for readers who set their system so, else light."""

BASELINE = 0.35
"""Of the font size, from the middle of a line down to its baseline: where Graphviz puts it, to a few hundredths."""

FALLBACK = f"'{fonts.FAMILY}', 'Liberation Sans', Arial, Helvetica, sans-serif"
"""The others are as wide; they stand in where a viewer loads no embedded font."""

RULES = """\
.archdsl text{fill:var(--text);stroke:none;white-space:pre;text-rendering:geometricPrecision}
.archdsl .paper{fill:var(--fill)}
.archdsl .box,.archdsl .group{fill:var(--fill);stroke:var(--line)}
.archdsl .edge{fill:none;stroke:var(--line)}
.archdsl .tip{fill:var(--line)}
.archdsl .room{fill:none;stroke:none;pointer-events:all}
"""


def write(drawing: Drawing, theme: str = "auto", *, made_by: str = "") -> bytes:
    """The file.

    Args:
        theme: one of `THEMES`.
        made_by: a remark in the first line.
    """
    painter = _Painter(drawing, theme)
    paper = painter.paint("paper")
    width, height = number(drawing.width), number(drawing.height)
    remark = f"<!-- {escape(made_by).replace('--', '- -')} -->" if made_by else ""
    root = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="archdsl" width="{width}pt" height="{height}pt" '
        f'viewBox="0 0 {width} {height}" font-family="{FALLBACK}" xml:space="preserve" role="img" '
        f'aria-labelledby="archdsl:title archdsl:desc">'
    )
    lines = [
        root + remark,
        f'<title id="archdsl:title">{escape(drawing.title)}</title>',
        f'<desc id="archdsl:desc">{escape(description(drawing))}</desc>',
        f"<style>\n{_faces(drawing)}{RULES}{painter.rules()}</style>",
        rect(0, 0, drawing.width, drawing.height, look=f' class="paper {name("paper")}" fill="{paper.fill}"'),
        *map(painter.group, drawing.groups),
        *map(painter.edge, drawing.edges),
        *map(painter.box, drawing.boxes),
        *(painter.text(text) for text in drawing.texts),
        "</svg>\n",
    ]
    return "\n".join(lines).encode()


def description(drawing: Drawing) -> str:
    """What a reader hears who doesn't see the figure: its boxes, in order."""
    boxes = [" ".join(text.text for text in box.texts) for box in drawing.boxes if box.texts]
    shown = "; ".join(boxes[:50])
    return f"{shown}; and {len(boxes) - 50} more" if len(boxes) > 50 else shown


class _Painter:
    """Writes elements in the colours of a theme."""

    def __init__(self, drawing: Drawing, theme: str) -> None:
        things = (*drawing.groups, *drawing.edges, *drawing.boxes, *_texts(drawing))
        used = {"paper", *(thing.kind for thing in things)}
        self.looks = {kind: look for kind, look in drawing.looks.items() if kind in used}
        self.theme = theme

    def paint(self, kind: str) -> Paint:
        look = self.looks[kind]
        return look.dark if self.theme == "dark" else look.light

    def rules(self) -> str:
        """The variables of every kind, and their other values for readers in the dark."""
        plain = "".join(f".archdsl .{name(kind)}{{{_variables(self.paint(kind))}}}\n" for kind in self.looks)
        if self.theme != "auto":
            return plain
        dark = "".join(f".archdsl .{name(kind)}{{{_variables(look.dark)}}}\n" for kind, look in self.looks.items())
        return f"{plain}@media (prefers-color-scheme:dark){{\n{dark}}}\n"

    def group(self, group: Group) -> str:
        width, height = group.right - group.left, group.bottom - group.top
        frame = rect(group.left, group.top, width, height, radius(width, height))
        return self._thing("group", group, [frame], (group.title,) if group.title else ())

    def box(self, box: Box) -> str:
        return self._thing("box", box, SHAPES[box.shape](box), box.texts)

    def edge(self, edge: Edge) -> str:
        paint = self.paint(edge.kind)
        path, tip = with_tip(edge.path) if edge.arrow else (edge.path, ())
        drawn = [f'<path d="{curve(path)}"/>']
        if tip:
            drawn.append(f'<path class="tip" fill="{paint.line}" stroke-dasharray="none" d="{corners(tip)}"/>')
        return self._thing("edge", edge, drawn, (edge.text,) if edge.text else (), hollow=True)

    def text(self, text: Text, within: str = "") -> str:
        """A line of text. Plain text within a thing has the colour of that thing."""
        inherits = within and text.kind == "text"
        own = "" if inherits else f' class="{name(text.kind)}"'
        bold = ' font-weight="bold"' if text.bold else ""
        anchor = f' text-anchor="{text.anchor}"' if text.anchor != "start" else ""
        fill = self.paint(within if inherits else text.kind).text
        place = f'x="{number(text.x)}" y="{number(text.y + BASELINE * text.size)}" font-size="{number(text.size)}"'
        return f'<text{own} {place}{bold}{anchor} fill="{fill}" stroke="none">{escape(text.text)}</text>'

    def _thing(
        self, role: str, thing: Box | Edge | Group, drawn: Iterable[str], texts: Iterable[Text], hollow: bool = False
    ) -> str:
        """Everything of one step in one element, with its tooltip."""
        paint = self.paint(thing.kind)
        fill = "none" if hollow else paint.fill
        style = self.looks[thing.kind].style
        dashes = f' stroke-dasharray="{DASHES[style]}"' if style in DASHES else ""
        thin, bold = (LINE, BOLD_LINE) if hollow else (BORDER, BOLD_BORDER)
        tooltip = f"<title>{escape(chr(10).join(thing.facts))}</title>" if thing.facts else ""
        parts = [*drawn, *(self.text(text, within=thing.kind) for text in texts)]
        return (
            f'<g id="{identifier(thing.id)}" class="{role} {name(thing.kind)}" fill="{fill}" stroke="{paint.line}"'
            f' stroke-width="{number(bold if style == "bold" else thin)}"{dashes}>{tooltip}{"".join(parts)}</g>'
        )


def _variables(paint: Paint) -> str:
    return f"--fill:{paint.fill};--line:{paint.line};--text:{paint.text}"


def _faces(drawing: Drawing) -> str:
    """The font, as far as the figure's texts use it."""
    signs: dict[bool, set[str]] = {}
    for text in _texts(drawing):
        signs.setdefault(text.bold, set()).update(text.text)
    return "".join(
        f"@font-face{{font-family:'{fonts.FAMILY}';font-weight:{'bold' if bold else 'normal'};"
        f"src:url(data:font/woff2;base64,{b64encode(data).decode()}) format('woff2');unicode-range:{signs_of_part}}}\n"
        for bold, used in sorted(signs.items())
        for data, signs_of_part in fonts.parts(used, bold)
    )


def _texts(drawing: Drawing) -> Iterator[Text]:
    yield from drawing.texts
    for box in drawing.boxes:
        yield from box.texts
    for thing in (*(group.title for group in drawing.groups), *(edge.text for edge in drawing.edges)):
        if thing is not None:
            yield thing
