"""What one class for all calls of a block looks like: its constructor, and what a call passes."""

from __future__ import annotations

import re

import pytest

from archdsl.verify import verify
from tests.emit.build import code, network, program


def constructor(block: str, *calls: str) -> str:
    """The parameters of the class that a block becomes, its calls standing one behind another."""
    text = block + network("\n".join(f"    {call}" for call in calls))
    assert verify(program(text)) == []
    source = code(text)
    found = re.search(r"class B\(.*\n    def __init__\(\s*self,?\s*([^)]*?),?\s*\) ->", source)
    assert found is not None, source
    assert "class B2" not in source
    return " ".join(found[1].split())


def test_what_is_equal_everywhere_is_a_literal() -> None:
    assert (
        constructor("block b(w, k = 3) { conv(w, 1x1); conv(k, 1x1) }\n", "b(8)", "relu", "b(8)") == "in_channels: int"
    )


def test_numbers_are_expressions_over_what_they_come_from() -> None:
    block = "block b(w, expansion = 4) { let out = w * expansion; conv(w, 1x1) -> bn; conv(out, 1x1) -> bn }\n"
    assert constructor(block, "b(8)", "b(16)") == "in_channels: int, w: int"
    source = code(block + network("    b(8); b(16)"))
    assert "nn.Conv2d(w, w * 4, 1)" in source
    assert "nn.BatchNorm2d(w * 4)" in source


def test_a_number_without_an_expression_is_an_argument_by_its_name() -> None:
    block = "block b(w) { let out = divisible(w * 1.3, 8); conv(out, 1x1) -> bn; conv(w, 1x1) }\n"
    assert constructor(block, "b(16)", "b(32)") == "in_channels: int, w: int, out: int"


def test_numbers_are_shared_by_derivation_not_by_coincidence() -> None:
    block = "block b(v, w) { conv(v, 1x1); conv(w, 1x1) }\n"
    assert constructor(block, "b(8, 8)", "b(16, 16)") == "v: int, w: int"


def test_defaults_are_the_most_frequent_values() -> None:
    block = "block b(w, stride = 2) { conv(w, 1x1, stride=stride) }\n"
    calls = ("b(4, 1)", "b(8, 1)", "b(9, 1)", "b(9)")
    assert constructor(block, *calls) == "in_channels: int, w: int, stride: int = 1"


def test_a_step_under_a_boolean_parameter_is_told_by_it() -> None:
    block = "block b(wide) { conv(8, 1x1); if wide { extra: conv(8, 1x1) -> relu } }\n"
    assert constructor(block, "b(true)", "b(false)") == "*, wide: bool = False"


def test_a_step_under_any_other_condition_is_told_by_its_label() -> None:
    block = "block b(w) { a: conv(8, 1x1); if w > 3 { extra: conv(8, 1x1) } }\n"
    assert constructor(block, "b(4)", "b(3)") == "*, extra: bool = False"


def test_a_step_handed_in_is_a_factory() -> None:
    block = "block b(act) { conv(8, 1x1) -> act -> conv(8, 1x1) -> act }\n"
    assert constructor(block, "b(relu)", "b(tanh)") == "act: Callable[..., nn.Module]"


def test_sizes_are_tuples_only_where_they_differ_by_direction() -> None:
    block = "block b(k) { conv(8, k, pad=k // 2) }\n"
    assert constructor(block, "b(3x3)", "b(5x5)") == "k: int"
    assert constructor(block, "b(1x3)", "b(3x3)") == "k: tuple[int, int] | int, pad: tuple[int, int] | int"


def test_equal_neighbours_of_one_text_are_rolled() -> None:
    source = code("block b(w) { residual { conv(w, 1x1) } }\n" + network("    g: { b(8) * 100; b(8) }\n    relu"))
    assert "*(B() for _ in range(100))," in source
    assert len(source.splitlines()) < 40


def test_what_cannot_be_one_class_is_several() -> None:
    body = "residual { if first { a: conv(8, 1x1) -> b: bn } else { b: bn -> a: conv(8, 1x1) } }"
    block = f"block b(first) {{ {body} }}\n"
    text = block + network("    b(true); b(false)")
    assert verify(program(text)) == []
    assert re.findall(r"class (\w+)", code(text)) == ["B", "B2", "Net"]


DENSE = 'block b(n) { for i in 0..n { let all = @; "layer{i + 1}": conv(4, 1x1); concat(all, @) } }\n'


def test_turns_of_a_loop_are_written_once() -> None:
    assert constructor(DENSE, "b(2)", "b(5)", "b(0)") == "in_channels: int, n: int"
    source = code(DENSE + network("    b(2); b(5); b(0)"))
    assert 'self.add_module(f"layer{i + 1}", nn.Conv2d(in_channels + 4 * i, 4, 1))' in source
    assert "for layer in self.children():\n            x = torch.cat([x, layer(x)], 1)" in source


def test_turns_of_a_loop_beside_other_children_are_found_by_name() -> None:
    block = 'block b(n) { first: conv(8, 1x1); for i in 0..n { residual { "c{i}": conv(8, 1x1) -> relu } } }\n'
    assert constructor(block, "b(1)", "b(3)") == "n: int"
    assert 'x = F.relu(getattr(self, f"c{i}")(x), inplace=True) + x' in code(block + network("    b(1); b(3)"))


def test_a_number_counts_with_the_loop_only_if_it_is_made_so() -> None:
    counted = 'for i in 0..4 { residual { "a{i}": conv(8 * (i + 1), 1x1) -> "b{i}": conv(8, 1x1) } }'
    assert 'self.add_module(f"a{i}", nn.Conv2d(8, 8 * (i + 1), 1))' in code(network(counted))
    listed = 'for i, w in enumerate([8, 16, 24, 32]) { residual { "a{i}": conv(w, 1x1) -> "b{i}": conv(8, 1x1) } }'
    assert "range(" not in code(network(listed))


def test_a_stage_of_varying_length_is_written_out() -> None:
    text = "block unit() { residual { conv(8, 1x1) } }\nblock stage(n) { unit * n }\n" + network(
        "    stage(2); stage(9)"
    )
    assert re.findall(r"class (\w+)", code(text)) == ["Unit", "Net"]
    assert verify(program(text)) == []


def test_recursion_is_a_class_for_each_depth() -> None:
    text = "block h(n) { residual { if n > 0 { h(n - 1) } else { conv(8, 1x1) } } }\n" + network("    h(2)")
    assert re.findall(r"class (\w+)", code(text)) == ["H", "H2", "H3", "Net"]
    assert verify(program(text)) == []


NAMES = """\
block Tensor(self, class_ = 1, range = 2, nn = 3x3, F = true, torch = 4) {
    forward_: conv(self * range, nn, pad=(nn - 1) // 2)
    x: conv(torch, 1x1)
    if F { image: conv(self, 1x1) -> relu }
    residual { y: relu -> range: conv(@.channels, 1x1) }
}
block nn(_x, __y = 2, width = 8) {
    _0: conv(_x * __y, 1x1)
    "a-b": conv(width, 1x1)
    "c.d": conv(_x, 1x1); "c.e.0": conv(_x + __y, 1x1)
    "weight": bn -> "bias": relu
    list: { conv(8, 1x1) }
    super: tensor(_x)
}
block tensor(lambda_) { conv(lambda_, 1x1) -> in_channels: relu }
block ten_sor(print) { conv(print, 1x1) -> print: relu }
block F(w) { conv(w, 1x1) -> prelu }
block Scale(w) { conv(w, 1x1) -> scale }
network ValueError(k = 1) {
    input self: [N, 3, 8, 8]
    Tensor(4); Tensor(8, nn=1x1, F=false); Tensor(4, range=3, torch=8, nn=1x3)
    nn(4, 3); nn(5, width=3); nn(6)
    ten_sor(3); ten_sor(4); F(2); F(3); Scale(4)
    Net: conv(3, 1x1)
}
"""


def test_no_name_of_a_spec_can_hide_one_of_python() -> None:
    assert verify(program(NAMES)) == []


@pytest.mark.parametrize("depth", [3, 60])
def test_deep_nesting_is_no_deep_recursion(depth: int) -> None:
    groups = network("{\n" * depth + "conv(8, 1x1)\n" + "}\n" * depth)
    assert verify(program(groups)) == []
    blocks = "block b0() { conv(8, 1x1) }\n" + "".join(f"block b{i + 1}() {{ b{i}; relu }}\n" for i in range(depth))
    assert verify(program(blocks + network(f"    b{depth}"))) == []
