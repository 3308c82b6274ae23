"""The transfers of each device, derived from its network: the same for all, or the network is refused."""

from __future__ import annotations

import pytest

from archdsl.devices.error import DevicesError
from archdsl.devices.local import group_mesh, local
from archdsl.devices.sequences import compare, prove, sequence
from archdsl.devices.traffic import traffic
from archdsl.ir.graph import Graph, Layer, Scope
from tests.devices import nets
from tests.devices.agreement import Case

SPLIT = {case.title: case for case in (*nets.TWO, *nets.FOUR) if case.devices > 1}


@pytest.mark.parametrize("case", SPLIT.values(), ids=SPLIT.keys())
def test_all_devices_take_part_in_the_same(case: Case) -> None:
    mesh = group_mesh(case.program)
    assert mesh is not None
    prove(case.program, mesh)


def test_it_is_what_the_spec_says() -> None:
    own = sequence(local(nets.Case("towers", nets.TOWERS, (1, 3, 31, 31)).program, 0))
    forward = [str(each) for each in own.forward]
    assert forward == [
        "all_gather of [N, 32, 6, 6]",
        "all_gather of [N, 32, 3, 3]",
        "all_gather of [N, 64]",
        "all_gather of [N, 64]",
    ]
    backward = [str(each) for each in own.backward]
    assert backward == [
        "reduce_scatter of [N, 64]",
        "reduce_scatter of [N, 32, 3, 3]",
        "reduce_scatter of [N, 32, 6, 6]",
    ]
    assert [each.bytes for each in own.forward] == [4 * 32 * 36, 4 * 32 * 9, 256, 256]


CHECKPOINTED = """
mesh gpus[2]
block pair() { linear(6) -> exchange }
network net() {
    input x: [N, 4]
    split(gpus) {
        a: linear(8) -> exchange
        checkpoint { linear(10) -> exchange -> linear(12) -> relu -> exchange }
        for i in 0..2 { checkpoint { pair } }
    }
}
"""


def test_what_is_in_a_checkpoint_is_told_again() -> None:
    """Checkpoints that are neighbours, or one block called twice, each for themselves."""
    own = sequence(local(Case("net", CHECKPOINTED, (1, 4)).program, 0))
    gathers = [f"all_gather of [N, {size}]" for size in (8, 10, 12, 6, 6)]
    assert [str(each) for each in own.forward] == gathers
    assert [str(each) for each in own.backward] == [
        *(gathers[4], "reduce_scatter of [N, 6]"),
        *(gathers[3], "reduce_scatter of [N, 6]"),
        *(*gathers[1:3], "reduce_scatter of [N, 12]", "reduce_scatter of [N, 10]"),
        "reduce_scatter of [N, 8]",
    ]


def swap(graph: Graph, first: str, second: str) -> None:
    """Let two steps run in the other order."""
    places = {
        node.op.name if isinstance(node, Layer) and node.name is None else ".".join(node.name or ()): i
        for i, node in enumerate(graph.nodes)
    }
    i, j = places[first], places[second]
    graph.nodes[i], graph.nodes[j] = graph.nodes[j], graph.nodes[i]


TWO_WAYS = """
mesh gpus[2]
network net() {
    input x: [N, 8]
    split(gpus) {
        linear(16)
        inception {
            b: { exchange -> relu }
            c: { linear(8) -> exchange }
        }
    }
}
"""


def test_a_device_that_is_out_of_order_is_found() -> None:
    """Deliberately broken: one device's gathers of equal shapes change places, so that they would swap numbers."""
    program = Case("net", TWO_WAYS, (1, 8)).program
    mesh = group_mesh(program)
    assert mesh is not None
    cuts = [local(program, device) for device in range(2)]
    scopes = [node for node in cuts[1].program.graph.nodes if isinstance(node, Scope)]
    assert len(scopes) == 2
    swap(cuts[1].program.graph, "b", "c")
    with pytest.raises(DevicesError, match="E1328") as raised:
        compare([sequence(each) for each in cuts], mesh, program)
    assert "gpus[0] and gpus[1] would not exchange the same values" in str(raised.value)
    assert "transfer 1 of the forward pass: all_gather of [N, 16] against all_gather of [N, 8]" in str(raised.value)


def test_bytes_are_those_of_the_traffic_report() -> None:
    """Among two devices a gathering moves the value's bytes once, in both directions together."""
    program = Case("towers", nets.TOWERS, (1, 3, 31, 31)).program
    own = sequence(local(program, 0))
    report = traffic(program, "N")
    assert sum(each.bytes for each in own.forward) == report.forward.at(1)
    assert sum(each.bytes for each in own.backward) == report.backward.at(1)
