"""The naming rule: paths are the keys that `nn.Sequential` and torchvision would give."""

from __future__ import annotations

import keyword

import pytest
from torch import nn

from archdsl.compiler import check
from archdsl.elaborate.labels import MODULE_ATTRIBUTES, PRIVATE_ATTRIBUTES, why_not
from archdsl.source import Source
from tests.elaborate.specs import codes, network, paths, run


def test_steps_are_numbered_and_labelled_ones_counted_too() -> None:
    assert paths(network("conv(8, 3x3) -> relu\nlast: conv(8, 3x3) -> relu")) == ["0", "1", "last", "3"]


def test_merges_references_and_rearranging_are_not_counted() -> None:
    spec = 'a: conv(8, 1x1)\nadd(@, @a) -> rearrange("n (g c) h w -> n (c g) h w", g=2) -> @a -> relu'
    assert codes(network(spec)) == ["E0212"]
    spec = 'a: conv(8, 1x1)\nadd(@, @a) -> rearrange("n (g c) h w -> n (c g) h w", g=2) -> relu'
    assert paths(network(spec)) == ["a", "1"]


def test_connectors_and_sections_add_nothing_but_a_labelled_one_is_a_scope() -> None:
    spec = 'section("s") { relu -> residual { conv(3, 1x1) } }\nblock: residual { conv(3, 1x1) }\nrelu'
    assert paths(network(spec)) == ["0", "1", "block", "block.0", "3"]


def test_plain_braces_and_block_calls_are_scopes() -> None:
    checked = network("{ relu; relu }\nunit(4)\n{ unit(4) }", before="block unit(n) { conv(n, 1x1) -> relu }")
    assert paths(checked) == ["0", "0.0", "0.1", "1", "1.0", "1.1", "2", "2.0", "2.0.0", "2.0.1"]


def test_a_labelled_repeat_is_a_group() -> None:
    assert paths(network("stack: relu * 3\nrelu * 2")) == ["stack", "stack.0", "stack.1", "stack.2", "1", "2"]
    assert paths(network("relu * 0\nrelu")) == ["0"]


def test_loops_and_conditions_unfold_in_place() -> None:
    spec = 'for i in 0..2 { "conv{i}": conv(8, 1x1); relu }\nif true { relu } else { tanh }'
    assert paths(network(spec)) == ["conv0", "1", "conv1", "3", "4"]


def test_dotted_labels_make_plain_containers() -> None:
    assert paths(network('for i in 0..2 { "convs.{i}": conv(8, 1x1) }')) == ["convs.0", "convs.1"]


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("a: relu\na: relu", "E0206"),
        ('a: relu\n"a.b": relu', "E0208"),
        ('a: { relu }\n"a.b": relu', "E0208"),
        ('relu\nrelu -> x: relu\n"0": relu', "E0206"),
        ("forward: relu", "E0207"),
        ("append: relu", "E0207"),
        ("class: relu", "E0207"),
        ('"": relu', "E0207"),
        ('"a..b": relu', "E0207"),
        ('"__init__": relu', "E0207"),
        ("_modules: relu", "E0207"),
    ],
)
def test_refused_labels(spec: str, code: str) -> None:
    assert codes(network(spec)) == [code]


def test_labels_that_torch_takes_are_taken() -> None:
    assert paths(network('"block1-0": relu\n"7": relu\ndense: relu\ninput: relu')) == [
        "block1-0",
        "7",
        "dense",
        "input",
    ]


def test_every_attribute_of_a_module_is_refused() -> None:
    """The written list is complete for the torch at hand: whatever a bare module or Sequential has."""
    attributes = {name for name in dir(nn.Sequential()) if not name.startswith("__")}
    assert {name for name in attributes if why_not(name) is None} == set()
    assert all(why_not(word) is not None for word in keyword.kwlist)
    assert why_not("conv1") is None
    assert MODULE_ATTRIBUTES.isdisjoint(PRIVATE_ATTRIBUTES)


def test_a_number_that_moves_with_a_condition_is_warned_of() -> None:
    block = "block unit(wide = false) { if wide { conv(3, 1x1) }\nconv(3, 1x1) }"
    assert codes(network("unit", before=block)) == ["W0201"]
    labelled = block.replace("\nconv", "\nlast: conv")
    assert codes(network("unit", before=labelled)) == []
    balanced = block.replace("}\n", "} else { relu }\n")
    assert codes(network("unit", before=balanced)) == []


def test_a_condition_on_a_loop_variable_moves_nothing() -> None:
    assert codes(network("for i in 0..3 { if i == 0 { relu }\nconv(3, 1x1) }")) == []


def test_the_network_is_chosen_by_name() -> None:
    text = "network a() { input x: [N, 3]; relu }\nnetwork b() { input x: [N, 3]; tanh }"
    assert codes(run(text)) == ["E0809"]
    assert codes(run(text, "c")) == ["E0807"]
    assert paths(run(text, "b")) == ["0"]
    assert codes(run("block b() { relu }")) == ["E0808"]


@pytest.mark.parametrize("name", ["b.arch", "specs/b.arch", "C:\\specs\\b.arch", "b"])
def test_of_several_networks_the_one_named_as_the_file_is_meant(name: str) -> None:
    text = "network a() { input x: [N, 3]; relu }\nnetwork b() { input x: [N, 3]; tanh }"
    checked = check(Source(name, text))
    assert checked.program is not None
    assert checked.program.title == "b"
