"""How parameters start, in emitted modules: the draws themselves, against the rules carried out by hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

import archdsl
from tests.emit.build import code, ruff

NETWORK = """
block unit(width, last = none) {{
    residual {{
        conv1: conv(width, 3x3, pad=1, bias=false) -> bn1: bn -> relu
        conv2: conv(width, 3x3, pad=1) -> bn2: bn(init=last)
    }} shortcut {{
        if @in.channels != width {{ down: {{ conv(width, 1x1, bias=false) -> bn(affine=false) }} }}
    }}
}}
network net(own = true) {{
    input image: [N, 4, 6, 6]
    "stem-a": conv(6, 3x3, pad=1, init={stem})
    "a.first": conv(6, 1x1)
    layer1: {{ unit(6) * 2 }}
    "a.second": conv(6, 3x3, pad=1)
    layer2: {{ unit(8, last={last}); unit(8) }}
    up: conv_transpose(4, 2x2, stride=2)
    scale -> bias
    prelu
    flatten(2) -> linear(6)
    look: attention(2)
    head: {{ linear(5) -> relu -> linear(3, bias=false, init={head}) }}
    init {{
{rules}
    }}
}}
"""

CLASSES: dict[str, type[nn.Module]] = {
    "conv": nn.Conv2d,
    "conv_transpose": nn.ConvTranspose2d,
    "bn": nn.BatchNorm2d,
    "linear": nn.Linear,
    "prelu": nn.PReLU,
    "attention": nn.MultiheadAttention,
}

Fill = Callable[[Tensor], object]


class Start(NamedTuple):
    text: str
    fill: Fill


STARTS = (
    Start("kaiming_normal(fan=out)", lambda t: nn.init.kaiming_normal_(t, mode="fan_out", nonlinearity="relu")),
    Start("kaiming_uniform(a=0.5, nonlinearity=leaky_relu)", lambda t: nn.init.kaiming_uniform_(t, a=0.5)),
    Start("xavier_uniform(gain=2)", lambda t: nn.init.xavier_uniform_(t, gain=2)),
    Start("orthogonal", nn.init.orthogonal_),
    Start("xavier_normal", nn.init.xavier_normal_),
    Start("normal(std=0.1)", lambda t: nn.init.normal_(t, std=0.1)),
    Start("trunc_normal(std=0.3, a=-0.5, b=0.4)", lambda t: nn.init.trunc_normal_(t, std=0.3, a=-0.5, b=0.4)),
    Start("uniform(-1, 2)", lambda t: nn.init.uniform_(t, -1, 2)),
    Start("ones", nn.init.ones_),
    Start("0.25", lambda t: nn.init.constant_(t, 0.25)),
    Start("default", lambda t: t),
)
ANY = STARTS[5:]
"""Those that take a tensor of one axis too."""

TARGETS = (
    ("conv", STARTS), ("conv.bias", ANY), ("bn", ANY), ("bn.bias", ANY), ("linear", STARTS), ("linear.bias", ANY),
    ("conv_transpose", STARTS), ("prelu", ANY), ("attention", STARTS), ("attention.out_proj.weight", STARTS),
    ("attention.in_proj_bias", ANY), ('"layer1*"', ANY), ('"*.conv2.weight"', STARTS), ('"*bn2*"', ANY),
    ('"layer*.0.*"', ANY), ('"head.*.weight"', STARTS), ('"*"', ANY), ('"a.*"', ANY), ('"look*"', ANY),
    ('"*.down.0.weight"', STARTS), ('"stem-a.weight"', STARTS), ('"*.weight"', ANY),
)  # fmt: skip


class Rule(NamedTuple):
    target: str
    start: Start

    def names(self, path: str, module: nn.Module, name: str) -> bool:
        """Whether the rule names a parameter: `module` is the layer that it belongs to."""
        if self.target.startswith('"'):
            return fnmatchcase(path, self.target.strip('"'))
        op, _, parameter = self.target.partition(".")
        is_op = isinstance(module, CLASSES[op])
        main = "in_proj_weight" if op == "attention" else "weight"
        return is_op and name == (parameter or main)


def draw_by_hand(net: nn.Module, rules: list[Rule], own: dict[str, Fill]) -> None:
    """The meaning of the rules: modules in the order of registration, the last rule that names a parameter counts."""
    for path, module in net.named_modules():
        if path.endswith("out_proj"):
            continue  # part of the attention around it
        for name, tensor in module.named_parameters(recurse=isinstance(module, nn.MultiheadAttention)):
            key = f"{path}.{name}"
            fills = [rule.start.fill for rule in rules if rule.names(key, module, name)]
            fill = own.get(key) or (fills[-1] if fills and is_layer(module) else None)
            if fill is not None:
                fill(tensor)


def is_layer(module: nn.Module) -> bool:
    return isinstance(module, tuple(CLASSES.values())) or type(module).__name__ in ("Scale", "Bias")


@pytest.mark.parametrize("seed", range(30))
def test_draws_what_the_rules_say(seed: int) -> None:
    choose = random.Random(seed)
    rules: list[Rule] = []
    for _ in range(choose.randint(0, 7)):
        target, starts = choose.choice(TARGETS)
        rules.append(Rule(target, choose.choice(starts)))
    stem, last, head = (choose.choice([None, *starts]) for starts in (STARTS, ANY, STARTS))
    text = NETWORK.format(
        rules="\n".join(f"        {rule.target}: {rule.start.text}" for rule in rules),
        stem=stem.text if stem else "none",
        last=last.text if last and last.text == "0.25" else "none",
        head=head.text if head else "none",
    )
    bare = NETWORK.format(rules="", stem="none", last="none", head="none")
    own: dict[str, Fill] = {}
    if stem:
        own["stem-a.weight"] = stem.fill
        if stem.text == "default":
            own["stem-a.bias"] = stem.fill
    if last and last.text == "0.25":
        own["layer2.0.bn2.weight"] = last.fill
    if head:
        own["head.2.weight"] = head.fill

    torch.manual_seed(seed)
    theirs = archdsl.loads(bare, variant="net")
    with torch.no_grad():
        draw_by_hand(theirs, _spread(rules), own)
    behind = torch.rand(1)
    torch.manual_seed(seed)
    ours = archdsl.loads(text, variant="net")
    assert torch.equal(behind, torch.rand(1)), "as many numbers are drawn"
    for (key, expected), (name, found) in zip(theirs.state_dict().items(), ours.state_dict().items()):
        assert key == name
        assert torch.equal(expected, found), key


def _spread(rules: list[Rule]) -> list[Rule]:
    """`default` said of an op speaks for its bias as well."""
    found: list[Rule] = []
    for rule in rules:
        found.append(rule)
        if rule.start.text == "default" and rule.target in ("conv", "bn", "linear", "conv_transpose"):
            found.append(Rule(f"{rule.target}.bias", rule.start))
    return found


@pytest.mark.parametrize("seed", range(0, 30, 7))
def test_is_formatted(seed: int, tmp_path: Path) -> None:
    choose = random.Random(seed)
    rules = [(target, choose.choice(starts)) for target, starts in choose.sample(TARGETS, 5)]
    lines = "\n".join(f"        {target}: {start.text}" for target, start in rules)
    text = NETWORK.format(rules=lines, stem="identity", last="0", head="none")
    (tmp_path / "net.py").write_text(code(text))
    assert ruff(tmp_path, "format", "--check", "--line-length", "120") == ""
    assert ruff(tmp_path, "check") == ""


def test_what_classes_share_stands_behind_what_one_has_for_itself() -> None:
    """As Inception v3 has it: convolutions and linear layers start alike, but for one head."""
    net = archdsl.loads("""
    network net {
        input image: [N, 3, 6, 6]
        conv(4, 3x3) -> flatten
        linear(4)
        aux: linear(4)
        init { conv: 2; linear: 2; "aux.weight": 3 }
    }
    """)
    values = {key: float(tensor.flatten()[0]) for key, tensor in net.state_dict().items() if key.endswith("weight")}
    assert values == {"0.weight": 2, "2.weight": 2, "aux.weight": 3}


def test_one_or_two_layers_are_written_out() -> None:
    body = "    conv1: conv(8, 3x3, pad=1, init=identity)\n    fc: { conv(8, 1x1) }\n"
    lines = code(f"network net {{\n    input image: [N, 8, 6, 6]\n{body}}}\n").splitlines()
    drawn = [line.strip() for line in lines if "nn.init" in line]
    assert drawn == ["nn.init.dirac_(self.conv1.weight)", "nn.init.zeros_(self.conv1.bias)"]
    assert not any("for " in line for line in lines)


def test_many_different_starts_are_written_out_one_by_one() -> None:
    text = """
    network net {
        input image: [N, 2, 6, 6]
        for i in 0..60 { conv(2, 1x1, init=normal(std=(i + 1) / 10)) }
    }
    """
    torch.manual_seed(0)
    net = archdsl.loads(text)
    torch.manual_seed(0)
    expected = nn.Sequential(*(nn.Conv2d(2, 2, 1) for _ in range(60)))
    for i, layer in enumerate(expected):
        assert isinstance(layer, nn.Conv2d)
        nn.init.normal_(layer.weight, std=(i + 1) / 10)
    for key, tensor in expected.state_dict().items():
        assert torch.equal(net.state_dict()[key], tensor)
    assert "elif" not in code(text)


def test_an_identity_is_one() -> None:
    net = archdsl.loads("""
    network net {
        input image: [N, 6, 5, 7]
        conv(6, 3x3, pad=1, init=identity)
        conv(6, 3x5, pad=1x2, groups=3, init=identity)
        conv(6, 1x1, bias=false, init=identity)
        conv_transpose(6, 3x3, pad=1, init=identity)
        linear(7, init=identity)
    }
    """)
    x = torch.randn(2, 6, 5, 7)
    assert torch.equal(net(x), x)


def test_a_tied_weight_is_drawn_by_its_owner_alone() -> None:
    text = """
    network net {
        input ids: int64 [N, 4]
        wte: embedding(11, 6)
        body: linear(6)
        head: linear(11, bias=false, weight=@wte.weight)
        init { embedding: normal(std=0.02); linear: ones; linear.bias: zeros }
    }
    """
    net = archdsl.loads(text)
    assert net.head.weight is net.wte.weight
    assert 0 < float(net.wte.weight.detach().std()) < 0.04
    assert bool((net.body.weight == 1).all())


def test_a_variants_rules_stand_behind_those_of_its_base() -> None:
    text = """
    network net { input x: [N, 3]; linear(2); init { linear: 2; linear.bias: 3 } }
    variant one = net() { init { linear: 4 } }
    variant two = one() { init { linear.bias: 5 } }
    """
    found = {name: archdsl.loads(text, variant=name).state_dict() for name in ("net", "one", "two")}
    values = {name: tuple(float(tensor.flatten()[0]) for tensor in state.values()) for name, state in found.items()}
    assert values == {"net": (2, 3), "one": (4, 3), "two": (4, 5)}


FROZEN = """
block unit(width, last = false) {
    conv: conv(width, 3x3, pad=1, bias=false) -> bn: bn(freeze=last) -> relu
}
network net {
    input image: [N, 4, 6, 6]
    stem: conv(4, 1x1, freeze=true)
    a: unit(4)
    b: unit(4, freeze=true)
    c: unit(4, last=true)
    init { conv: zeros }
}
"""


def test_frozen_parameters_are_not_trained() -> None:
    net = archdsl.loads(FROZEN)
    frozen = {name for name, tensor in net.named_parameters() if not tensor.requires_grad}
    expected = {"stem.weight", "stem.bias", "b.conv.weight", "b.bn.weight", "b.bn.bias", "c.bn.weight", "c.bn.bias"}
    assert frozen == expected
    before = net.b.bn.running_mean.clone()
    net(torch.randn(8, 4, 6, 6) + 5).sum().backward()
    assert not torch.equal(net.b.bn.num_batches_tracked, torch.tensor(0)), "statistics still follow the batches"
    assert before is not net.b.bn.running_mean
    assert net.b.conv.weight.grad is None
    assert net.a.conv.weight.grad is not None


def test_what_is_frozen_is_counted() -> None:
    from archdsl.compiler import check
    from archdsl.cost import Costs
    from archdsl.source import Source

    program = check(Source("net.arch", FROZEN)).program
    assert program is not None
    net = archdsl.loads(FROZEN)
    total = Costs(program).total
    assert total.params == sum(tensor.numel() for tensor in net.parameters())
    assert total.frozen == sum(tensor.numel() for tensor in net.parameters() if not tensor.requires_grad)
