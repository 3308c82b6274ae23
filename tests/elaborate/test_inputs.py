"""Inputs, free sizes, and what depends on them."""

from __future__ import annotations

import pytest

from tests.elaborate.specs import codes, network, output, program, run, words

FREE = "[N, 3, H = 224, W = 224]"


def test_free_sizes_stay_free() -> None:
    checked = network("conv(8, 7x7, stride=2, pad=3) -> maxpool(3x3, stride=2, pad=1)", shape=FREE)
    assert output(checked) == "[N, 8, floor((H + 3)/4), floor((W + 3)/4)]"
    assert program(checked).nominal == {"N": 1, "H": 224, "W": 224}


def test_a_residual_is_proved_or_refused_with_the_nearest_size() -> None:
    halves = "residual { conv(3, 3x3, stride=2, pad=1) } shortcut { conv(3, 1x1, stride=2) }"
    assert codes(network(halves, shape=FREE)) == []
    (diagnostic,) = network(halves.replace("1x1, stride=2", "2x2, stride=2"), shape=FREE).diagnostics
    assert diagnostic.code == "E0301"
    assert "at H = 225: 113 against 112" in diagnostic.label


def test_where_decides_what_is_open() -> None:
    halves = "residual { maxpool(2x2) -> upsample(2) }"
    assert codes(network(halves, shape="[N, 3, H = 64, W = 64]")) == ["E0301"]
    assert codes(network(halves, shape="[N, 3, H = 64, W = 64] where H % 2 == 0, W % 2 == 0")) == []
    assert codes(network(halves, shape="[N, 3, H = 64, W = 64] where H % 2 == 0 and W % 2 == 0")) == []


def test_a_condition_on_a_free_size_needs_one_answer() -> None:
    choice = "if @.height > 32 { maxpool(2x2) } else { tanh }"
    (diagnostic,) = network(choice, shape=FREE).diagnostics
    assert diagnostic.code == "E0303"
    assert diagnostic.label == "true at H = 33, false at H = 32" or "true at H = 224" in diagnostic.label
    assert words(network(choice, shape=f"{FREE} where H >= 64")) == ["maxpool"]
    assert words(network(choice, shape=f"{FREE.replace('224', '16')} where H < 32")) == ["tanh"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("conv(@.height, 1x1)", "E0416"),
        ("for i in 0..@.height { relu }", "E0416"),
        ("relu * @.width", "E0416"),
        ("flatten -> linear(10)", "E0313"),
        ("avgpool(out=1x1) -> flatten -> conv(3, 1x1)", "E0311"),
        ("flatten -> conv(@.height, 1x1)", "E0302"),
    ],
)
def test_weights_and_loops_need_fixed_sizes(body: str, code: str) -> None:
    assert codes(network(body, shape=FREE)) == [code]


def test_arithmetic_on_free_sizes() -> None:
    shape = "[N, 3, H = 32, W = 32]"
    assert codes(network("let half = @.height // 2\nif half * 2 <= @.height { relu }", shape=shape)) == []
    assert codes(network("let x = @.height * 1.5", shape=shape)) == ["E0406"]
    assert codes(network("let x = @.height // 0", shape=shape)) == ["E0408"]


def test_the_domain_is_tightened_by_what_the_steps_need() -> None:
    checked = network("maxpool(2x2) * 5 -> conv(8, 7x7)", shape="[N, 3, H, W]")
    assert program(checked).nominal == {"N": 1, "H": 224, "W": 224}
    assert program(checked).domain.free("H").low == 224


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        ("[]", "E0305"),
        ("[N, 3, 0]", "E0305"),
        ("[N, 3, h]", "E0305"),
        ("[N, 3, 2.5]", "E0401"),
        ("[N, 3, H = 0]", "E0305"),
        ("[N, 3, H = 224, H = 225]", "E0306"),
        ("[N, 3, H = 224] where H % 2 == 1", "E0305"),
        ("[N, 3, H] where H >= 10, H <= 5", "E0306"),
        ("[N, 3, H] where H + 1 == 5", "E0305"),
        ("[N, 3, H] where H % 0 == 0", "E0305"),
        ("[N, 3, H] where H > 2.5", "E0305"),
        ("[N, 3, H] where H", "E0305"),
    ],
)
def test_bad_inputs(shape: str, code: str) -> None:
    assert codes(network("relu", shape=shape)) == [code]


def test_sizes_may_be_computed() -> None:
    assert output(network("relu", shape="[N, 3, size, size // 2]", params="size = 64")) == "[N, 3, 64, 32]"


def test_a_network_has_one_input_before_its_steps() -> None:
    assert codes(run("network a() { relu\ninput x: [N, 3] }")) == ["E0213"]
    assert codes(run("network a() { }")) == ["E0305"]
    assert codes(run("network a() { input x: [N, 3]; input y: [N, 3]; relu }")) == ["E1001"]
    assert codes(run("network a() { input x: flot32 [N, 3]; relu }")) == ["E0405"]
    assert codes(run("network a() { g: { input x: [N, 3] }; relu }")) == ["E0215", "E0213"]


def test_lists_of_free_sizes_are_compared_size_by_size() -> None:
    assert codes(network("if @.shape == [1, 3, 224, 224] { relu }", shape=FREE)) == ["E0303"]
    assert codes(network("if [1] == [1.0] { relu } else { nothing }")) == []
    assert codes(network("if [relu] == [relu] { relu }")) == ["E0406"]


def test_a_free_size_hides_no_other_name() -> None:
    assert codes(network("relu", shape="[N, 3, H = 16]", params="H = 5")) == ["E0209"]
    assert codes(network("relu", shape="[N, 3, H, H]", params="h = 5")) == []
