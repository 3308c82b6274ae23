"""Which outputs a network has, and when the steps of their side chains run."""

from __future__ import annotations

import pytest

from archdsl.compiler import check
from archdsl.ir.graph import Graph, Node
from archdsl.source import Source


def graph(body: str, rest: str = "", target: str | None = None) -> Graph:
    text = f"network net {{\n    input image: [N, 3, 8, 8]\n{body}\n}}\n{rest}"
    checked = check(Source("net.arch", text), target)
    assert checked.program is not None, [diagnostic.title for diagnostic in checked.diagnostics]
    return checked.program.graph


def outputs(graph: Graph) -> list[tuple[str, bool]]:
    assert len(graph.outputs) == len(graph.returns)
    return [(output.label, output.training) for output in graph.returns]


def labels(nodes: list[Node]) -> list[str]:
    return [".".join(node.name or ("-",)) for node in nodes]


def test_the_last_value_is_the_output_of_a_network_that_states_none() -> None:
    net = graph("a: conv(4, 1x1)")
    assert outputs(net) == [("", False)]
    assert net.outputs[0].node.name == ("a",)


def test_stated_outputs_are_exactly_those_stated() -> None:
    net = graph("a: conv(4, 1x1)\noutput mask: conv(2, 1x1)\noutput features: @a")
    assert outputs(net) == [("mask", False), ("features", False)]
    assert labels([value.node for value in net.outputs]) == ["mask", "a"]


def test_outputs_of_training_come_behind_the_main_ones_and_leave_the_last_value() -> None:
    net = graph("output aux(training, weight=0.3): conv(2, 1x1)\na: conv(4, 1x1)")
    assert outputs(net) == [("output", False), ("aux", True)]
    assert net.returns[1].weight == 0.3
    assert labels([value.node for value in net.main]) == ["a"]


def test_a_side_chain_lets_the_current_value_pass() -> None:
    net = graph("a: conv(4, 1x1)\noutput mask: conv(2, 1x1) -> relu\nb: relu\noutput last: @")
    by_name = dict(zip(labels(net.nodes), net.nodes))
    assert by_name["b"].inputs[0].node is by_name["mask"].inputs[0].node is by_name["a"]


@pytest.mark.parametrize(
    ("chain", "named"),
    [
        ("@a -> conv(2, 1x1)", "mask"),
        ("@a -> own: conv(2, 1x1)", "own"),
        ("own: conv(2, 1x1)", "own"),
        ("conv(2, 1x1) * 2", "mask"),
        ("{ conv(2, 1x1) }", "mask"),
        ("residual { conv(4, 1x1) }", "mask"),
    ],
)
def test_its_name_labels_the_first_step_that_is_no_reference_and_has_no_label(chain: str, named: str) -> None:
    net = graph(f"a: conv(4, 1x1)\noutput mask: {chain}\nb: relu\noutput last: @b")
    assert labels(net.nodes)[1] == named


def test_a_reference_alone_names_a_value_and_takes_no_label() -> None:
    net = graph("mask: conv(4, 1x1)\noutput mask: @mask\noutput again: @")
    assert outputs(net) == [("mask", False), ("again", False)]
    assert net.outputs[0] is net.outputs[1]


@pytest.mark.parametrize(
    ("body", "order"),
    [
        # Registered where it is written, run behind the step that it begins with.
        ("a: relu\nb: relu\noutput o(training): @a -> conv(2, 1x1)", ["a", "o", "b"]),
        # Several of one step: in textual order.
        ("a: relu\nb: relu\noutput o: @a -> relu\noutput p: @a -> relu\noutput q: @", ["a", "o", "p", "b"]),
        # From the input: before everything.
        ("a: relu\noutput o(training): @image -> conv(2, 1x1)", ["o", "a"]),
        # From inside a group: behind the group.
        ('g: { a: conv(4, 1x1); relu }\nb: relu\noutput o(training): @"g.a" -> relu', ["g", "o", "b"]),
        # It takes other values too: behind the last of them.
        ("a: relu\nb: relu\nc: relu\noutput o(training): @a -> add(@, @b) -> relu", ["a", "b", "-", "3", "c"]),
        # From another side chain: behind that.
        ("a: relu\nb: relu\noutput o: @a -> x: relu\noutput p: @x -> relu\noutput q: @b", ["a", "x", "p", "b"]),
        # From the current value: where it is written.
        ("a: relu\noutput o(training): relu\nb: relu", ["a", "o", "b"]),
    ],
)
def test_run_order(body: str, order: list[str]) -> None:
    net = graph(body)
    assert labels(net.schedule) == order
    assert sorted(map(id, net.schedule)) == sorted(map(id, net.nodes))


def test_the_textual_order_stays_for_registration() -> None:
    net = graph("a: relu\nb: relu\noutput o(training): @a -> conv(2, 1x1)")
    assert labels(net.nodes) == ["a", "b", "o"]
    assert net.order is not None


def test_no_order_of_its_own_where_the_textual_one_holds() -> None:
    assert graph("a: relu\noutput o(training): @a -> relu\nb: relu").order is None


def test_outputs_in_loops_and_conditions() -> None:
    body = 'for i in 0..3 { "s{i}": relu; output "tap{i}": @"s{i}" }\nif false { output no: relu }\noutput last: @'
    assert outputs(graph(body)) == [("tap0", False), ("tap1", False), ("tap2", False), ("last", False)]


def test_outputs_of_variants_come_behind_those_of_their_base() -> None:
    rest = "variant taps = net() { output c2: @a }\nvariant more = taps() { output aux(training): @a -> relu }"
    body = "a: conv(4, 1x1)\nb: relu"
    assert outputs(graph(body, rest, "net")) == [("", False)]
    assert outputs(graph(body, rest, "taps")) == [("output", False), ("c2", False)]
    more = graph(body, rest, "more")
    assert outputs(more) == [("output", False), ("c2", False), ("aux", True)]
    assert labels(more.schedule) == ["a", "aux", "b"]


def test_a_variant_may_use_what_its_network_leaves() -> None:
    """A value that leads nowhere is a mistake of the network, not of the variant that gives it back."""
    text = "network net {\n    input x: [N, 3]\n    a: linear(2)\n    @x -> b: linear(2)\n}\n"
    checked = check(Source("net.arch", text + "variant both = net() { output left: @a }"), "both")
    assert checked.program is not None
    assert [d.code for d in check(Source("net.arch", text)).diagnostics] == ["E0211"]


def test_many_side_chains_are_ordered_in_time() -> None:
    """10,000 heads on the first of 10,000 steps: quadratic work would take minutes."""
    body = 'a: relu\nfor i in 0..10000 { relu }\nfor i in 0..10000 { output "o{i}": @a -> relu }\noutput last: @'
    net = graph(body)
    assert labels(net.schedule)[:2] == ["a", "o0"]
    assert labels(net.schedule)[-1] == "10000"


# ---- several inputs


TWINS = """
network twins {
    input left: [N, 3, H = 8, W = 8]
    input right: [N, 3, H, W]
    @left -> a: conv(4, 1x1)
    @right -> b: conv(4, 1x1)
    add(@a, @b)
}
"""


def test_free_sizes_are_shared_by_inputs() -> None:
    """The sum is only allowed because both inputs have one H and one W."""
    checked = check(Source("net.arch", TWINS))
    assert checked.program is not None
    assert [value.node.outputs[0].shape for value in checked.program.graph.inputs]
    assert str(checked.program.graph.outputs[0].shape) == "4xHxW"
    apart = check(Source("net.arch", TWINS.replace("[N, 3, H, W]", "[N, 3, A = 8, B = 8]")))
    assert [diagnostic.code for diagnostic in apart.diagnostics] == ["E0314"]


def test_an_input_may_depend_on_a_condition() -> None:
    text = """
network n(masked = false) {
    input image: [N, 3, H = 8, W = 8]
    if masked { input mask: [N, 1, H, W] }
    @image -> conv(4, 1x1)
    if masked { mul(@, @mask) }
}
variant m = n(masked=true)
"""
    for target, names in (("n", ["image"]), ("m", ["image", "mask"])):
        checked = check(Source("net.arch", text), target)
        assert checked.program is not None, [diagnostic.title for diagnostic in checked.diagnostics]
        assert [value.node.label for value in checked.program.graph.inputs] == names


def test_the_only_input_may_depend_on_one() -> None:
    text = "network n(gray = true) {\n    if gray { input x: [N, 1, 8, 8] } else { input x: [N, 3, 8, 8] }\n"
    text += "    conv(@in.channels, 1x1)\n}"
    checked = check(Source("net.arch", text))
    assert checked.program is not None, [diagnostic.title for diagnostic in checked.diagnostics]
    assert str(checked.program.graph.outputs[0].shape) == "1x8x8"


def test_a_size_that_where_fixes_is_a_number() -> None:
    text = "network n {\n    input x: [N, H, W = 5] where H == 4, W >= 5, W <= 5\n    flatten -> linear(H + W)\n}"
    checked = check(Source("net.arch", text))
    assert checked.program is not None, [diagnostic.title for diagnostic in checked.diagnostics]
    assert str(checked.program.graph.outputs[0].shape) == "9"
