"""The closed form of what a step moves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.cli.main import cli
from archdsl.devices.traffic import traffic
from archdsl.devices.traffic_amounts import Amount, Traffic
from archdsl.devices.traffic_report import report
from archdsl.devices.traffic_schemes import Scheme
from tests.devices.traffic_specs import ALEXNET, checked, small


def counted(text: str) -> Traffic:
    return traffic(checked(text), "N")


def moved(found: Traffic) -> list[tuple[str, str, str, int, int]]:
    return [
        (move.kind, move.source, move.reader, move.forward.sample, move.backward.sample)
        for move in found.moves
        if move.kind != "gradient"
    ]


def test_alexnet_of_2012() -> None:
    found = counted(ALEXNET)
    assert moved(found) == [
        ("exchange", "conv2", "conv3", 173_056, 173_056),
        ("exchange", "conv5", "fc6", 36_864, 36_864),
        ("exchange", "fc6", "fc7", 16_384, 16_384),
        ("exchange", "fc7", "fc8", 16_384, 16_384),
        ("gather", "fc8", "", 4_000, 0),
    ]
    assert found.total == Amount(0, 489_376)
    assert found.total + found.results * -1 == Amount(0, 485_376)
    assert [move.span and move.span.line for move in found.moves] == [9, 13, 14, 15, 6]


def test_groups_of_different_sizes_go_by_the_name_of_their_step() -> None:
    found = traffic(small(by=", by=[3, 5]", middle="groups: conv(8, 1x1) -> inside: { conv(8, 1x1) }"), "N")
    assert moved(found) == [
        ("exchange", "inside.0", "conv2", 8 * 4 * 4 * 4, 8 * 4 * 4 * 4),
        ("exchange", "conv2", "fc1", 8 * 2 * 2 * 4, 8 * 2 * 2 * 4),
        ("exchange", "fc1", "fc2", 24 * 4, 24 * 4),
        ("gather", "fc2", "", 16 * 4, 0),
    ]


def alexnet() -> dict[str, Scheme]:
    return {scheme.name: scheme for scheme in report(checked(ALEXNET), "N", 128, "gloo").schemes}


def test_other_ways_to_divide_alexnet() -> None:
    found = alexnet()
    assert found["data parallel"].moved == Amount(487_721_792, 0)
    assert found["one weird trick"].moved == Amount(18_672_640, 139_264)
    assert found["exchange everywhere"].moved == Amount(0, 2_083_584)
    assert round(found["data parallel"].equal or 0) == 1_005
    assert round(found["one weird trick"].equal or 0) == 54


@pytest.mark.parametrize("batch", [1, 2, 53, 54, 55, 1004, 1005, 3368, 3369, 10_000])
def test_the_least_is_the_least(batch: int) -> None:
    found = alexnet()
    least = min(found.values(), key=lambda scheme: scheme.moved.at(batch))
    winners = [s for s in found.values() if s.first is not None and s.first <= batch <= (s.last or batch)]
    assert winners == [least]


@pytest.mark.parametrize("devices", [2, 4, 8])
def test_an_exchange_tells_all_others(devices: int) -> None:
    found = moved(traffic(small(devices), "N"))
    assert found[0] == ("exchange", "conv1", "conv2", (devices - 1) * 16 * 4 * 4 * 4, (devices - 1) * 16 * 4 * 4 * 4)


def test_uneven_shares_move_as_much() -> None:
    assert moved(traffic(small(by=", by=[1, 3]"), "N")) == moved(traffic(small(), "N"))


def test_what_enters_comes_back_as_a_sum() -> None:
    found = traffic(small(4, before="conv0: conv(6, 1x1)"), "N")
    assert moved(found)[0] == ("enter", "conv0", "conv1", 0, 2 * 3 * 6 * 9 * 9 * 4)


def test_only_what_has_a_gradient_moves_back() -> None:
    frozen = traffic(small(before="conv0: conv(6, 1x1, freeze=true)"), "N")
    assert "enter" not in {move.kind for move in frozen.moves}
    text = ALEXNET.replace("stride=4)", "stride=4, freeze=true)").replace("pad=2)", "pad=2, freeze=true)")
    assert moved(counted(text))[0] == ("exchange", "conv2", "conv3", 173_056, 0)


def test_gradients_of_what_all_have() -> None:
    found = traffic(small(3, middle="exchange -> norm: bn -> conv(24, 1x1)", by=", by=[1, 1, 2]"), "N")
    steps = {move.path: move.backward for move in found.moves if move.kind == "gradient"}
    assert steps == {"norm.weight": Amount(2 * 2 * 16 * 4), "norm.bias": Amount(2 * 2 * 16 * 4)}


def test_steps_that_are_run_again_move_again() -> None:
    once = counted(
        "mesh gpus[2]\nnetwork net { input x: [N, 8, 4, 4]; split(gpus) { a: { conv(8, 1x1) -> exchange } } }"
    )
    twice = counted(
        "mesh gpus[2]\nnetwork net { input x: [N, 8, 4, 4]; split(gpus) { a: { conv(8, 1x1) -> exchange }; @a(@) } }"
    )
    assert once.forward == Amount(0, 8 * 16 * 4)
    assert twice.forward == once.forward * 2


def test_steps_of_one_device_tell_their_results() -> None:
    found = counted(
        "mesh gpus[3]\nnetwork net { input x: [N, 2, 4, 4]; conv(4, 1x1); on(gpus[1]) { conv(8, 1x1) }; conv(4, 1x1) }"
    )
    assert [(m.kind, m.forward, m.backward) for m in found.moves] == [
        ("on", Amount(0, 2 * 8 * 16 * 4), Amount(0, 2 * 4 * 16 * 4))
    ]


STAGED = """
mesh gpus[2]
network net {
    input x: [N, 3, 6, 6]
    stage { split(gpus) { early: conv(4, 3x3, pad=1) -> relu -> exchange -> late: conv(6, 3x3, pad=1) } }
    stage { relu; split(gpus) { conv(8, 3x3, pad=1) } -> flatten -> fc: linear(10) }
    stage { add { @; linear(10) } }
}
"""


ON = """
mesh gpus[2]
block two(c) { first: conv(c, 1x1) -> relu -> second: conv(c, 1x1) }
network net {
    input image: [N, 1, 2, 2]
    conv1: conv(8, 1x1)
    on(gpus[1]) { a: two(8) -> relu }
    on(gpus[0]) { conv3: conv(4, 1x1) -> relu }
    on(gpus[1]) { relu }
    fc: conv(2, 1x1)
}
"""


def test_between_which_layers_steps_on_devices_stand() -> None:
    """Whichever device counts: of another one's steps the first reads what is moved, and the last makes what comes."""
    assert moved(counted(ON)) == [
        ("on", "a.second", "conv3", 128, 128),
        ("on", "a.second", "conv3", 0, 128),
        ("on", "conv3", "fc", 64, 0),
        ("on", "conv3", "fc", 64, 64),
    ]


def test_stages_hand_on_from_each_place_of_a_split() -> None:
    found = counted(STAGED)
    assert found.devices == 6
    assert moved(found) == [
        ("exchange", "early", "late", 4 * 36 * 4, 4 * 36 * 4),
        ("gather", "late", "stage 2", 6 * 36 * 4, 0),
        ("stage", "stage 1", "stage 2", 2 * 6 * 36 * 4, 2 * 6 * 36 * 4),
        ("enter", "stage 1", "4", 0, 2 * 6 * 36 * 4),
        ("gather", "4", "fc", 8 * 36 * 4, 0),
        ("stage", "stage 2", "stage 3", 2 * 10 * 4, 2 * 10 * 4),
    ]
    assert found.results == Amount()


def test_what_skips_a_stage_is_handed_on_by_it() -> None:
    text = "stage { a: linear(4) }; stage { b: linear(8) }; stage { add { linear(8); @a -> linear(8) } }"
    found = counted(f"network net {{ input x: [N, 4]; {text} }}")
    assert moved(found) == [
        ("stage", "stage 1", "stage 2", 4 * 4, 4 * 4),
        ("stage", "stage 2", "stage 3", (4 + 8) * 4, (4 + 8) * 4),
    ]


def run(*args: str) -> str:
    result = CliRunner().invoke(cli, ["traffic", *args])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command(tmp_path: Path) -> None:
    spec = tmp_path / "alexnet.arch"
    spec.write_text(ALEXNET)
    text = run(str(spec)).replace(str(spec), "alexnet.arch")
    assert max(map(len, text.splitlines())) <= 80
    assert "489,376" in text and "1 to 53" in text and "54 to 3,368" in text and "from 3,369" in text
    found = json.loads(run(str(spec), "--batch", "64", "--json", "--backend", "nccl"))
    assert found["total"] == {"a_step": 0, "a_sample": 489_376, "at_batch": 64 * 489_376}
    assert found["backend"]["bytes"] == 64 * 489_376
    assert [move["line"] for move in found["transfers"]] == [9, 13, 14, 15, 6]


def test_each_transfer_on_the_back_end(tmp_path: Path) -> None:
    spec = tmp_path / "alexnet.arch"
    spec.write_text(ALEXNET)
    for backend in ("gloo", "nccl"):
        found = json.loads(run(str(spec), "--json", "--backend", backend))
        assert sum(move["on_backend"] for move in found["transfers"]) == found["backend"]["bytes"]
    bare = [move["on_backend"] for move in found["transfers"]]
    assert bare == [128 * (move["forward"]["a_sample"] + move["backward"]["a_sample"]) for move in found["transfers"]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (STAGED, ["in 3 stages on gpus[2]", "stage 1  stage 2", "4 conv"]),
        ("network net { input x: [N, 4]; stage { linear(4) }; stage { linear(2) } }", ["in 2 stages:", "as written"]),
        (
            "mesh gpus[2]; network net { input x: [N, 4]; a: linear(4); on(gpus[1]) { b: linear(4) }; linear(2) }",
            ["on  "],
        ),
        ("network net { input x: [N, 4]; linear(4) }", ["no `split`", "on 2 devices", "data parallel"]),
    ],
    ids=["split stages", "stages", "on", "nothing"],
)
def test_what_the_terminal_shows(text: str, said: list[str], tmp_path: Path) -> None:
    spec = tmp_path / "net.arch"
    spec.write_text(text.replace("; network", "\nnetwork"))
    shown = run(str(spec)).replace(str(spec), "net.arch")
    assert max(map(len, shown.splitlines())) <= 80
    assert [part for part in said if part not in shown] == []


def test_large_figures_fit_as_well(tmp_path: Path) -> None:
    spec = tmp_path / "net.arch"
    layers = "\n".join(f"far_too_long_a_name{i}: conv(512, 3x3, pad=1) -> exchange" for i in range(3))
    spec.write_text(f"mesh gpus[8]\nnetwork net {{\n input x: [N, 3, 99, 99]\n split(gpus) {{\n{layers}\nrelu }} }}")
    shown = run(str(spec), "--batch", "99999").replace(str(spec), "net.arch")
    assert max(map(len, shown.splitlines())) <= 80
    assert "35,126,784" not in shown and "140,507,136" in shown


def test_a_spec_that_speaks_of_no_devices(tmp_path: Path) -> None:
    spec = tmp_path / "net.arch"
    spec.write_text("network net { input x: [N, 8]; linear(4); linear(2) }")
    found = json.loads(run(str(spec), "--devices", "4", "--json"))
    assert "transfers" not in found
    assert [scheme["a_step"] for scheme in found["schemes"]] == [(8 * 4 + 4 + 4 * 2 + 2) * 4 * 2 * 3, 0, 0]
    assert [scheme["a_sample"] for scheme in found["schemes"]] == [0, 4 * 4 * 3 * 2, 4 * 4 * 3 * 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("network net { input x: [8, 4]; linear(4) }", "E1352"),
        (
            "mesh a[2]\nmesh b[2]\nnetwork net { input x: [N, 4]; split(a) { linear(4) }; split(b) { linear(4) } }",
            "E1327",
        ),
    ],
)
def test_what_cannot_be_counted(text: str, said: str, tmp_path: Path) -> None:
    spec = tmp_path / "net.arch"
    spec.write_text(text)
    result = CliRunner().invoke(cli, ["traffic", str(spec)])
    assert result.exit_code == 1
    assert said in result.output
    assert "internal error" not in result.output


def test_other_devices_than_the_spec_has(tmp_path: Path) -> None:
    spec = tmp_path / "net.arch"
    spec.write_text(ALEXNET)
    assert CliRunner().invoke(cli, ["traffic", str(spec), "--devices", "4"]).exit_code == 2


def test_it_needs_no_torch(tmp_path: Path) -> None:
    spec = tmp_path / "alexnet.arch"
    spec.write_text(ALEXNET)
    code = (
        "import sys; from archdsl.cli.main import main; "
        f"assert main(['traffic', {str(spec)!r}]) == 0; "
        "assert not sys.modules.keys() & {'torch', 'numpy', 'networkx'}"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
