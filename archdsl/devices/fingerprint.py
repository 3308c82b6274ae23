"""Whether two programs are layouts of one network: what they compute on one device, as a hash.

How steps are placed doesn't count, nor how the text is written: `split`, `stage`, `on`, `exchange`, sections. What does
are the groups of a layer that is fed a shared-out value, as it has them on one device too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from archdsl.ir.graph import Declared, Graph, Layer, Node, Program, Scope, Value
from archdsl.ops.exchange import Transfer
from archdsl.source import sha256


def fingerprint(program: Program) -> str:
    """Equal for two programs that have the same steps, under the same names, on the same values."""
    graph, numbers = program.graph, count()
    inputs = [next(numbers) for _ in graph.inputs]
    results: list[int] = []
    lines = [repr(value.shape) for value in graph.inputs]
    lines += map(repr, _steps(graph, (), inputs, results, numbers))
    lines += [repr((number, output.label, output.training)) for number, output in zip(results, graph.returns)]
    return sha256("\n".join(lines))


def _steps(
    graph: Graph, path: tuple[str, ...], inputs: Sequence[int], results: list[int], numbers: Iterator[int]
) -> Iterator[tuple[object, ...]]:
    """Each step below, with its operands by number: values are numbered as they are made."""
    known: dict[Value, int] = dict(zip(graph.inputs, inputs))
    for node in graph.schedule:
        taken, full = [known[value] for value in node.inputs], path + (node.runs or node.name or ())
        made: list[int] = []
        if isinstance(node, Scope):
            yield from _steps(node.graph, full, taken, made, numbers)
        elif isinstance(node, Layer) and isinstance(node.op, Transfer):
            made = taken
        else:
            made = [next(numbers) for _ in node.outputs]
            yield full, taken, *_said(node)
        known.update(zip(node.outputs, made))
    for tie in graph.ties:
        yield "tie", path, tie.step, tie.tensor, tie.owner, tie.source
    results += [known[value] for value in graph.outputs]


def _said(node: Node) -> tuple[object, ...]:
    if isinstance(node, Layer):
        return node.op.name, node.op, sorted(node.tied), node.frozen
    assert isinstance(node, Declared), "a checked network has no unknown steps"
    return node.kind, node.outputs[0].shape
