"""What a line between braces consumes and where its result goes: the one difference between connectors' braces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from archdsl.elaborate.context import At
from archdsl.elaborate.values import Flow, Tensor
from archdsl.source import Span


class Lines(Protocol):
    """`end` gets the line's result with its text and the place that it was unfolded at."""

    def begin(self) -> Flow | None: ...
    def end(self, result: Flow, span: Span, at: At) -> None: ...


class Piped:
    """Plain braces: a line consumes what the line before made."""

    def __init__(self, entering: Flow | None) -> None:
        self.current = entering

    def begin(self) -> Flow | None:
        return self.current

    def end(self, result: Flow, span: Span, at: At) -> None:
        self.current = result


class Branched:
    """Every line consumes the same value; the results are kept, and the text of each."""

    def __init__(self, entering: Flow | None) -> None:
        self.entering = entering
        self.results: list[tuple[Flow, Span]] = []

    def begin(self) -> Flow | None:
        return self.entering

    def end(self, result: Flow, span: Span, at: At) -> None:
        self.results.append((result, span))


class Gathered:
    """A line consumes what was gathered so far, and `join` adds its result to that."""

    def __init__(self, entering: Tensor, join: Callable[[Tensor, Flow, Span, At], Tensor]) -> None:
        self.current = entering
        self._join = join

    def begin(self) -> Tensor:
        return self.current

    def end(self, result: Flow, span: Span, at: At) -> None:
        self.current = self._join(self.current, result, span, at)
