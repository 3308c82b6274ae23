"""How connectors wire the lines in their braces."""

from __future__ import annotations

import pytest

from archdsl.ir.graph import CHECKPOINT, Layer, Node, Scope
from tests.elaborate.specs import codes, layers, network, output, paths, program, step, words


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


def test_a_repeated_step_in_a_dense_is_one_line() -> None:
    """`step * n` is a chain wherever it stands; a dense block is a loop."""
    chain = network("dense { conv(4, 1x1) * 3 }")
    assert words(chain) == ["conv", "conv", "conv", "concat"]
    assert output(chain) == "[N, 7, 32, 32]"
    assert output(network("dense { for i in 0..3 { conv(4, 1x1) } }")) == "[N, 15, 32, 32]"


def test_dense_counts_nothing_and_a_label_makes_it_a_scope() -> None:
    assert paths(network("dense { conv(4, 1x1); a: conv(4, 1x1) }\nrelu")) == ["0", "a", "2"]
    assert paths(network("d: dense { conv(4, 1x1); a: conv(4, 1x1) }\nrelu")) == ["d", "d.0", "d.a", "1"]


def test_a_dense_without_a_line_is_its_input() -> None:
    assert output(network("dense { for i in 0..0 { relu } }\nconv(2, 1x1)")) == "[N, 2, 32, 32]"


def test_a_dense_line_that_changes_the_map_is_refused_once() -> None:
    assert codes(network("dense { conv(4, 3x3); conv(4, 3x3, pad=1) }")) == ["E0315"]


def test_an_op_of_several_values_takes_them_as_lines() -> None:
    checked = network("m: mul { @; avgpool(out=1x1) -> conv(3, 1x1) -> hardsigmoid }\nadd { @; conv(3, 1x1) }")
    assert paths(checked) == ["m", "m.0", "m.1", "m.2", "1"]
    assert [(node.op.name, node.merges) for node in layers(checked) if node.merges] == [("mul", "mul"), ("add", "add")]
    assert output(network("concat(axis=2) { @; @; relu }")) == "[N, 3, 96, 32]"
    assert output(network("matmul { conv(3, 1x1); @ }")) == "[N, 3, 32, 32]"
    assert words(network("let join = concat(axis=1)\njoin { conv(2, 1x1); if false { relu } }")) == ["conv"]
    assert output(network("a: conv(2, 1x1)\nb: relu\nsub { @a; @b }")) == "[N, 2, 32, 32]"


def test_parallel_gives_a_list_that_flows_on() -> None:
    each = "block each(width) { parallel { for i, x in enumerate(@) { @x -> conv(width + i, 1x1) } } }"
    checked = network("p: parallel { relu; conv(5, 1x1) }\neach(7)\nadd { @[0] -> conv(5, 1x1); @p[1] }", before=each)
    assert output(checked) == "[N, 5, 32, 32]"
    call = step(checked, "1")
    assert isinstance(call, Scope) and [str(value.shape) for value in call.outputs] == ["7x32x32", "8x32x32"]


def test_lists_of_values_are_lists_like_others() -> None:
    body = """
        parallel { for k in [1, 3, 5] { conv(k, k, pad=k // 2) } }
        let n = len(@)
        let narrow = [x for x in @ if x.channels < 4]
        conv_each: { parallel { for (x, k) in zip(narrow, [8, 9]) { @x -> conv(k, 1x1) } } }
        concat(@)
        conv(n, 1x1)
    """
    assert output(network(body)) == "[N, 3, 32, 32]"


def test_a_block_takes_and_gives_lists() -> None:
    blocks = """
        block encoder(widths) {
            for i, w in enumerate(widths) { "enc{i}": conv(w, 3x3, stride=2, pad=1) }
            parallel { for i in 0..len(widths) { @"enc{i}" } }
        }
        block up(skip: value) { upsample(2) -> concat(skip, @) -> conv(skip.channels, 3x3, pad=1) }
        block decoder(skips: value[]) { for skip in reversed(skips) { up(skip) } }
    """
    checked = network("encoder([8, 16, 32])\nlet all = @\n@all[2] -> decoder([all[0], all[1]])", before=blocks)
    assert output(checked) == "[N, 8, 16, 16]"


def test_lists_may_hold_lists_and_a_group_is_looked_into() -> None:
    assert output(network("parallel { parallel { @; relu }; @ }\nconcat(@[0][1], @[1])")) == "[N, 6, 32, 32]"
    assert output(network('g: { p: parallel { relu; conv(2, 1x1) }; concat(@) }\nconcat(@, @"g.p"[1])')) == (
        "[N, 7, 32, 32]"
    )


@pytest.mark.parametrize(
    ("spec", "codes_"),
    [
        ("add { @; @ }", ["E0304"]),
        ("add { if false { relu } }", ["E0304"]),
        ("parallel { }", ["E0304"]),
        ("add(@) { relu }", ["E0419"]),
        ("matmul { relu; @; @ }", ["E0419"]),
        ("add { relu } shortcut { relu }", ["E0215"]),
        ("residual { relu } shortcut { bn } shortcut { bn }", ["E0215"]),
        ("residual { relu } else_ { }", ["E0215"]),
        ("parallel { relu; bn }\nconv(3, 1x1)", ["E0307"]),
        ("parallel { relu; bn }\nresidual { @[0] -> bn }", ["E0307"]),
        ("parallel { relu; bn }\ndense { @[0] -> bn }", ["E0307"]),
        ("add { @; parallel { relu; bn } }", ["E0307"]),
        ("parallel { relu; bn }", ["E0307"]),
        ("parallel { relu; bn }\nconv(@.channels, 1x1)", ["E0413"]),
        ("relu\n@[0]", ["E0410"]),
        ("parallel { relu; bn }\n@[2]", ["E0409"]),
        ("parallel { relu; conv(4, 3x3) }\nadd(@)", ["E0314"]),
        ("parallel { relu; wrong }\nadd(@)", ["E0202"]),
        ("wrong\nparallel { for i in 0..2 { @[i] -> relu } }\nadd(@)", ["E0202"]),
        ("let xs = [1, 2]\n@xs", ["E0418"]),
    ],
)
def test_mistakes(spec: str, codes_: list[str]) -> None:
    assert codes(network(spec)) == codes_


def test_a_checkpoint_is_a_region_and_with_a_label_a_scope() -> None:
    checked = network("conv(4, 1x1)\ncheckpoint { conv(5, 1x1) -> g: { relu }; a: relu }\nrelu")
    assert paths(checked) == ["0", "1", "g", "g.0", "a", "4"]
    regions = {".".join(path): node.place.within(CHECKPOINT) for path, node, _ in program(checked).graph.walk()}
    assert [path for path, region in regions.items() if region is not None] == ["1", "g", "a"]
    assert regions["1"] is regions["a"]

    labelled = step(network("c: checkpoint { relu; conv(5, 1x1) }"), "c")
    assert isinstance(labelled, Scope) and labelled.graph.kind == CHECKPOINT
    assert [node.place.region for node in labelled.graph.nodes] == [None, None]


def test_a_checkpoint_passes_lists_on_and_may_be_empty() -> None:
    assert output(network("parallel { relu; bn }\ncheckpoint { parallel { for x in @ { @x -> relu } } }\nadd(@)")) == (
        "[N, 3, 32, 32]"
    )
    assert output(network("relu\ncheckpoint { }")) == "[N, 3, 32, 32]"
