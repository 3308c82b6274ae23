"""Diagnostics made by hand, for tests of what is shown."""

from __future__ import annotations

from archdsl.diagnostic import Diagnostic, Edit, Error, Help, Label
from archdsl.source import Source, Span


class Unfit(Error):
    """Branches that are added must have one shape.

    Example:
        residual { conv(64, 3x3) }
    """

    body: str
    shortcut: str

    code = "E0399"
    title = "residual branches do not fit: {body} + {shortcut}"
    label = "cannot add these"


class Odd(Error):
    """Something to think about."""

    code = "W0399"
    severity = "warning"
    title = "this is odd"


TEXT = """\
block bottleneck(width, stride = 1) {
    let out = width * 4
    residual {
        conv1: conv(width, 1x1, bias=false) -> bn1: bn -> relu
        conv2: conv(width, 3x3, stride=stride, pad=1) -> bn2: bn

        conv3: conv(out, 1x1, bias=false) -> bn3: bn
    }
    relu
}
"""

SOURCE = Source("specs/resnet.arch", TEXT)


def span(first: str, last: str | None = None, source: Source = SOURCE) -> Span:
    """From a word of the text to the end of another one behind it."""
    start = source.text.index(first)
    end = source.text.index(last, start) + len(last) if last else start + len(first)
    return Span(source, start, end)


def unfit(at: Span, *labels: Label, notes: tuple[str, ...] = (), helps: tuple[Help, ...] = ()) -> Diagnostic:
    return Diagnostic(Unfit("256x56x56", "64x56x56"), at, labels=labels, notes=notes, helps=helps)


RESIDUAL = unfit(
    span("residual"),
    Label(span("bn3"), "the body has 256 channels: out = width * 4 (line 2)"),
    notes=("in block bottleneck, called as layer1.0 at line 25",),
    helps=(Help("project it", Edit(span("}\n"), "} shortcut { conv(256, 1x1) }\n")),),
)
