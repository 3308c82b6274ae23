"""How connectors wire the lines in their braces."""

from __future__ import annotations

from archdsl.ir.graph import Layer, Node
from tests.elaborate.specs import codes, layers, network, output, paths, program, words


def operands(node: Node) -> list[Node]:
    return [value.node for value in node.inputs]


def test_a_dense_line_consumes_the_input_and_all_results_so_far() -> None:
    checked = network("dense { conv(4, 3x3, pad=1); conv(5, 1x1) -> relu }")
    assert words(checked) == ["conv", "concat", "conv", "relu", "concat"]
    assert output(checked) == "[N, 12, 32, 32]"
    first, joined, second, relu, last = layers(checked)
    assert operands(joined)[1] is first and operands(second) == [joined] and operands(last) == [joined, relu]
    assert [node.merges for node in (first, joined, last)] == ["", "dense", "dense"]


def test_each_concat_of_a_dense_stands_behind_its_line_with_its_turns_and_guards() -> None:
    checked = network("dense { for i in 0..3 { if i != 1 { bn -> conv(4, 1x1) } } }")
    lines = [node for node in program(checked).graph.nodes if isinstance(node, Layer)]
    assert [node.op.name for node in lines] == ["bn", "conv", "concat"] * 2
    for line in (lines[:3], lines[3:]):
        assert len({tuple(turn.index for turn in node.place.turns) for node in line}) == 1
        assert len({len(node.place.guards) for node in line}) == 1
    assert [node.place.turns[0].index for node in lines] == [0, 0, 0, 2, 2, 2]


def test_dense_counts_nothing_and_a_label_makes_it_a_scope() -> None:
    assert paths(network("dense { conv(4, 1x1); a: conv(4, 1x1) }\nrelu")) == ["0", "a", "2"]
    assert paths(network("d: dense { conv(4, 1x1); a: conv(4, 1x1) }\nrelu")) == ["d", "d.0", "d.a", "1"]


def test_a_dense_without_a_line_is_its_input() -> None:
    assert output(network("dense { for i in 0..0 { relu } }\nconv(2, 1x1)")) == "[N, 2, 32, 32]"


def test_a_dense_line_that_changes_the_map_is_refused_once() -> None:
    assert codes(network("dense { conv(4, 3x3); conv(4, 3x3, pad=1) }")) == ["E0315"]
