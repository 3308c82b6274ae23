"""Which graphs become which class.

All graphs of one block are one class if they can be; else those of one structure are. Turns of a loop that are alike
are written once. A group is written out where it stands, as an `nn.Sequential`, if it is a plain chain of numbered
steps; else it is a class like a block. A block that is such a chain, but not always the same one, is written out too.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from archdsl.emit.align import Body, align, signature
from archdsl.emit.construct import Construction
from archdsl.emit.find_loops import Finder
from archdsl.emit.register import NUMBERED, can_be_held, form_of
from archdsl.emit.survey import Survey
from archdsl.ir.graph import CHECKPOINT, Graph, Scope

Key = tuple[Hashable, ...]

DEEPEST = 4
"""Groups inside one another that are still written out where they stand."""


def in_order(survey: Survey) -> Iterator[tuple[Key, list[Graph]]]:
    """The graphs of each text, after all that they contain.

    Where a block contains itself no order of texts will do, and its graphs are taken by how deep they go.
    """
    waiting: dict[Key, list[Graph]] = {}
    for graph in survey.graphs:
        waiting.setdefault(_key(survey, graph), []).append(graph)
    contents = {
        key: {_key(survey, scope.graph) for graph in graphs for scope in _scopes(graph)}
        for key, graphs in waiting.items()
    }
    while waiting:
        ready = [key for key in waiting if contents[key].isdisjoint(waiting)]
        if not ready:
            yield from _by_height(survey, waiting)
            return
        for key in ready:
            yield key, waiting.pop(key)


def _key(survey: Survey, graph: Graph) -> Key:
    owner = survey.owner[graph]
    return owner.span, owner.kind, graph.span, graph.kind


def _by_height(survey: Survey, waiting: dict[Key, list[Graph]]) -> Iterator[tuple[Key, list[Graph]]]:
    height: dict[Graph, int] = {}
    found: dict[Key, list[Graph]] = {}
    for graph in survey.graphs:
        height[graph] = 1 + max((height[scope.graph] for scope in _scopes(graph)), default=0)
        key = _key(survey, graph)
        if key in waiting:
            found.setdefault((height[graph], *key), []).append(graph)
    for key in sorted(found, key=lambda key: key[0]):  # type: ignore[arg-type, return-value]
        yield key, found[key]


def bodies(construction: Construction, graphs: Sequence[Graph]) -> list[Body]:
    """The graphs of one text as few bodies as hold them."""
    survey = construction.survey
    whole = _held(construction, graphs)
    if whole is not None:
        return [whole]
    alike: dict[Hashable, list[Graph]] = {}
    for graph in graphs:
        alike.setdefault(signature(survey, graph), []).append(graph)
    held = [body for group in alike.values() if (body := _held(construction, group)) is not None]
    if len(held) == len(alike):
        return held
    return [body for graph in graphs if (body := _rolled(construction, [graph])) is not None]


def _held(construction: Construction, graphs: Sequence[Graph]) -> Body | None:
    body = _rolled(construction, graphs)
    return body if body is not None and can_be_held(body) else None


def _rolled(construction: Construction, graphs: Sequence[Graph]) -> Body | None:
    """The graphs as one body, its loops found."""
    body = align(construction.survey, graphs)
    if body is None:
        return None
    loops = Finder(construction.survey, body, construction).loops()
    # A Sequence rolls equal neighbours by itself, where it always has as many.
    body.loops = [loop for loop in loops if loop.varies or form_of(body) != NUMBERED]
    return body


def _scopes(graph: Graph) -> Iterator[Scope]:
    """The steps with a body of their own; one that runs another again has that one's."""
    return (node for node in graph.nodes if isinstance(node, Scope) and node.runs is None)


class Inline:
    """Which groups are written out where they stand."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey
        self._height: dict[Graph, int] = {}

    def take(self, graphs: Sequence[Graph]) -> bool:
        """Whether the graphs of one text are; remembers it."""
        if not self._may(graphs) or not all(map(self._is_sequence, graphs)):
            return False
        height = 1 + max(
            (self._height.get(scope.graph, 0) for graph in graphs for scope in _scopes(graph)),
            default=0,
        )
        if height > DEEPEST:
            return False
        self._height.update((graph, height) for graph in graphs)
        return True

    def _may(self, graphs: Sequence[Graph]) -> bool:
        """A group, where the steps of one class have one form; a block only where it can't be one class (a stage of n
        units)."""
        if graphs[0].kind in ("group", CHECKPOINT):
            return all(map(self._matches, self._by_turn(graphs)))
        if graphs[0].kind != "block":
            return False
        body = align(self.survey, graphs)
        return body is None or any(step.optional and step.place.turns for step in body.steps)

    def _is_sequence(self, graph: Graph) -> bool:
        body = align(self.survey, [graph])
        return body is not None and form_of(body) == NUMBERED and not graph.ties

    def _by_turn(self, graphs: Sequence[Graph]) -> Iterator[list[Graph]]:
        """Graphs that are one step of the class they stand in."""
        found: dict[Hashable, list[Graph]] = {}
        for graph in graphs:
            place = self.survey.uses[graph][0].place
            found.setdefault(tuple(turn.index for turn in place.turns), []).append(graph)
        yield from found.values()

    def _matches(self, graphs: list[Graph]) -> bool:
        return len({signature(self.survey, graph) for graph in graphs}) == 1
