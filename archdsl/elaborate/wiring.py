"""What a connector's rule gets to work with, and how a connector step is run."""

from __future__ import annotations

from archdsl import connectors
from archdsl.connectors.connector import Connector
from archdsl.diagnostic import Edit, Help
from archdsl.elaborate.arguments import match
from archdsl.elaborate.context import At
from archdsl.elaborate.layers import add_layer, add_unknown, made_by, report_refusal
from archdsl.elaborate.lines import Branched, Gathered
from archdsl.elaborate.lookup import current, did_you_mean
from archdsl.elaborate.report import Failed
from archdsl.elaborate.shown import nominal_note, shown_apart
from archdsl.elaborate.statements import run_body, run_sequence
from archdsl.elaborate.values import Given, Tensor
from archdsl.elaborate.written import StepLabel
from archdsl.ir.explain import derived
from archdsl.ir.graph import Region
from archdsl.ir.shape import Shape
from archdsl.ops.op import Op, Refused
from archdsl.source import Span
from archdsl.syntax import ast


def run_connector(word: str, unit: ast.Use, label: StepLabel | None, at: At) -> Tensor | None:
    """A connector step. A labelled one is a scope of its own; else its steps belong to what encloses it."""
    cls = connectors.find(word)
    if cls is None:
        from archdsl.errors.names import Unsupported

        raise at.reporter.fail(Unsupported(f"`{word}`"), unit.path.span)
    if unit.body is None:
        from archdsl.errors.values import NoBraces

        error = NoBraces(f"`{word}` needs braces behind it", "a connector wires the steps in its braces")
        raise at.reporter.fail(error, unit.path.span)
    rule = _make(cls, unit, at)
    if label is None:
        return _wire(rule, unit, at)

    from archdsl.elaborate.groups import run_group

    def inside(inner: At) -> Tensor | None:
        try:
            return _wire(rule, unit, inner)
        except Failed:
            return add_unknown(None, unit.span, inner, counts=False)

    return run_group(inside, label, unit.span, at, kind=word)


def _wire(rule: Connector, unit: ast.Use, at: At) -> Tensor:
    entering = current(unit.path.span, at)
    with at.session.deeper(unit.span):
        return rule.wire(Wiring(rule, unit, entering, at))


def _make(cls: type[Connector], unit: ast.Use, at: At) -> Connector:
    from archdsl.elaborate.arguments import give

    given: list[Given] = [give(arg, None, at) for arg in unit.args or ()]
    args = match(cls.word, cls.params, given, unit.path.span, at)
    for clause in unit.clauses:
        if clause.name.text not in cls.clauses:
            from archdsl.errors.names import Misplaced

            error = Misplaced(f"`{clause.name.text}`", f"`{cls.word}` has no such part")
            helps = did_you_mean(clause.name.text, cls.clauses, clause.name.span)
            at.reporter.report(error, clause.name.span, helps=helps)
    return cls(**{name: traced.value for name, traced in args.items()})


class Wiring:
    """The connector at hand: its input, its braces, and what can be done with results."""

    def __init__(self, rule: Connector, unit: ast.Use, entering: Tensor, at: At) -> None:
        self.input = entering
        self._rule = rule
        self._unit = unit
        self._at = at

    def run(
        self, kind: str, *, clause: str = "", title: str = "", hidden: bool = False, may_be_empty: bool = False
    ) -> Tensor:
        """Unfold the braces (or a clause's) with piped lines, from the connector's input.

        hidden: the steps may not run, so their labels are not seen outside. Without a step it is the input itself, and
        an error unless it `may_be_empty`.
        """
        body = self._braces(clause)
        if body is None:
            return self.input
        known = len(self._at.scope.entries)
        region = Region(kind, body.span, self._at.region, title)
        result = run_sequence(body, self._at.inner(current=self.input, region=region))
        if hidden:
            self._at.scope.hide_since(known)
        if (result is None or result is self.input) and not may_be_empty and kind != "section":
            raise self._empty(body)
        return self.input if result is None else result

    def branches(self, kind: str) -> list[Tensor]:
        """Unfold the braces, each line from the connector's input; the results in order, at least one."""
        body = self._braces("")
        assert body is not None
        lines = Branched(self.input)
        run_body(body, lines, self._at.inner(region=Region(kind, body.span, self._at.region)))
        if not lines.results:
            raise self._empty(body)
        return lines.results

    def gather(self, kind: str, op: Op) -> Tensor:
        """Unfold the braces, each line from the connector's input and all results so far, joined by `op` line by line.
        Without a line it is the input itself."""
        body = self._braces("")
        assert body is not None

        def join(so_far: Tensor, result: Tensor, span: Span, at: At) -> Tensor:
            try:
                return self._merge(op, [so_far, result], span, at)
            except Failed:
                return add_unknown(None, span, at, counts=False)

        lines = Gathered(self.input, join)
        run_body(body, lines, self._at.inner(region=Region(kind, body.span, self._at.region)))
        return lines.current

    def _braces(self, clause: str) -> ast.Body | None:
        if not clause:
            return self._unit.body
        return next((part.body for part in self._unit.clauses if part.name.text == clause), None)

    def _empty(self, body: ast.Body) -> Failed:
        from archdsl.errors.shapes import EmptyConnector

        return self._at.reporter.fail(EmptyConnector(self._rule.word), body.span)

    def apply(self, op: Op, value: Tensor) -> Tensor:
        """One step on a value."""
        return add_layer(op, {}, [value], None, self._unit.path.span, self._at)

    def merge(self, op: Op, values: list[Tensor]) -> Tensor:
        """The results become one; a refusal says which lines don't fit."""
        return self._merge(op, values, self._unit.path.span, self._at)

    def _merge(self, op: Op, values: list[Tensor], span: Span, at: At) -> Tensor:
        try:
            return add_layer(op, {}, values, None, span, at, merges=self._rule.word)
        except Refused as refused:
            report_refusal(refused, {}, values, span, at)
            raise Failed from None

    def add(self, body: Tensor, shortcut: Tensor) -> Tensor:
        """body + shortcut, with the message that a residual deserves where they don't fit."""
        from archdsl.ops.merge import Add

        try:
            return add_layer(Add(), {}, [body, shortcut], None, self._unit.path.span, self._at, merges=self._rule.word)
        except Refused as refused:
            raise self._do_not_fit(body, shortcut, refused) from None

    def _do_not_fit(self, body: Tensor, shortcut: Tensor, refused: Refused) -> Failed:
        from archdsl.errors.shapes import ResidualMismatch

        body_shape, shortcut_shape = body.value.shape, shortcut.value.shape
        assert body_shape is not None and shortcut_shape is not None
        identity = shortcut is self.input
        domain = self._at.session.domain
        texts = shown_apart(body_shape, shortcut_shape, domain)
        labels = [made_by(body, self._at, "the body")]
        notes = [_axis_note("the body", body_shape, shortcut_shape)]
        if identity:
            notes.append(f"the shortcut is the identity: {texts[1]}")
        else:
            labels.append(made_by(shortcut, self._at, "the shortcut"))
            notes.append(_axis_note("the shortcut", shortcut_shape, body_shape))
        notes.append(nominal_note((body_shape, shortcut_shape), domain))
        error = ResidualMismatch(*texts, refused.error.said(refused.error.label))
        return self._at.reporter.fail(
            error,
            self._unit.path.span,
            labels=tuple(label for label in labels if label),
            notes=tuple(note for note in notes if note),
            helps=self._project(body_shape, shortcut_shape) if identity else (),
        )

    def _project(self, body: Shape, shortcut: Shape) -> tuple[Help, ...]:
        """The mend of a residual that changes its shape: a projection, with the stride that the sizes ask for."""
        from archdsl.elaborate.projection import projection

        text = projection(body, shortcut)
        if text is None:
            return ()
        braces = self._unit.body
        assert braces is not None
        edit = None
        if not self._unit.clauses:
            end = braces.span.end
            edit = Edit(Span(braces.span.source, end, end), f" {text}")
        return (Help(f"project it: {text}", edit),)


def _axis_note(what: str, shape: Shape, other: Shape) -> str:
    """Where the first size that differs came from."""
    for axis, (mine, theirs) in enumerate(zip(shape.dims, other.dims)):
        if mine != theirs:
            text = derived(mine.why) if mine.why else ""
            size = f"{mine} channels" if axis == 1 else f"{mine} along axis {axis}"
            return f"{what} has {size}: {text}" if text else ""
    return ""
