"""Expressions, by their value in a string label's place: `expect`-free, through a conv's channels or a label."""

from __future__ import annotations

import pytest

from tests.elaborate.specs import codes, network, output, paths, words


def value(expression: str) -> str:
    """An expression's value as text, read off a label."""
    (path,) = paths(network('"v-{' + expression + '}": relu'))
    return path.removeprefix("v-")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3", "7"),
        ("-2 ^ 2", "-4"),
        ("2 ^ 3 ^ 2", "512"),
        ("7 // 2", "3"),
        ("-7 // 2", "-4"),
        ("-7 % 3", "2"),
        ("10 ^ 3 // 7 * 7", "994"),
        ("(7x1 - 1) // 2", "3x0"),
        ("3x3 * 2", "6x6"),
        ("if 3 > 2 then 1 else 0", "1"),
        ("not true or false", "false"),
        ("true and not false", "true"),
        ("len([1, 2, 3])", "3"),
        ("max(1, 5, 3)", "5"),
        ("min([4, 2])", "2"),
        ("sum([1, 2, 3])", "6"),
        ("round(2 / 4)", "0"),
        ("round(6 / 4)", "2"),
        ("floor(7 / 2)", "3"),
        ("ceil(7 / 2)", "4"),
        ("abs(0 - 3)", "3"),
        ("floor(sqrt(17))", "4"),
        ("divisible(37, 8)", "40"),
        ("divisible(x=16, by=8)", "16"),
        ("divisible(88 * 3 // 4, 8)", "64"),
        ("[1, 2, 3][1]", "2"),
        ("[1, 2, 3][-1]", "3"),
        ("len([1, 2, 3][1..3])", "2"),
        ("len(0..5)", "5"),
        ("sum([i * j for i in 0..3 for j in 0..3 if i != j])", "4"),
        ("sum([a + b for a, b in zip([1, 2], [3, 4])])", "10"),
        ("sum([i * n for i, n in enumerate([5, 6])])", "6"),
        ("reversed([1, 2])[0]", "2"),
        ("sum([k for i, (k, s) in enumerate([[3, 1], [5, 2]])])", "8"),
        ("1 == 1", "true"),
        ("[1, 2] == [1, 2]", "true"),
        ("none == none", "true"),
        ("3x3 == 3x3", "true"),
    ],
)
def test_values(expression: str, expected: str) -> None:
    assert value(expression) == expected


def test_characters_of_strings() -> None:
    assert paths(network('let text = "abc"\n"{text[0]}{text[-1]}{text[1..3]}": relu')) == ["acbc"]
    assert codes(network('let text = "abc"\n"{text[3]}": relu')) == ["E0409"]
    assert codes(network('let text = "abc"\n"{text[1..4]}": relu')) == ["E0409"]


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("1 / 0", "E0408"),
        ("1 % 0", "E0408"),
        ("2 ^ 64", "E0408"),
        ("9_000_000_000_000_000_000 + 9_000_000_000_000_000_000", "E0408"),
        ("10.0 ^ 400", "E0408"),
        ("0 ^ -1", "E0408"),
        ("exp(1000)", "E0415"),
        ("sqrt(0 - 1)", "E0415"),
        ("log(0)", "E0415"),
        ("len(3)", "E0415"),
        ("max([])", "E0415"),
        ("divisible(3, 0)", "E0415"),
        ("zip([1], [1, 2])", "E0415"),
        ('1 + "a"', "E0406"),
        ("1 + true", "E0406"),
        ("relu == tanh", "E0406"),
        ("3x3 + 1x1x1", "E0406"),
        ("[1][3]", "E0409"),
        ("3[0]", "E0410"),
        ("not 1", "E0407"),
        ("1 and true", "E0407"),
        ("if 1 then 2 else 3", "E0407"),
        ("nothing", "E0201"),
        ("4(3)", "E0414"),
        ("@.depth", "E0413"),
        ("(3).channels", "E0413"),
        ("[i for i in 3]", "E0410"),
        ("[a for a, b in [[1, 2, 3]]]", "E0411"),
    ],
)
def test_mistakes(expression: str, code: str) -> None:
    assert codes(network(f"let v = {expression}")) == [code]


def test_a_failed_let_is_reported_once() -> None:
    assert codes(network("let v = 1 / 0\nconv(v, 1x1)\nconv(v + 1, 1x1)")) == ["E0408"]


def test_steps_are_values() -> None:
    spec = "let act = leaky_relu(0.2)\nact -> unit(norm=bn(eps=0.001)) -> unit"
    block = "block unit(norm = identity, act = tanh) { norm -> act }"
    assert words(network(spec, before=block)) == ["leaky_relu", "bn", "tanh", "identity", "tanh"]


def test_bound_arguments_are_completed_later() -> None:
    block = "block row(width, kernel = 3, act: step = relu) { conv(width, kernel, pad=kernel // 2) -> act }"
    assert output(network("let wide = row(kernel=5)\nwide(16) -> wide(8, act=tanh)", before=block)) == "[N, 8, 32, 32]"


def test_locals_win_over_ops_only_where_they_hold_steps() -> None:
    assert words(network("let relu = 3\nrelu -> conv(relu, 1x1)")) == ["relu", "conv"]
    assert words(network("relu", before="block relu() { tanh }")) == ["tanh"]


def test_names_end_with_their_braces() -> None:
    assert codes(network("if true { let a = 1 }\nconv(a, 1x1)")) == ["E0201"]
    assert codes(network("let a = 1\nif true { let a = 2 }")) == ["E0209"]
    assert codes(network("for i in 0..2 { let a = i }\nlet a = 3")) == []


def test_defaults_use_earlier_parameters_and_the_input() -> None:
    block = "block unit(a = 2, b = a * 4, c = @in.channels) { conv(b + c, 1x1) }"
    assert output(network("unit -> unit(a=1)", before=block)) == "[N, 15, 32, 32]"
    assert codes(network("unit", before="block unit(a = b, b = 1) { conv(a, 1x1) }")) == ["E0201"]


def test_parameter_types() -> None:
    assert codes(network("unit(3.5)", before="block unit(a: int) { conv(a, 1x1) }")) == ["E0401"]
    assert codes(network("unit(0.2)", before="block unit(a: number = 0) { dropout(a) }")) == []
    assert codes(network("unit(0.2)", before="block unit(a = 0) { dropout(a) }")) == ["E0401"]
    assert codes(network("unit([1])", before="block unit(a: int[]) { conv(a[0], 1x1) }")) == []
    assert codes(network("unit(3x1)", before="block unit(k = 3) { conv(4, k) }")) == []
    assert codes(network("unit(relu)", before="block unit(a: step) { a }")) == []
    assert codes(network("unit(1)", before="block unit(a: itn) { relu }")) == ["E0201"]


def test_enumerations_win_over_variables() -> None:
    assert codes(network("let reflect = 3\npad(1, mode=reflect)")) == []
    assert codes(network("pad(1, mode=mirror)")) == ["E0405"]
