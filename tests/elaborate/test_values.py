"""Values: references, groups that are looked into and out of, blocks with value parameters."""

from __future__ import annotations

import pytest

from archdsl.ir.graph import Scope
from tests.elaborate.specs import codes, network, output, program, words


def test_references() -> None:
    assert output(network("a: conv(8, 1x1) -> relu\nconcat(@a, @, @in, @image)")) == "[N, 22, 32, 32]"
    assert output(network('for i in 0..3 { "c{i}": conv(8 + i, 1x1) }\nconcat(@"c{1}", @)')) == "[N, 19, 32, 32]"


def test_a_let_holds_a_value() -> None:
    assert output(network("let pre = @\nconv(5, 1x1)\nconcat(@pre, @)")) == "[N, 8, 32, 32]"
    assert output(network("conv(5, 1x1)\nlet list = [@, @in]\n@list[0] -> conv(7, 1x1)")) == "[N, 7, 32, 32]"


def test_a_chain_may_begin_with_a_reference() -> None:
    assert output(network("a: conv(8, 1x1)\nb: conv(4, 1x1)\n@a -> conv(6, 1x1) -> concat(@, @b)")) == "[N, 10, 32, 32]"


def test_a_group_takes_values_from_around_it() -> None:
    checked = network("a: conv(3, 1x1)\ng: { conv(3, 1x1) -> add(@, @a); h: { add(@, @image) } }")
    group = next(node for node in program(checked).graph.nodes if isinstance(node, Scope))
    assert len(group.inputs) == len(group.graph.inputs) == 3
    assert [value.node.name for value in group.inputs] == [("a",), ("a",), None]


def test_a_finished_group_is_looked_into() -> None:
    checked = network('g: { a: conv(8, 1x1); h: { b: conv(4, 1x1); conv(2, 1x1) } }\nconcat(@"g.a", @"g.h.b", @)')
    assert output(checked) == "[N, 14, 32, 32]"
    group = next(node for node in program(checked).graph.nodes if isinstance(node, Scope))
    assert len(group.outputs) == len(group.graph.outputs) == 3


def test_a_block_call_is_not_looked_into() -> None:
    block = "block unit() { a: conv(8, 1x1) -> relu }"
    assert codes(network('u: unit\nadd(@, @"u.a")', before=block)) == ["E0203"]
    assert codes(network("u: unit\nadd(@, @a)", before=block)) == ["E0203"]


def test_blocks_take_values() -> None:
    block = "block up(skip: value, width) { conv(width, 1x1) -> concat(@skip, @) }"
    assert output(network("a: conv(8, 1x1)\nconv(4, 1x1)\nup(@a, 6)", before=block)) == "[N, 14, 32, 32]"


def test_bodies_are_shared_between_equal_calls() -> None:
    block = "block unit(n) { residual { conv(n, 3x3, pad=1) } }"
    checked = network("conv(8, 1x1)\nunit(8) * 3", before=block)
    graphs = {id(node.graph) for node in program(checked).graph.nodes if isinstance(node, Scope)}
    assert len(graphs) == 1


def test_conditions_hide_nothing_that_was_taken() -> None:
    assert codes(network("if true { a: relu }\nadd(@, @a)")) == []
    assert codes(network("if wide { a: relu }\nadd(@, @a)", params="wide = false")) == ["E0204"]


def test_labels_in_a_body_that_may_be_dropped_are_hidden() -> None:
    assert codes(network("residual(drop=0.1) { a: conv(3, 1x1) }\nadd(@, @a)")) == ["E0205"]
    assert codes(network("residual { a: conv(3, 1x1) }\nadd(@, @a)")) == []


def test_connectors() -> None:
    assert words(network("residual(drop=0.1) { conv(3, 1x1) } shortcut { bn }")) == ["conv", "drop_path", "bn", "add"]
    assert words(network("residual(when=false) { conv(3, 1x1) } shortcut { bn }")) == ["conv"]
    assert (
        output(network("inception { conv(4, 1x1); conv(5, 1x1) -> relu; if false { relu }; @ }")) == "[N, 12, 32, 32]"
    )


@pytest.mark.parametrize(
    ("spec", "codes_"),
    [
        ("conv(8, 1x1)\n@image -> relu", ["E0211"]),
        ("residual { }", ["E0304"]),
        ("residual { @ }", ["E0304"]),
        ("inception { if false { relu } }", ["E0304"]),
        ("residual(when=1) { relu }", ["E0401"]),
        ("residual(size=1) { relu }", ["E0210"]),
        ("residual { relu } shortcutt { relu }", ["E0215"]),
        ("residual", ["E0420"]),
        ("relu { relu }", ["E0420"]),
        ("reslidual { relu }", ["E0202"]),
        ("add(@)", ["E0419"]),
        ("conv(@, 3, 1x1)", ["E0419"]),
        ("relu -> @ -> relu", ["E0212"]),
    ],
)
def test_mistakes(spec: str, codes_: list[str]) -> None:
    assert codes(network(spec)) == codes_


def test_values_are_handed_in_by_name_whatever_their_order() -> None:
    block = "block two(a: value, b: value = @in) { conv(@a.channels, 1x1) -> concat(@, @a, @b) }"
    named = network("p: conv(5, 1x1)\nq: conv(7, 1x1)\ntwo(b=@p, a=@q)", before=block)
    assert words(named) == ["conv", "conv", "conv", "concat"]
    assert output(named) == "[N, 19, 32, 32]"
    assert output(network("p: conv(5, 1x1)\ntwo(@image)", before=block)) == "[N, 11, 32, 32]"


def test_a_bound_step_carries_its_values_into_a_block() -> None:
    block = "block joined(merge: step) { c: conv(4, 1x1); merge -> concat(@, @c) }"
    assert output(network("p: conv(5, 1x1)\njoined(concat(@p, @p))", before=block)) == "[N, 14, 32, 32]"


def test_a_hidden_group_hides_what_is_in_it() -> None:
    assert codes(network('residual(drop=0.5) { g: { a: conv(3, 1x1) } }\nadd(@, @"g.a")')) == ["E0205"]
    assert codes(network("residual(when=false, drop=0.5) { a: conv(3, 1x1) }\nadd(@, @a)")) == []


def test_a_failed_condition_says_one_thing() -> None:
    body = "residual { conv(8, 1x1) } shortcut { if strid != 1 { conv(8, 1x1) } }"
    assert codes(network(body)) == ["E0201"]
    assert codes(network("q: relu\nq: @image -> relu\nadd(@q, @)")) == ["E0206"]
