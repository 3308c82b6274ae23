"""Braces as values: blocks that take them, and what the braces see."""

from __future__ import annotations

import pytest

from archdsl.compiler import Checked
from archdsl.ir.graph import Scope
from tests.elaborate.specs import codes, network, output, paths, program, step, words

AROUND = "block around(body: steps) { residual { norm: bn -> body } }"


def calls(checked: Checked) -> list[Scope]:
    return [node for _, node, _ in program(checked).graph.walk() if isinstance(node, Scope)]


def bodies(checked: Checked) -> int:
    """How many different graphs the calls stand for."""
    return len({id(call.graph) for call in calls(checked)})


def test_braces_unfold_into_the_scope_that_uses_them() -> None:
    checked = network("around { conv(3, 1x1) -> act: relu }", before=AROUND)
    assert paths(checked) == ["0", "0.norm", "0.1", "0.act"]
    assert words(checked) == ["bn", "conv", "relu", "add"]


def test_a_labelled_use_is_a_group_and_so_are_braces_around_it() -> None:
    block = "block thrice(body: steps) { first: body; { body } * 2 }"
    checked = network("thrice { conv(3, 1x1) }", before=block)
    assert paths(checked) == ["0", "0.first", "0.first.0", "0.1", "0.1.0", "0.2", "0.2.0"]


def test_names_in_braces_are_those_of_the_place_where_they_are_written() -> None:
    block = "block widened(width, body: steps) { let factor = 2; conv(width * factor, 1x1) -> body }"
    checked = network(
        "let factor = 3\nwidened(4) { conv(@.channels * factor + width, 1x1) }", params="width = 100", before=block
    )
    assert output(checked) == "[N, 124, 32, 32]"


def test_labels_in_braces_are_their_own_and_those_around_them() -> None:
    block = "block inner(body: steps) { a: conv(5, 1x1) -> body -> concat(@, @a) }"
    body = "b: conv(7, 1x1)\ninner { c: conv(6, 1x1) -> concat(@c, @b) }"
    checked = network(body, before=block)
    call = step(checked, "1")
    assert isinstance(call, Scope)
    assert [str(value.shape) for value in call.inputs] == ["7x32x32", "7x32x32"]
    assert output(checked) == "[N, 18, 32, 32]"
    assert codes(network(body.replace("@c, @b", "@a, @b"), before=block)) == ["E0203"]
    assert codes(network(body, before=block.replace("@, @a", "@c, @a"))) == ["E0203"]


def test_the_input_in_braces_is_that_of_the_block_they_are_written_in() -> None:
    checked = network("conv(4, 1x1) -> around { concat(@, @in) -> conv(4, 1x1) }", before=AROUND)
    assert words(checked) == ["conv", "bn", "concat", "conv", "add"]
    assert output(checked) == "[N, 4, 32, 32]"


def test_braces_are_handed_on_with_all_that_they_see() -> None:
    blocks = AROUND + "\nblock outer(body: steps) { first: around { body -> relu }; second: around(body=body) }"
    checked = network("kept: conv(3, 1x1)\nouter { mul(@, @kept) -> conv(3, 1x1) }", before=blocks)
    assert paths(checked)[1:] == [
        "1", "1.first", "1.first.norm", "1.first.1", "1.first.2", "1.second", "1.second.norm", "1.second.1",
    ]  # fmt: skip
    assert [len(call.inputs) for call in calls(checked)] == [2, 2, 2]


def test_equal_braces_that_see_equal_things_share_a_body() -> None:
    one = "for i in 0..4 { around { conv(3, 1x1) -> concat(@, @image) -> conv(3, 1x1) } }"
    assert bodies(network(one, before=AROUND)) == 1
    each = "for i in 0..4 { around { conv(4 + i, 1x1) -> conv(3, 1x1) } }"
    assert bodies(network(each, before=AROUND)) == 4
    other = 'for i in 0..2 { "k{i}": relu; around { add(@, @"k{i}") -> conv(3, 1x1) } }'
    assert bodies(network(other, before=AROUND)) == 2


def test_bodies_are_shared_only_where_the_same_values_are_one() -> None:
    """Where two values are one, the block takes one; a block's own parameters are two whatever they hold."""
    blocks = (
        AROUND
        + """
        block two(a: value, b: value) { around { add(@, @a) -> add(@, @b) } }
    """
    )
    checked = network("p: relu\nq: tanh\ntwo(@p, @p)\ntwo(@p, @q)\ntwo(@q, @p)", before=blocks)
    assert bodies(checked) == 2
    direct = """
        p: relu
        q: tanh
        let pairs = [[@p, @p], [@p, @q]]
        for pair in pairs { around { add(@, pair[0]) -> add(@, pair[1]) } }
    """
    assert [len(call.inputs) for call in calls(network(direct, before=AROUND))] == [2, 3]


def test_a_block_takes_several_braces_by_name() -> None:
    block = "block either(wide, body: steps, other: steps) { if wide { body } else { other } }"
    assert words(network("either(true) { relu } other { tanh }", before=block)) == ["relu"]
    assert words(network("either(false) { relu } other { tanh }", before=block)) == ["tanh"]


def test_braces_may_give_lists_and_be_any_line() -> None:
    block = "block joined(body: steps) { concat { @; body } -> conv(3, 1x1) }"
    assert words(network("joined { relu }", before=block)) == ["relu", "concat", "conv"]
    lists = "block lists(body: steps) { parallel { relu; tanh } -> body -> add(@) }"
    assert words(network("lists { parallel { for x in @ { @x -> bn } } }", before=lists)) == [
        "relu", "tanh", "bn", "bn", "add",
    ]  # fmt: skip


def test_a_block_that_takes_braces_may_have_the_name_of_a_connector() -> None:
    assert words(network("dense { relu }", before="block dense(body: steps) { body -> tanh }")) == ["relu", "tanh"]


def test_what_braces_depend_on_is_said_in_the_words_of_their_place() -> None:
    checked = network("let width = 2 * 3\naround { conv(width, 1x1) }", before=AROUND)
    (mismatch,) = checked.diagnostics
    assert "the body has 6 channels: width = 2 * 3 = 6 (line 4)" in mismatch.notes


@pytest.mark.parametrize(
    ("spec", "codes_"),
    [
        ("around", ["E0420"]),
        ("around(3) { relu }", ["E0403"]),
        ("around(body=relu)", ["E0401"]),
        ("around { relu } other { relu }", ["E0215"]),
        ("around { wrong }", ["E0202"]),
        ("around { conv(5, 1x1) }", ["E0301"]),
        ("around { add(@, @later) }\nlater: relu", ["E0203"]),
        ("plain { relu }", ["E0420"]),
        ("twice { relu }", ["E0217"]),
        ("looped { relu }", ["E0217"]),
        ("nested { relu }", ["E0601"]),
    ],
)
def test_mistakes(spec: str, codes_: list[str]) -> None:
    blocks = (
        AROUND
        + """
        block plain { relu }
        block twice(body: steps) { body; body }
        block looped(body: steps) { for i in 0..2 { body } }
        block nested(body: steps) { nested { body -> relu } }
    """
    )
    assert codes(network(spec, before=blocks)) == codes_
