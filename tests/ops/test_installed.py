"""Ops of other packages: a little one is installed in a temporary folder, good and bad in every way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.compiler import Checked, check
from archdsl.cost import Costs
from archdsl.emit.pytorch import emit
from archdsl.ops import installed
from archdsl.source import Source
from archdsl.verify import verify

LAYERS = '''
from math import prod
from typing import Literal, Optional

import torch
from torch import nn

from archdsl.ir.dim import Dim
from archdsl.ops.form import Form, P, X, call
from archdsl.ops.modules import module_op
from archdsl.ops.op import Op, op


def halves(x, parts):
    if x.rank != 4:
        raise ValueError("it needs maps, [N, C, H, W]")
    return x.replace(1, x.dims[1] // parts)


@module_op(shape=lambda x: x, sizes={"channels": 1})
class Gate(nn.Module):
    """Weigh each channel."""

    def __init__(self, channels: int, slope: float = 1, *, bias: bool = True, device=None) -> None:
        super().__init__()
        self.slope = slope
        self.weight = nn.Parameter(torch.rand(channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1)) if bias else None
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))
        self.register_buffer("scratch", torch.zeros(3), persistent=False)

    def forward(self, x):
        return x * self.slope * self.weight + (0 if self.bias is None else self.bias)


class Maxout(nn.Module):
    """The largest of `parts` neighbouring maps."""

    def __init__(self, parts: int, by: Literal["max", "min"] = "max", sizes: "tuple[int, ...]" = (2, 2)) -> None:
        super().__init__()
        self.parts, self.by, self.pair = parts, by, sizes
        if parts > 3:
            raise ValueError("at most 3 parts")

    def forward(self, x):
        x = x.unflatten(1, (-1, self.parts))
        assert self.pair == [2, 2] or self.pair == (2, 2)
        return x.amax(2) if self.by == "max" else x.amin(2)


maxout = module_op(Maxout, shape=halves)


@module_op(
    shape=lambda x, units: x.replace(-1, Dim.of(units)),
    sizes={"features": -1},
    macs=lambda x, output, units: x[-1] * prod(output),
)
class Mix(nn.Module):
    """A matrix product."""

    def __init__(self, features: int, units: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(units, features))

    def forward(self, x):
        return x @ self.weight.T


miscounts = module_op(Maxout, shape=halves, macs=lambda x, output: 1 // 0)


def twice(x):
    return x + x


@op("double", role="activation")
class Double(Op):
    """Twice the number."""

    def shape(self, x):
        return x

    def torch(self, x):
        return Form(function=call("mypackage.layers:twice", X()))


class Bare(nn.Module):
    pass


@op("other", role="activation")
class Other(Op):
    """Under another name."""


LIMIT = 3


def bad(word, **rules):
    """An op of which one rule is bad."""
    good = {"shape": lambda self, x: x, "torch": lambda self, x: Form(function=call("F.relu", X()))}
    return op(word, role="activation")(type("Bad", (Op,), {"__doc__": "", **good, **rules}))


def fails(*_):
    raise KeyError("oops")


raises = bad("raises", shape=fails)
nonsense = bad("nonsense", shape=lambda self, x: [1, 2])
empty = bad("empty", shape=lambda self, x: x.replace(0, Dim.of(0)))
formless = bad("formless", torch=lambda self, x: None)
injection = bad("injection", torch=lambda self, x: Form(function=call("F.relu; import os", X())))
stateful = bad("stateful", state=fails)
uncounted = bad("uncounted", macs=lambda self, *_: "many")
'''

ENTRIES = {
    "gate": "mypackage.layers:Gate",
    "maxout": "mypackage.layers:maxout",
    "mix": "mypackage.layers:Mix",
    "miscounts": "mypackage.layers:miscounts",
    "double": "mypackage.layers:Double",
    "conv": "mypackage.layers:nowhere",
    "lost": "mypackage.layers:nowhere",
    "gone": "mypackage.gone:Gate",
    "exits": "mypackage.exits:Gate",
    "untyped": "mypackage.untyped:Gate",
    "bare": "mypackage.layers:Bare",
    "wrong": "mypackage.layers:Other",
    "number": "mypackage.layers:LIMIT",
    **{f"{name}": f"mypackage.layers:{name}" for name in ("raises", "nonsense", "empty", "formless", "injection")},
    **{f"{name}": f"mypackage.layers:{name}" for name in ("stateful", "uncounted")},
}
UNTYPED = """
from torch import nn
from archdsl.ops.modules import module_op

@module_op(shape=lambda x: x)
class Gate(nn.Module):
    def __init__(self, act) -> None:
        super().__init__()
"""


def install(folder: Path, name: str, entries: dict[str, str], version: str = "1.2") -> None:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = "".join(f"{word} = {value}\n" for word, value in entries.items())
    (info / "entry_points.txt").write_text(f"[archdsl.ops]\n{lines}")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on `sys.path` in which the package is installed."""
    package = tmp_path / "mypackage"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "layers.py").write_text(LAYERS)
    (package / "exits.py").write_text("raise SystemExit(3)\n")
    (package / "untyped.py").write_text(UNTYPED)
    install(tmp_path, "mypackage", ENTRIES)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(installed, "_found", {})
    yield tmp_path
    for module in [name for name in sys.modules if name.partition(".")[0] == "mypackage"]:
        del sys.modules[module]


def checked(steps: str, sizes: str = "[N, 8, 6, 6]") -> Checked:
    return check(Source("net.arch", f"network net {{\n    input x: {sizes}\n    {steps}\n}}\n"))


def said(steps: str, sizes: str = "[N, 8, 6, 6]") -> tuple[str, str]:
    """The code of the only error, and its title and label."""
    (only,) = checked(steps, sizes).diagnostics
    return only.code, f"{only.title} ({only.label})"


@pytest.mark.usefixtures("site")
def test_a_module_with_a_shape_rule_is_an_op() -> None:
    found = checked("conv(4, 3x3) -> g: gate(slope=2) -> relu -> gate(bias=false) -> maxout(2, by=min)")
    assert [d.title for d in found.diagnostics] == []
    program = found.program
    assert program is not None
    torch.manual_seed(0)
    module = archdsl.api.build(program)
    assert verify(program, module) == []
    keys = ["0.weight", "0.bias", "g.weight", "g.bias", "g.seen", "3.weight", "3.seen"]
    assert list(module.state_dict()) == keys
    x = torch.rand(2, 8, 6, 6)
    layers = sys.modules["mypackage.layers"]
    conv, gate, plain, _ = module.children()
    assert type(gate) is layers.Gate and gate.slope == 2.0 and type(gate.slope) is float
    expected = plain(torch.relu(gate(conv(x)))).unflatten(1, (2, 2)).amin(2)
    assert torch.equal(module(x), expected)
    exported = torch.export.export(module, (x,))
    torch.testing.assert_close(exported.module()(x), expected)


@pytest.mark.usefixtures("site")
def test_its_cost_is_what_it_says() -> None:
    program = checked("conv(4, 3x3) -> gate -> mix(5)").program
    assert program is not None
    convolution, mixed = (4 * 4 * 4) * (8 * 9), (4 * 4 * 5) * 4
    assert Costs(program).total.macs == convolution + mixed


@pytest.mark.usefixtures("site")
def test_its_parameters_start_as_rules_say() -> None:
    program = checked(
        "conv(8, 1x1) -> gate -> g: gate(init=4) -> h: gate(freeze=true); init { conv: 2; gate.weight: 3 }"
    )
    assert program.diagnostics == ()
    assert program.program is not None
    state = archdsl.api.build(program.program).state_dict(keep_vars=True)
    values = {key: float(state[key].detach().flatten()[0]) for key in state if key.endswith("weight")}
    assert values == {"0.weight": 2, "1.weight": 3, "g.weight": 4, "h.weight": 3}
    assert {key for key in state if state[key].is_leaf and key[0] == "h" and state[key].requires_grad} == set()
    assert said("gate; init { gate.wieght: 3 }") == ("E0216", "`gate` has no parameter `wieght` (names nothing)")
    assert said("maxout(2); init { maxout: 3 }") == ("E0216", "`maxout` has no parameters (names nothing)")
    assert checked("gate(bias=false); init { gate: constant(1) }").diagnostics == ()
    assert checked("relu; init { gate.other: 3 }").diagnostics == (), "a network without the op may share its rules"
    assert said("gate(init=constant(gain=1))") == ("E0216", "`gate` has no parameter `gain` (names nothing)")


@pytest.mark.usefixtures("site")
def test_an_op_class_writes_its_own_form(tmp_path: Path) -> None:
    program = checked("double -> conv(4, 1x1)").program
    assert program is not None
    source = emit(program)
    assert "from mypackage.layers import twice\n" in source
    module = archdsl.api.build(program)
    x = torch.rand(1, 8, 6, 6)
    (conv,) = module.children()
    assert torch.equal(module(x), conv(x + x))


@pytest.mark.usefixtures("site")
def test_its_parameters_start_and_freeze_like_others() -> None:
    rules = 'init { "*.weight": zeros }'
    program = checked(f"a: gate -> b: gate(init=ones) -> c: gate(freeze=true) -> conv(4, 1x1)\n    {rules}").program
    assert program is not None
    module = archdsl.api.build(program)
    starts = {name: set(parameter.flatten().tolist()) for name, parameter in module.named_parameters()}
    assert (starts["a.weight"], starts["b.weight"], starts["c.weight"]) == ({0.0}, {1.0}, {0.0})
    frozen = {name for name, parameter in module.named_parameters() if not parameter.requires_grad}
    assert frozen == {"c.weight", "c.bias"}


@pytest.mark.usefixtures("site")
def test_names_of_the_spec_and_of_archdsl_come_first() -> None:
    text = "block gate() { relu }\nnetwork net {\n    input x: [N, 8, 6, 6]\n    gate -> conv(4, 1x1)\n}\n"
    assert check(Source("net.arch", text)).diagnostics == ()
    assert "mypackage" not in sys.modules


@pytest.mark.usefixtures("site")
def test_a_class_of_the_spec_gets_another_name() -> None:
    text = "block Gate(w) { conv(w, 1x1) -> gate }\nnetwork net {\n    input x: [N, 8, 6, 6]\n    Gate(4) -> gate\n}\n"
    program = check(Source("net.arch", text)).program
    assert program is not None
    assert verify(program) == []


@pytest.mark.parametrize(
    ("steps", "code", "text"),
    [
        ("lost", "E1101", "`lost` is an op of mypackage 1.2, which can't be imported (mypackage.layers:nowhere: Attr"),
        ("gone", "E1101", "`gone` is an op of mypackage 1.2, which can't be imported (mypackage.gone:Gate: ModuleNot"),
        ("exits", "E1101", "`exits` is an op of mypackage 1.2, which can't be imported (mypackage.exits:Gate: SystemE"),
        ("untyped", "E1101", "`untyped` is an op of mypackage 1.2, which can't be imported (mypackage.untyped:Gate: T"),
        (
            "bare",
            "E1102",
            "`bare` of mypackage 1.2 is no op (mypackage.layers:Bare is an nn.Module without a",
        ),
        ("wrong", "E1102", "`wrong` of mypackage 1.2 is no op (mypackage.layers:Other calls itself `other`)"),
        ("number", "E1102", "`number` of mypackage 1.2 is no op (mypackage.layers:LIMIT is an int, not a class)"),
        ("raises", "E1104", "`raises` of mypackage 1.2 failed: its shape rule raised KeyError: 'oops' (a bug of mypac"),
        ("nonsense", "E1104", "`nonsense` of mypackage 1.2 failed: its shape rule gave [1, 2], not a Shape (a bug of"),
        ("empty", "E1104", "`empty` of mypackage 1.2 failed: its shape rule gave [0, 8, 6, 6], not a Shape"),
        ("formless", "E1104", "`formless` of mypackage 1.2 failed: its form gave None, not a Form that can be writ"),
        ("injection", "E1104", "`injection` of mypackage 1.2 failed: its form gave Form("),
        ("stateful", "E1104", "`stateful` of mypackage 1.2 failed: its state raised KeyError: 'oops'"),
        ("miscounts(2)", "E1104", "`miscounts` of mypackage 1.2 failed: its count of MACs raised ZeroDivisionError"),
        ("uncounted", "E1104", "`uncounted` of mypackage 1.2 failed: its count of MACs gave 'many', not a number"),
        ("maxout(4)", "E1105", "`maxout` of mypackage 1.2: at most 3 parts (refused here)"),
        ("flatten -> maxout(2)", "E1105", "`maxout` of mypackage 1.2: it needs maps, [N, C, H, W] (refused here)"),
        ("maxout", "E0402", "`maxout` needs an argument"),
        ("gate(slop=2)", "E0210", "`gate` has no parameter `slop`"),
        ("gatee", "E0202", "there is no op, block or connector named `gatee`"),
    ],
)
@pytest.mark.usefixtures("site")
def test_what_goes_wrong_in_a_package_is_said_by_its_name(steps: str, code: str, text: str) -> None:
    found, whole = said(steps)
    assert (found, whole[: len(text)]) == (code, text)


def test_two_packages_with_one_word(site: Path) -> None:
    install(site, "another", {"gate": "another:Gate"}, "0.1")
    code, text = said("gate")
    assert (code, text) == (
        "E1103",
        "`gate` is an op of several packages: another 0.1 and mypackage 1.2 (which one?)",
    )


@pytest.mark.usefixtures("site")
def test_a_size_that_decides_weights_may_not_be_free() -> None:
    assert said("gate", "[N, C, 6, 6]")[0] == "E0313"


def test_other_specs_import_neither_the_package_nor_the_list_of_packages(site: Path) -> None:
    spec = site / "net.arch"
    spec.write_text("network net {\n    input x: [N, 8]\n    linear(4) -> relu\n}\n")
    code = (
        "import sys; from archdsl.cli.main import main; main(['check', sys.argv[1]]);"
        "print(*{'mypackage', 'archdsl.ops.installed', 'archdsl.ops.guard'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(spec)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


@pytest.mark.usefixtures("site")
def test_listed_with_their_package(capsys: pytest.CaptureFixture[str]) -> None:
    from archdsl.cli.main import main

    main(["ops"])
    assert "gate       mypackage 1.2 (mypackage.layers:Gate)" in capsys.readouterr().out
    assert "mypackage" not in sys.modules
    main(["ops", "gate"])
    page = capsys.readouterr().out
    assert page.startswith("gate(slope=1.0, bias=true)\n\nWeigh each channel.\n\nFrom the package mypackage 1.2.\n")
    assert main(["ops", "bare"]) == 2
    assert "E1102" in capsys.readouterr().err
