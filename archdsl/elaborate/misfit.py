"""Messages about results that don't fit together: which lines, where each disputed number came from, the mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from archdsl.diagnostic import Edit, Help
from archdsl.elaborate.conditions import conditions
from archdsl.elaborate.context import At
from archdsl.elaborate.layers import made_by, report_refusal
from archdsl.elaborate.padding import padding
from archdsl.elaborate.report import Failed
from archdsl.elaborate.shown import nominal_note, shown_apart
from archdsl.elaborate.values import Tensor
from archdsl.ir.explain import derived
from archdsl.ir.shape import Shape
from archdsl.ir.why import Traced
from archdsl.ops.op import Refused
from archdsl.source import Source, Span

if TYPE_CHECKING:
    from archdsl.elaborate.wiring import Wiring


def lines_do_not_fit(
    refused: Refused, args: Mapping[str, Traced], values: Sequence[Tensor], names: Sequence[str], span: Span, at: At
) -> Failed:
    """Values that a connector merges, by their `names`: the one that is refused, and the first that it differs from."""
    shapes = [value.value.shape for value in values]
    wrong = refused.operand
    other = _first_that_differs(shapes, wrong)
    if wrong is None or other is None:
        report_refusal(refused, args, values, span, at)
        return Failed()
    pair = sorted((wrong, other))
    first, second = (_known(shapes[i]) for i in pair)
    labels = (made_by(values[i], at, names[i]) for i in pair)
    axis: int | None = getattr(refused.error, "axis", None)
    notes = (
        _axis_note(names[pair[0]], first, second, span.source, axis),
        _axis_note(names[pair[1]], second, first, span.source, axis),
        nominal_note((first, second), at.session.domain),
    )
    return at.reporter.fail(
        refused.error,
        span,
        labels=tuple(label for label in labels if label),
        notes=tuple(note for note in notes if note),
        helps=refused.helps or padding(values[wrong], values[other]) or conditions(first, second, at.session.domain),
    )


def _first_that_differs(shapes: Sequence[Shape | None], wrong: int | None) -> int | None:
    if wrong is None:
        return None
    return next((i for i, shape in enumerate(shapes) if i != wrong and shape != shapes[wrong]), None)


def _known(shape: Shape | None) -> Shape:
    assert shape is not None, "an op refuses known shapes only"
    return shape


def residual_does_not_fit(wiring: Wiring, body: Tensor, shortcut: Tensor, refused: Refused) -> Failed:
    """body + shortcut have different shapes."""
    from archdsl.errors.shapes import ResidualMismatch

    at = wiring.at
    body_shape, shortcut_shape = _known(body.value.shape), _known(shortcut.value.shape)
    identity = shortcut is wiring.input
    domain = at.session.domain
    texts = shown_apart(body_shape, shortcut_shape, domain)
    labels = [made_by(body, at, "the body")]
    notes = [_axis_note("the body", body_shape, shortcut_shape, wiring.span.source)]
    if identity:
        notes.append(f"the shortcut is the identity: {texts[1]}")
    else:
        labels.append(made_by(shortcut, at, "the shortcut"))
        notes.append(_axis_note("the shortcut", shortcut_shape, body_shape, wiring.span.source))
    notes.append(nominal_note((body_shape, shortcut_shape), domain))
    return at.reporter.fail(
        ResidualMismatch(*texts, refused.error.said(refused.error.label)),
        wiring.span,
        labels=tuple(label for label in labels if label),
        notes=tuple(note for note in notes if note),
        helps=(_mends(wiring, body, shortcut) if identity else ()) or conditions(body_shape, shortcut_shape, domain),
    )


def _mends(wiring: Wiring, body: Tensor, shortcut: Tensor) -> tuple[Help, ...]:
    """Padding where the maps shrank for lack of it; else a projection, with the stride that the sizes ask for."""
    from archdsl.elaborate.projection import projection

    made, came = _known(body.value.shape), _known(shortcut.value.shape)
    if made.rank > 1 and made.rank == came.rank and made.dims[1] == came.dims[1] and (helps := padding(body, shortcut)):
        return helps
    text = projection(made, came, wiring.at.scope.graph.nodes, wiring.braces.span)
    if text is None:
        return ()
    end = wiring.braces.span.end
    edit = None if wiring.clauses else Edit(Span(wiring.braces.span.source, end, end), f" {text}")
    return (Help(f"project it: {text}", edit),)


def _axis_note(what: str, shape: Shape, other: Shape, source: Source, wanted: int | None = None) -> str:
    """Where the size along an axis came from, or the first one that differs."""
    for axis, (mine, theirs) in enumerate(zip(shape.dims, other.dims)):
        if mine != theirs and wanted in (None, axis):
            text = derived(mine.why, source) if mine.why else ""
            size = f"{mine} channels" if axis == 1 else f"{mine} along axis {axis}"
            return f"{what} has {size}: {text}" if text else ""
    return ""
