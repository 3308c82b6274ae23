"""Where the elaborator is: what is shared by one run (`Session`), and what is true at one place of the text (`At`)."""

from __future__ import annotations

from collections.abc import Generator, Hashable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from archdsl.budget import Budget, Exceeded
from archdsl.elaborate.flow import seen_elsewhere
from archdsl.elaborate.report import Reporter
from archdsl.elaborate.values import Block, Flow, Tensor
from archdsl.ir.dim import Domain
from archdsl.ir.graph import Graph, Guard, Layer, Place, Promise, Region, Rule, Turn, Value
from archdsl.ir.keys import Rename
from archdsl.ir.shape import Shape
from archdsl.ir.why import Traced
from archdsl.ops.op import Op
from archdsl.source import Span
from archdsl.syntax import ast

if TYPE_CHECKING:
    from archdsl.elaborate.calls import Body
    from archdsl.elaborate.files import SpecFile
    from archdsl.elaborate.outputs import Stated
    from archdsl.elaborate.reshaped import Reshaped
    from archdsl.elaborate.resized import Resized
    from archdsl.elaborate.scopes import Entry, ScopeBuilder
    from archdsl.elaborate.tying import Shared
    from archdsl.ir.shares import Device, Split


class Session:
    """One elaboration: its budget, its messages, the domain of its free sizes, and the bodies made so far."""

    def __init__(self, budget: Budget, reporter: Reporter) -> None:
        self.budget = budget
        self.reporter = reporter
        self.domain = Domain(budget.limits)
        self.bodies: dict[Hashable, Body] = {}
        self.first: dict[Hashable, Body] = {}  # of calls that differ in sizes alone: see `calls.py`
        self.bound_to_sizes = 0  # how often something was done that holds for the sizes at hand alone
        self.ops: dict[Op, Op] = {}
        self.tied: dict[tuple[Layer, str], Shared] = {}
        self.groups: dict[Graph, ScopeBuilder] = {}  # the finished ones
        self._reshaped: Reshaped | None = None
        self._resized: Resized | None = None
        self._modules: dict[Hashable, bool] = {}
        self.words: dict[ast.Body, tuple[str | None, ...]] = {}  # see `braces.py`
        self._numbers: dict[Hashable, int] = {}
        self._level = 0
        self.outputs: dict[str, Stated] = {}
        self.promises: list[Promise] = []
        self.init: list[Rule] = []
        self.keep_promises = True
        self.renames: list[Rename] = []
        self.splits = False  # once one was met
        self.stages = False
        self.gathered: dict[Value, Tensor] = {}  # what is shared out, and where it was made whole outside

    def spend(self, limit: str, amount: int, span: Span) -> None:
        """Count against the budget; going over ends the run with one message, at `span`."""
        try:
            self.budget.charge(limit, amount)
        except Exceeded as over:
            raise self.exhausted(over, span) from None

    def limit_items(self, count: int, span: Span, depth: int = 0) -> None:
        """Refuse a list or string that is too long or nested too deep, and count the walk through it."""
        try:
            self.budget.check("items", count)
            self.budget.check("nesting", depth)
        except Exceeded as over:
            raise self.exhausted(over, span) from None
        self.spend("work", count // 16, span)

    def foresee(self, limit: str, amount: int, span: Span) -> None:
        """Refuse at once what is certain to go over the budget, without counting it."""
        try:
            self.budget.foresee(limit, amount)
        except Exceeded as over:
            raise self.exhausted(over, span) from None

    @contextmanager
    def deeper(self, span: Span) -> Generator[None]:
        """One call or one pair of braces deeper."""
        self._level += 1
        if self._level > self.budget.limits.depth:
            raise self.exhausted(Exceeded("depth", self.budget.limits.depth, self._level), span)
        try:
            yield
        finally:
            self._level -= 1

    def exhausted(self, over: Exceeded, span: Span) -> Exhausted:
        from archdsl.errors.limits import too_much

        self.reporter.report(too_much(over.limit, over.allowed, over.asked), span)
        return Exhausted()

    @property
    def reshaped(self) -> Reshaped:
        """What is run again on other shapes."""
        if self._reshaped is None:
            from archdsl.elaborate.reshaped import Reshaped

            self._reshaped = Reshaped(self.groups)
        return self._reshaped

    @property
    def resized(self) -> Resized:
        """Bodies of blocks on other sizes."""
        if self._resized is None:
            from archdsl.elaborate.resized import Resized

            self._resized = Resized()
        return self._resized

    def is_module(self, op: Op, shapes: tuple[Shape, ...]) -> bool:
        """Whether an op makes a module, which depends on its parameters and the ranks of its operands alone."""
        key = (op, *(shape.rank for shape in shapes))
        answer = self._modules.get(key)
        if answer is None:
            answer = self._modules[key] = op.is_module(*shapes)
        return answer

    def number(self, what: Hashable) -> int:
        """Equal things have one number: keys that hold it stay small, however deep things stand in others."""
        return self._numbers.setdefault(what, len(self._numbers))

    def intern(self, op: Op) -> Op:
        """Equal ops are one object: a network of 10^5 steps has few different ones."""
        return self.ops.setdefault(op, op)


class Exhausted(Exception):
    """The budget is spent, and that was reported: the whole elaboration ends."""


class Names:
    """Names bound between one pair of braces, and those around them up to the block's edge.

    edge: those around are of another block, in which the braces are written that are being unfolded.
    """

    __slots__ = ("edge", "outer", "own")

    def __init__(self, outer: Names | None = None, *, edge: bool = False) -> None:
        self.own: dict[str, tuple[Traced, Span]] = {}
        self.outer = outer
        self.edge = edge

    def find(self, name: str) -> tuple[Traced, Span] | None:
        names: Names | None = self
        edge: Names | None = None
        while names is not None:
            found = names.own.get(name)
            if found is not None:
                if edge is not None:
                    found = edge.own[name] = seen_elsewhere(found[0]), found[1]
                return found
            if names.edge:
                edge = edge or names
            names = names.outer
        return None

    @property
    def outermost(self) -> Names:
        """Those of the whole block."""
        names = self
        while names.outer is not None:
            names = names.outer
        return names

    def all(self) -> list[str]:
        """Every name in sight, for suggestions."""
        names: Names | None = self
        seen: list[str] = []
        while names is not None:
            seen += names.own
            names = names.outer
        return seen


class Elsewhere:
    """Braces of a caller are being unfolded in `scope`: they are written `at` another place, whose labels they see, and
    none of those that stand in the scope `before` them."""

    __slots__ = ("at", "before", "scope")

    def __init__(self, at: At, scope: ScopeBuilder) -> None:
        self.at = at
        self.scope = scope
        self.before = frozenset(scope.entries)


class At:
    """A place in a body that is being unfolded. `current` is `@`, `entry` is `@in`.

    entries: what the body is handed; a network's inputs are added as they are declared.
    """

    __slots__ = (
        "block",
        "current",
        "device",
        "elsewhere",
        "entries",
        "file",
        "guards",
        "names",
        "region",
        "scope",
        "session",
        "split",
        "turns",
    )

    def __init__(
        self,
        session: Session,
        file: SpecFile,
        names: Names,
        scope: ScopeBuilder,
        *,
        block: Block | None = None,
        entries: list[Flow] | None = None,
        current: Flow | None = None,
        turns: tuple[Turn, ...] = (),
        guards: tuple[Guard, ...] = (),
        region: Region | None = None,
        elsewhere: Elsewhere | None = None,
        split: Split | None = None,
        device: Device | None = None,
    ) -> None:
        self.session = session
        self.file = file
        self.names = names
        self.scope = scope
        self.block = block
        self.entries: list[Flow] = [] if entries is None else entries
        self.current = current
        self.turns = turns
        self.guards = guards
        self.region = region
        self.elsewhere = elsewhere
        self.split = split
        self.device = device

    @property
    def home(self) -> At:
        """The place whose labels are seen here: for braces that are unfolded in a block, where they are written."""
        return self.elsewhere.at.home if self.elsewhere else self

    def find(self, path: str) -> Entry | None:
        """What a label, or a path into a finished group, leads to from here."""
        if self.elsewhere is None:
            return self.scope.find(path)
        return self.scope.find(path, self.elsewhere) or self.elsewhere.at.find(path)

    def inner(
        self,
        *,
        scope: ScopeBuilder | None = None,
        current: Flow | None = None,
        turn: Turn | None = None,
        guard: Guard | None = None,
        region: Region | None = None,
    ) -> At:
        """The place between braces that stand here: names bound there end there."""
        return At(
            self.session,
            self.file,
            Names(self.names),
            scope or self.scope,
            block=self.block,
            entries=self.entries,
            current=current if current is not None else self.current,
            turns=(*self.turns, turn) if turn else self.turns,
            guards=(*self.guards, guard) if guard else self.guards,
            region=region or self.region,
            elsewhere=self.elsewhere,
            split=self.split,
            device=self.device,
        )

    @property
    def entry(self) -> Flow | None:
        """What the body is handed, if that is one value: of a network's several inputs none is it."""
        return self.entries[0] if len(self.entries) == 1 else None

    def place(self, span: Span) -> Place:
        return Place(span, self.turns, self.guards, self.region, self.split, self.device)

    @property
    def reporter(self) -> Reporter:
        return self.session.reporter
