"""Networks of several inputs and outputs as modules: types, gradients, pickles, `torch.compile` and `torch.export`."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import archdsl
from archdsl.cost import Costs
from archdsl.summary import summarize
from archdsl.verify import verify
from tests.emit.build import code, program

GOLDEN = Path(__file__).parents[1] / "golden" / "heads.arch"


# ---- against a module written by hand


NET = """
block cbr(width, kernel, pad = 0) {
    conv: conv(width, kernel, pad=pad, bias=false) -> bn: bn(eps=0.001) -> relu
}
block mixed(a, b, c) {
    inception {
        branch1: cbr(a, 1x1)
        branch2: { cbr(4, 1x1) -> cbr(b, 3x3, pad=1) }
        branch3: { maxpool(3x3, stride=1, pad=1, ceil=true) -> cbr(c, 1x1) }
    }
}
block head(classes) {
    avgpool(out=2x2)
    conv: cbr(8, 1x1) -> flatten
    fc1: linear(16) -> relu -> dropout(0.7)
    fc2: linear(classes)
}
network net(classes = 5, heads = true) {
    input image: [N, 3, H = 16, W = 16]
    conv1: cbr(8, 3x3, pad=1) -> maxpool(3x3, stride=2, ceil=true)
    inception4a: mixed(4, 8, 4)
    inception4b: mixed(8, 4, 4)
    inception5a: mixed(8, 8, 8)
    if heads {
        output aux1(training, weight=0.3): @inception4a -> head(classes)
        output aux2(training, weight=0.3): @inception4b -> head(classes)
    }
    avgpool(out=1x1) -> flatten -> dropout(0.2)
    fc: linear(classes)
}
variant bare = net(heads=false)
"""


class Cbr(nn.Module):
    def __init__(self, channels: int, width: int, kernel: int, pad: int = 0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, width, kernel, padding=pad, bias=False)
        self.bn = nn.BatchNorm2d(width, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)


class Mixed(nn.Module):
    def __init__(self, channels: int, a: int, b: int, c: int) -> None:
        super().__init__()
        self.branch1 = Cbr(channels, a, 1)
        self.branch2 = nn.Sequential(Cbr(channels, 4, 1), Cbr(4, b, 3, pad=1))
        self.branch3 = nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), Cbr(channels, c, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x)], 1)


class Head(nn.Module):
    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.conv = Cbr(channels, 8, 1)
        self.fc1 = nn.Linear(32, 16)
        self.fc2 = nn.Linear(16, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.flatten(self.conv(F.adaptive_avg_pool2d(x, 2)), 1)
        return self.fc2(F.dropout(F.relu(self.fc1(x), inplace=True), 0.7, self.training))


class Results(NamedTuple):
    logits: Tensor
    aux2: Tensor
    aux1: Tensor


class ByHand(nn.Module):
    """As torchvision writes its GoogLeNet: heads are made last, and run where their value is.

    `late`: they run last as well, which is another network as soon as random numbers or rounding count.
    """

    def __init__(self, late: bool = False) -> None:
        super().__init__()
        self.late = late
        self.conv1 = Cbr(3, 8, 3, pad=1)
        self.inception4a = Mixed(8, 4, 8, 4)
        self.inception4b = Mixed(16, 8, 4, 4)
        self.inception5a = Mixed(16, 8, 8, 8)
        self.aux1 = Head(16, 5)
        self.aux2 = Head(16, 5)
        self.fc = nn.Linear(24, 5)

    def forward(self, x: Tensor) -> Tensor | Results:
        x = F.max_pool2d(self.conv1(x), 3, 2, ceil_mode=True)
        a = self.inception4a(x)
        aux1 = self.aux1(a) if self.training and not self.late else None
        b = self.inception4b(a)
        aux2 = self.aux2(b) if self.training and not self.late else None
        x = torch.flatten(F.adaptive_avg_pool2d(self.inception5a(b), 1), 1)
        x = self.fc(F.dropout(x, 0.2, self.training))
        if not self.training:
            return x
        return Results(x, self.aux2(b) if aux2 is None else aux2, self.aux1(a) if aux1 is None else aux1)


def gradients(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """One step in training, dropout included: the loss, and every gradient."""
    torch.manual_seed(1)
    outputs = model.train()(x)
    target = torch.arange(len(x)) % 5
    main, aux1, aux2 = (F.cross_entropy(y, target) for y in (outputs[0], outputs.aux1, outputs.aux2))
    loss = main + 0.3 * (aux1 + aux2)
    loss.backward()
    return {"loss": loss.detach(), **{name: p.grad for name, p in model.named_parameters() if p.grad is not None}}


def made(make: Callable[[], nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return make()


def test_heads_are_those_of_a_module_written_by_hand() -> None:
    """Same seed, so the same weights; same dropout, so the same loss and gradients, bit for bit."""
    ours = made(lambda: archdsl.loads(NET, "net"))
    theirs = made(ByHand)
    state = theirs.state_dict()
    assert list(ours.state_dict()) == list(state)
    assert all(torch.equal(tensor, state[key]) for key, tensor in ours.state_dict().items())
    x = torch.randn(6, 3, 16, 16)
    one, other = gradients(ours, x), gradients(theirs, x)
    assert one.keys() == other.keys()
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())
    assert torch.equal(ours.eval()(x), theirs.eval()(x))


def test_when_the_heads_run_matters() -> None:
    """Else the test above would hold whatever the order."""
    x = torch.randn(6, 3, 16, 16)
    in_place = gradients(made(ByHand), x)
    late = gradients(made(lambda: ByHand(late=True)), x)
    assert not torch.equal(in_place["fc.weight"], late["fc.weight"])


# ---- what comes back


@pytest.fixture
def heads() -> nn.Module:
    return archdsl.load(GOLDEN, "heads")


@pytest.fixture
def taps() -> nn.Module:
    return archdsl.load(GOLDEN, "taps")


X = (torch.randn(2, 3, 32, 32), torch.rand(2, 1, 32, 32))


def test_a_named_tuple_in_training_and_a_tensor_in_use(heads: nn.Module) -> None:
    in_training, in_use = heads.train()(*X), heads.eval()(*X)
    assert in_training._fields == ("output", "logits1", "aux2", "turned")
    assert type(in_training).__name__ == "HeadsOutputs"
    assert type(in_use) is Tensor
    assert in_training.aux2.shape == in_use.shape == (2, 10)


def test_always_a_named_tuple_of_several_main_outputs(taps: nn.Module) -> None:
    for training in (True, False):
        outputs = taps.train(training)(*X)
        assert outputs._fields == ("output", "edges", "score", "logits1", "aux2", "turned")
        assert all((output is None) == (not training) for output in outputs[3:])
        assert outputs.edges.shape == (2, 8, 16, 16)


def test_weights_of_losses(heads: nn.Module) -> None:
    assert heads.loss_weights == {"logits1": 0.3, "aux2": 0.3}
    assert not hasattr(archdsl.loads(NET, "bare"), "loss_weights")


def test_inputs_by_name(heads: nn.Module) -> None:
    image, mask = X
    heads.eval()
    assert torch.equal(heads(mask=mask, image=image), heads(image, mask))


def test_values_of_other_names_than_python_allows() -> None:
    text = """
network net {
    input class: [N, 3, 4, 4]
    input x: [N, 3, 4, 4]
    add(@class, @x) -> a: relu
    output self(training): @a -> conv(2, 1x1) -> relu
    output y(training): @x -> conv(2, 1x1)
    output print: @
}
"""
    with pytest.raises(archdsl.CompileError) as caught:
        archdsl.loads(text)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["E0207"]
    model = archdsl.loads(text.replace("class", "kind"))
    outputs = model.train()(torch.ones(2, 3, 4, 4), torch.ones(2, 3, 4, 4))
    assert outputs._fields == ("print", "self", "y")
    assert outputs.print.max() == 2


def test_an_output_of_training_that_is_there_anyway() -> None:
    text = """
network net {
    input x: [N, 3]
    a: linear(4)
    output early(training): @a
    output same(training): @a -> identity
    output b: linear(2)
    output c: linear(2)
    output d: @
}
"""
    model = archdsl.loads(text)
    assert verify(program(text), model) == []
    assert model.eval()(torch.ones(2, 3))[3:] == (None, None)
    outputs = model.train()(torch.ones(2, 3))
    assert torch.equal(outputs.early, outputs.d)
    assert torch.equal(outputs.same, outputs.d)


def test_a_loop_within_a_side_chain() -> None:
    text = (
        "network net {\n    input x: [N, 3]\n    output deep(training): { linear(3) * 4 } -> relu\n    fc: linear(2)\n}"
    )
    model = archdsl.loads(text)
    assert verify(program(text), model) == []
    long = text.replace("{ linear(3) * 4 } -> relu", "linear(3) -> residual { tanh }")
    assert verify(program(long), archdsl.loads(long)) == []


# ---- elsewhere


def test_results_pickle_in_this_process_and_in_another(heads: nn.Module, tmp_path: Path) -> None:
    outputs = heads.train()(*X)
    saved = pickle.dumps(type(outputs)(*(tensor.detach() for tensor in outputs)))
    again = pickle.loads(saved)
    assert type(again) is type(outputs)
    assert all(map(torch.equal, again, outputs))
    (tmp_path / "outputs.pkl").write_bytes(saved)
    script = "import pickle, sys; y = pickle.load(open(sys.argv[1], 'rb')); print(type(y).__name__, y.aux2.shape[1])"
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "outputs.pkl")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "HeadsOutputs 10\n"


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("variant", ["heads", "taps"])
def test_one_graph_for_torch_compile(variant: str, training: bool) -> None:
    model = archdsl.load(GOLDEN, variant).train(training)
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    torch.manual_seed(3)
    ours = compiled(*X)
    torch.manual_seed(3)
    theirs = model(*X)
    assert type(ours) is type(theirs)
    for one, other in zip(ours, theirs):
        assert (one is None and other is None) or torch.equal(one, other)


@pytest.mark.parametrize("variant", ["heads", "taps"])
def test_export_in_use(variant: str) -> None:
    model = archdsl.load(GOLDEN, variant).eval()
    batch = torch.export.Dim("N", min=1)
    exported = torch.export.export(model, X, dynamic_shapes=({0: batch}, {0: batch}))
    larger = tuple(torch.cat([x, x.flip(0), x[:1]]) for x in X)
    ours, theirs = exported.module()(*larger), model(*larger)
    for one, other in zip(ours, theirs):
        assert (one is None and other is None) or torch.allclose(one, other, atol=1e-6)


# ---- what is said of it


def test_heads_count_as_parameters_and_not_as_macs() -> None:
    full, bare = Costs(program(NET, "net")).total, Costs(program(NET, "bare")).total
    head = 16 * 8 + 2 * 8 + (32 * 16 + 16) + (16 * 5 + 5)
    assert full.params == bare.params + 2 * head
    assert full.macs == bare.macs
    assert full.activation_bytes == bare.activation_bytes


def test_promises_about_several_outputs() -> None:
    promises = "expect output == [N, 5]\nexpect output.aux1 == [N, 5]\nexpect receptive_field == 17"
    program(f"{NET}\nvariant promised = net() {{\n{promises}\n}}", "promised")


def test_a_summary_tells_which_are_of_training() -> None:
    summary = summarize(program(NET, "net"), 1)
    assert [(one.name, one.shape, one.training) for one in summary.outputs] == [
        ("output", (5,), False),
        ("aux1", (5,), True),
        ("aux2", (5,), True),
    ]
    assert [row.path for row in summary.rows if row.training] == [("aux1",)]  # two alike, in one row


def test_verify_finds_outputs_that_differ() -> None:
    made_of = program(NET, "net")
    module = archdsl.loads(NET, "net")
    assert verify(made_of, module) == []
    wrong = archdsl.loads(NET.replace("@inception4b -> head(classes)", "@inception4b -> head(classes * 2)"), "net")
    assert "the output in training: 2x5, 2x5, 2x5 in the spec, 2x5, 2x5, 2x10 in the module" in verify(made_of, wrong)
    renamed = archdsl.loads(NET.replace("output aux2", "output aux3").replace("-> head", "-> head"), "net")
    assert any(line.startswith("the outputs are output, aux1, aux2 in the spec") for line in verify(made_of, renamed))


def test_a_plain_network_stays_plain() -> None:
    source = code("network net {\n    input x: [N, 3]\n    fc: linear(2)\n    output logits: @\n}")
    assert "NamedTuple" not in source
    assert "-> Tensor" in source or "nn.Sequential" in source


def test_many_weights_of_losses_stand_on_a_line_each() -> None:
    heads = "\n".join(f"output auxiliary_head_{i}(training, weight=0.{i}): linear(2)" for i in range(1, 7))
    text = code(f"network net {{\ninput x: [N, 3]\n{heads}\nlinear(2)\n}}\n")
    assert '    loss_weights: ClassVar[dict[str, float]] = {\n        "auxiliary_head_1": 0.1,\n' in text
    assert max(map(len, text.splitlines())) <= 120
