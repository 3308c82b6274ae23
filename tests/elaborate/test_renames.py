"""`rename` rules, as a program holds them."""

from __future__ import annotations

from archdsl.compiler import check
from archdsl.source import Source

SPEC = """
network net(old = true) {
    input x: [N, 4]
    rename "module.*" -> "*"
    for i in 1..3 { rename "conv{i}_x" -> "layer{i}" }
    if old { rename "gamma" -> "weight" } else { rename "beta" -> "bias" }
    rename: linear(3)
}
variant wrapped = net() { rename "net" -> "" }
"""


def renames(target: str, **settings: object) -> list[str]:
    checked = check(Source("net.arch", SPEC), target, settings)
    assert checked.diagnostics == ()
    assert checked.program is not None
    return [str(rule) for rule in checked.program.renames]


def test_rules_unfold_in_textual_order_and_a_variants_come_last() -> None:
    own = ['"module.*" -> "*"', '"conv1_x" -> "layer1"', '"conv2_x" -> "layer2"', '"gamma" -> "weight"']
    assert renames("net") == own
    assert renames("wrapped") == [*own, '"net" -> ""']
    assert renames("net", old=False)[-1] == '"beta" -> "bias"'


def test_rules_are_limited_because_each_is_tried_on_each_key() -> None:
    many = SPEC.replace("1..3", "0..2000")
    checked = check(Source("net.arch", many), "net")
    assert {d.code for d in checked.diagnostics} == {"E0901"}
    assert "more than 1,000" in checked.diagnostics[0].title
