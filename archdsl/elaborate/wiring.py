"""What a connector's rule gets to work with, and how a connector step is run."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl import connectors
from archdsl.connectors.connector import Connector
from archdsl.elaborate import lookup
from archdsl.elaborate.arguments import give, match
from archdsl.elaborate.clauses import clauses_of
from archdsl.elaborate.context import At
from archdsl.elaborate.flow import listed
from archdsl.elaborate.layers import add_layer, add_unknown
from archdsl.elaborate.lines import Branched, Gathered
from archdsl.elaborate.report import Failed
from archdsl.elaborate.statements import run_body, run_sequence
from archdsl.elaborate.values import Flow, Items, Tensor
from archdsl.elaborate.written import StepLabel
from archdsl.ir.graph import ON, Region
from archdsl.ir.shares import Device, Mesh
from archdsl.ir.why import Traced
from archdsl.ops.op import Op, Refused
from archdsl.source import Span
from archdsl.syntax import ast


def run_connector(word: str, unit: ast.Use, label: StepLabel | None, at: At) -> Flow | None:
    """A connector step."""
    cls = connectors.find(word)
    if unit.body is None:
        from archdsl.errors.values import NoBraces

        error = NoBraces(f"`{word}` needs braces behind it", "a connector wires the steps in its braces")
        raise at.reporter.fail(error, unit.path.span)
    given = [give(arg, None, at) for arg in unit.args or ()]
    args = match(cls.word, cls.params, given, unit.path.span, at)
    return run_rule(cls(**{name: traced.value for name, traced in args.items()}), unit, label, at)


def run_rule(rule: Connector, unit: ast.Use, label: StepLabel | None, at: At) -> Flow | None:
    """Braces wired by a rule. With a label they are a scope of their own; else their steps belong to what is around."""
    clauses = clauses_of(rule.word, rule.clauses, unit, at)

    def wire(place: At) -> Flow:
        with place.session.deeper(unit.span):
            return rule.wire(Wiring(rule.word, unit, clauses, place))

    if label is None:
        return wire(at)

    from archdsl.elaborate.groups import run_group

    def inside(inner: At) -> Flow:
        try:
            return wire(inner)
        except Failed:
            return add_unknown(None, unit.span, inner, counts=False)

    return run_group(inside, label, unit.span, at, kind=rule.word)


GATHERED = ("all so far", "this line")
"""What messages call the two values that a line of a gathering connector joins."""


class Wiring:
    """The connector at hand: its input, its braces, and what can be done with results."""

    def __init__(self, word: str, unit: ast.Use, clauses: Mapping[str, ast.Body], at: At) -> None:
        assert unit.body is not None
        self.word = word
        self.unit = unit
        self.at = at
        self.span = unit.path.span
        self.braces = unit.body
        self.clauses = clauses

    @property
    def input(self) -> Flow:
        """What the connector works on; an error where nothing flows yet."""
        return lookup.flowing(self.span, self.at)

    def run(
        self, kind: str, *, clause: str = "", title: str = "", hidden: bool = False, may_be_empty: bool = False
    ) -> Flow:
        """Unfold the braces (or a clause's) with piped lines, from the connector's input.

        hidden: the steps may not run, so their labels are not seen outside. Without a step it is the input itself, and
        an error unless it `may_be_empty`.
        """
        body = self.clauses.get(clause) if clause else self.braces
        if body is None:
            return self.input
        known = len(self.at.scope.entries)
        result = run_sequence(body, self._inside(kind, body, title))
        if hidden:
            self.at.scope.hide_since(known)
        if result is None:
            return self.input
        if result is self.at.current and not may_be_empty:
            raise self.empty()
        return result

    def _inside(self, kind: str, body: ast.Body, title: str = "") -> At:
        """The place between braces: a region, unless they are a scope of that kind, by their label."""
        if kind == self.at.scope.graph.kind and self.at.scope.graph.span is self.unit.span:
            return self.at.inner()
        return self.at.inner(region=Region(kind, body.span, self.at.region, title))

    def share_out(self, mesh: Mesh, by: tuple[int, ...] | None) -> Flow:
        """Unfold the braces as each device of a mesh runs them; the result is whole."""
        from archdsl.elaborate.sharing import gathered, split_over

        place = self._inside("split", self.braces)
        place.split = split_over(mesh, by, self.unit, self.at)
        result = run_sequence(self.braces, place)
        return self.input if result is None else gathered(result, self.span, self.at)

    def place_on(self, device: Device) -> Flow:
        """Unfold the braces as steps of one device."""
        from archdsl.elaborate.sharing import need_no_devices

        need_no_devices("`on`", self.unit, self.at)
        place = self._inside(ON, self.braces)
        place.device = device
        result = run_sequence(self.braces, place)
        if result is None or result is self.at.current:
            raise self.empty()
        return result

    def stage(self) -> Flow:
        """Unfold the braces as a part of a pipeline."""
        from archdsl.elaborate.staging import enter_stage

        enter_stage(self.span, self.at)
        return self.run("stage", may_be_empty=True)

    def lines(self, kind: str) -> list[tuple[Flow, Span]]:
        """Unfold the braces, each line from the connector's input; at least one result, each with its line's text."""
        lines = Branched(self.at.current)
        run_body(self.braces, lines, self._inside(kind, self.braces))
        if not lines.results:
            raise self.empty()
        return lines.results

    def branches(self, kind: str) -> list[Tensor]:
        """The same, where no line may give a list."""
        return [self.single(result, span) for result, span in self.lines(kind)]

    def listed(self, kind: str) -> Items:
        """The same, as a list of values."""
        made = listed((result for result, _ in self.lines(kind)), self.span)
        self.at.session.limit_items(made.weight, self.span, made.depth)
        return made

    def gather(self, kind: str, op: Op) -> Tensor:
        """Unfold the braces, each line from the connector's input and all results so far, joined by `op` line by line.
        Without a line it is the input itself."""

        def join(so_far: Tensor, result: Flow, span: Span, at: At) -> Tensor:
            try:
                return self._merge(op, {}, [so_far, self.single(result, span)], GATHERED, span, at)
            except Failed:
                return add_unknown(None, span, at, counts=False)

        lines = Gathered(self.single(self.input), join)
        run_body(self.braces, lines, self._inside(kind, self.braces))
        return lines.current

    def apply(self, op: Op, value: Flow) -> Flow:
        """One step on a value."""
        return add_layer(op, {}, [self.single(value)], None, self.span, self.at)

    def merge(self, op: Op, branches: list[Tensor], args: Mapping[str, Traced] | None = None) -> Flow:
        """The branches become one; a refusal says which lines don't fit."""
        names = tuple(f"line {i + 1}" for i in range(len(branches)))
        return self._merge(op, args or {}, branches, names, self.span, self.at)

    def _merge(
        self,
        op: Op,
        args: Mapping[str, Traced],
        values: list[Tensor],
        names: tuple[str, ...],
        span: Span,
        at: At,
    ) -> Tensor:
        try:
            return self.single(add_layer(op, args, values, None, span, at, merges=self.word))
        except Refused as refused:
            from archdsl.elaborate.misfit import lines_do_not_fit

            raise lines_do_not_fit(refused, args, values, names, span, at) from None

    def add(self, body: Flow, shortcut: Flow) -> Flow:
        """body + shortcut, with the message that a residual deserves where they don't fit."""
        from archdsl.ops.merge import Add

        values = [self.single(body), self.single(shortcut)]
        try:
            return add_layer(Add(), {}, values, None, self.span, self.at, merges=self.word)
        except Refused as refused:
            from archdsl.elaborate.misfit import residual_does_not_fit

            raise residual_does_not_fit(self, values[0], values[1], refused) from None

    def single(self, value: Flow, span: Span | None = None) -> Tensor:
        """A value that must not be a list, made by the line at `span`."""
        return lookup.single(value, f"`{self.word}` takes single values", span or self.span, self.at)

    def empty(self) -> Failed:
        """The message that there is no step in the braces."""
        from archdsl.errors.shapes import EmptyConnector

        return self.at.reporter.fail(EmptyConnector(self.word), self.braces.span)
