"""Whatever a spec asks for, the answer comes soon."""

from __future__ import annotations

import sys
import time

import pytest

from archdsl.budget import Limits
from archdsl.compiler import check
from archdsl.source import Source
from tests.elaborate.specs import codes, network, run

NESTED = "for a in 0..10000 { for b in 0..10000 { for c in 0..10000 { relu } } }"
REPEATED = "block a() { relu * 1000 }\nblock b() { a * 1000 }\nblock c() { b * 1000 }\nblock d() { c * 1000 }"

EMPTY = "block b0() { }\n" + "\n".join(
    f"block b{i + 1}(n) {{ for i in 0..n {{ b{i}{'(n)' * (i > 0)} }} }}" for i in range(3)
)
USE = "\nblock use() { conv(a0, 1x1) }"
DOUBLED = 'let a0 = "xxxxxxxxxx"\n' + "\n".join(f'let a{i + 1} = "{{a{i}}}{{a{i}}}"' for i in range(30))

MANY_VALUES = """
parallel { for i in 0..300_000 { @ } }
for k in 0..100_000 { @ }
parallel { for k in 0..9 { concat(@) } }
"""
MANY = 'block many(body: steps) { for i in 0..99_999 { "l{i}": body } }'
ONCE = "block once(body: steps) { body }"


@pytest.mark.parametrize(
    ("spec", "before", "code"),
    [
        ("relu * 1_000_000_000_000", "", "E0601"),
        (NESTED, "", "E0601"),
        ("d", REPEATED, "E0601"),
        ("b(1)", "block b(n) { relu -> b(n) }", "E0602"),
        ("b(1)", "block b(n) { relu -> b(n + 1) }", "E0601"),
        ("b(b)", "block b(f) { relu -> f(f) }", "E0602"),
        ("b(b, 0)", "block b(f, n) { relu -> f(f, n + 1) }", "E0601"),
        ("let x = [i for i in 0..100000 for j in 0..100000]", "", "E0601"),
        ("let x = 0..1_000_000_000_000", "", "E0601"),
        (DOUBLED, "", "E0601"),
        ("\n".join(["let a0 = [1]", *(f"let a{i + 1} = [a{i}, a{i}]" for i in range(40))]), "", "E0601"),
        ("\n".join(["let a0 = [1]", *(f"let a{i + 1} = [a{i}]" for i in range(300))]), "", "E0601"),
        ("b3(200)", EMPTY, "E0601"),
        ("let x = @.height * 4611686018427387904 * 16", "", "E0408"),
        ("for k in 0..60 { parallel { @; @ } }", "", "E0601"),
        ("parallel { for i in 0..50_000 { @ } }\nfor k in 0..20_000 { { } }\nconcat(@)", "", "E0601"),
        (MANY_VALUES, "", "E0601"),
        ("f { relu } b { tanh }", "block f(a: steps, b: steps) { f { g: a; h: b } b { g: b; h: a } }", "E0601"),
        ("let xs = 0..200_000\nmany { if xs[0] > 1 { relu } }", MANY, "E0601"),
        ("let xs = 0..200_000\nfor i in 0..9999 { once { if xs[0] > i { relu } } }", ONCE, "E0601"),
        ("use", "\n".join([*(f"let a{i} = a{i + 1}" for i in range(5000)), "let a5000 = 1"]) + USE, "E0601"),
    ],
)  # fmt: skip
def test_what_is_too_much_is_refused_soon(spec: str, before: str, code: str) -> None:
    started = time.perf_counter()
    assert codes(network(spec, before=before)) == [code]
    assert time.perf_counter() - started < 60, "seconds at most, on any machine"


def test_constant_counts_are_refused_before_anything_is_built() -> None:
    """Not one step is made: a single turn of the loop would already need more steps than there are."""
    text = f"network n() {{ input x: [N, 3]\n{NESTED}\n}}"
    (diagnostic,) = check(Source("x", text), limits=Limits(work=2_000)).diagnostics
    assert "1,000,000,000,000" in diagnostic.title or "10^" in diagnostic.title


def test_the_chain_of_calls_is_named() -> None:
    (diagnostic,) = network("b(1)", before="block b(n) { relu -> b(n + 1) }").diagnostics
    assert any("in block b" in note for note in diagnostic.notes)
    assert any("calls more" in note for note in diagnostic.notes)


def test_limits_are_the_callers() -> None:
    text = "network n() { input x: [N, 3]; relu * 20 }"
    assert check(Source("x", text), limits=Limits(steps=20)).program is not None
    assert check(Source("x", text), limits=Limits(steps=19)).program is None


def test_a_layer_of_any_size_is_only_a_number() -> None:
    assert codes(network("conv(1_000_000_000, 1x1) -> conv(1_000_000, 1x1)")) == []
    assert codes(run("network n() { input x: [N, 1_000_000_000_000]; linear(1000) }")) == []


def test_recursion_stays_below_pythons_limit_and_restores_it() -> None:
    before = sys.getrecursionlimit()
    deep = "block b(n) { { { { residual { conv(3, 1x1); if n > 0 { b(n - 1) } } } } } }"
    assert codes(network("b(15)", before=deep)) == []
    assert codes(network("b(1000)", before=deep)) == ["E0601"]
    assert sys.getrecursionlimit() == before


def test_all_mistakes_are_found_up_to_the_limit() -> None:
    text = "network n() { input x: [N, 3]\n" + "\n".join(f"let v{i} = nothing{i}" for i in range(50)) + "\nrelu }"
    checked = check(Source("x", text), limits=Limits(diagnostics=10))
    assert len(checked.diagnostics) == 10
    assert checked.left_out == 40
