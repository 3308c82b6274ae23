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
