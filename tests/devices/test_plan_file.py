"""Plan files: what is written is read back, and nothing else is taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from archdsl.api import program
from archdsl.devices.plan.ask import ask
from archdsl.devices.plan.choose import Request
from archdsl.devices.plan.file import plan_json, read_plan
from archdsl.devices.plan.machine import Machine
from archdsl.devices.plan.match import stages_of
from archdsl.devices.plan.plan import Plan
from archdsl.ir.graph import Program
from archdsl.reading import Refusal
from tests.devices.networks import steps

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "plan.schema.json").read_text(encoding="utf-8"))


SLOW = Machine(flops=10**8)
"""So slow that stages pay even for this network."""


def network() -> Program:
    return steps(
        "a: { conv(8, 3x3, pad=1) -> relu -> conv(8, 1x1) }",
        "b: residual { conv(8, 1x1) -> relu }",
        "inception { conv(4, 1x1); c: conv(4, 3x3, pad=1) }",
        "add(@, @a) -> conv(2, 1x1)",
    )


def plan(asked: Request | None = None) -> Plan:
    return ask(network(), asked or Request(3, 7, SLOW)).plan


def written(folder: Path, change: Callable[[dict[str, Any]], object] = lambda _: None) -> str:
    document = json.loads(plan_json(plan(), network()))
    change(document)
    path = folder / "plan.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def refused(path: str) -> str:
    """What is said of a file: code and title."""
    with pytest.raises(Refusal) as refusal:
        stages_of(read_plan(path), network(), path)
    (diagnostic,) = refusal.value.diagnostics
    assert diagnostic.label
    assert all(help.text for help in diagnostic.all_helps)
    return f"{diagnostic.code}: {diagnostic.title}"


@pytest.mark.parametrize("asked", [Request(3, 7, SLOW), Request(4, 64, schedule="gpipe"), Request(1, 1)], ids=str)
def test_what_is_written_is_read_back(asked: Request, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(plan_json(plan(asked), network()), encoding="utf-8")
    assert repr(read_plan(str(path))) == repr(plan(asked))


@pytest.mark.parametrize("variant", ["resnet18", "resnet50"])
def test_files_are_as_the_schema_says(variant: str, tmp_path: Path) -> None:
    made = program(ROOT / "specs" / "resnet.arch", variant)
    jsonschema.validate(json.loads(plan_json(ask(made, Request(4, 17)).plan, made)), SCHEMA)


def test_stages_are_all_steps_once(tmp_path: Path) -> None:
    path = written(tmp_path)
    found = stages_of(read_plan(path), network(), path)
    assert len(found) == len(plan().stages) > 1
    assert sorted(number for part in found for number in part) == list(range(sum(map(len, found))))


NO = "E1356: `plan.json` is not a plan: "

CHANGES: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda d: d.pop("format"), NO + 'it does not say `"format": "archdsl-plan"`'),
    (lambda d: d.pop("batch"), NO + "the file has no `batch`"),
    (lambda d: d.update(mood="good"), NO + "the file has a field `mood` that no plan has"),
    (lambda d: d.update(batch=True), NO + "`batch` of the file is not a positive integer"),
    (lambda d: d.update(batch=-8), NO + "`batch` of the file is not a positive integer"),
    (lambda d: d.update(version="1"), NO + "`version` of the file is not a positive integer"),
    (lambda d: d.update(schedule="zigzag"), NO + "`schedule` of the file is not one of 1f1b, gpipe"),
    (lambda d: d.update(machine=[]), NO + "`machine` is not an object"),
    (
        lambda d: d["machine"].update(optimizer="lion"),
        NO + "`optimizer` of `machine` is not one of sgd, momentum, adam",
    ),
    (lambda d: d.update(stages={}), NO + "`stages` of the file is not a list"),
    (lambda d: d.update(stages=[]), NO + "it has no stages"),
    (lambda d: d["stages"].__setitem__(0, 3), NO + "stage 1 is not an object"),
    (lambda d: d["stages"][1].update(steps=[4]), NO + "`steps` of stage 2 are not paths of steps"),
    (lambda d: d["stages"][1].update(steps=[]), NO + "`steps` of stage 2 are not paths of steps"),
    (lambda d: d["predicted"].update(bubble="much"), NO + "`bubble` of `predicted` is not a number from 0 on"),
    (lambda d: d.update(params={"a": 1}), NO + "`params` of the file is not an object of texts"),
    (lambda d: d.update(replicas=2), NO + "2 stages x 2 replicas are more than 3 devices"),
    (lambda d: d.update(microbatches=4), NO + "a batch of 7 does not divide into 1 x 4 microbatches"),
    (lambda d: d.update(version=2), "E1357: `plan.json` is a plan of version 2; this archdsl reads version 1"),
    (lambda d: d.update(network="other"), "E1358: `plan.json` is a plan of another network: it is of other, not net"),
    (
        lambda d: d.update(params={"width": "8"}),
        "E1358: `plan.json` is a plan of another network: it was made with width = 8, here it is not a parameter",
    ),
    (
        lambda d: d.update(sha256="0" * 64),
        "E1358: `plan.json` is a plan of another network: the spec has changed (sha256 000000000000, now ",
    ),
    (
        lambda d: d["stages"][0]["steps"].append("conv9"),
        "E1359: the stages of `plan.json` don't fit the network: there is no step `conv9`",
    ),
    (
        lambda d: d["stages"][1]["steps"].append(d["stages"][0]["steps"][0]),
        "E1359: the stages of `plan.json` don't fit the network: `a.0` is named twice",
    ),
    (
        lambda d: d["stages"][-1]["steps"].pop(),
        "E1359: the stages of `plan.json` don't fit the network: `4` is on no stage",
    ),
    (
        lambda d: d["stages"].reverse(),
        "E1359: the stages of `plan.json` don't fit the network: ",
    ),
]


@pytest.mark.parametrize(("change", "said"), CHANGES, ids=[said[-30:] for _, said in CHANGES])
def test_anything_else_is_refused(change: Callable[[dict[str, Any]], object], said: str, tmp_path: Path) -> None:
    assert refused(written(tmp_path, change)).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is not JSON"),
        ("[1]", "it is not a JSON object"),
        ("[" * 100_000, "it is not JSON"),
        ('{"a": 1, "a": 2}', "it names a field twice"),
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": ' + "9" * 5000 + "}", "a number is too large"),
        ("\udcff", "it is not JSON"),
    ],
    ids=["empty", "list", "deep", "twice", "nan", "large", "bytes"],
)
def test_no_text_is_a_plan(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert refused(str(path)) == NO + said


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(b" " * (8 * 1024 * 1024 + 1))
    assert refused(str(path)) == NO + "it has more than 8,388,608 bytes"


def test_a_missing_file(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(Refusal) as refusal:
        read_plan(str(tmp_path / "plam.json"))
    (diagnostic,) = refusal.value.diagnostics
    assert diagnostic.code == "E0801"
    assert "plan.json" in diagnostic.all_helps[0].text
