"""Random small networks, as specs: chains, with skips, and of parallel branches within one another."""

from __future__ import annotations

from random import Random

from archdsl.compiler import check
from archdsl.ir.graph import Program
from archdsl.source import Source

HEAD = "network net {\n    input x: [N, 4, H = 4, W = 4]\n"


def program(text: str, target: str | None = None) -> Program:
    checked = check(Source("net.arch", text), target)
    assert checked.program is not None, [d.title for d in checked.diagnostics]
    return checked.program


def steps(*lines: str) -> Program:
    """A network of these lines."""
    return program(HEAD + "\n".join(f"    {line}" for line in lines) + "\n}\n")


def chain(random: Random) -> Program:
    return steps(*(_layer(random) for _ in range(random.randint(1, 7))))


def skips(random: Random) -> Program:
    """A chain in which later steps also read what earlier ones made."""
    lines = [f"s0: {_layer(random)}"]
    for i in range(1, random.randint(3, 7)):
        if random.random() < 0.5:
            lines.append(f'concat(@"s{random.randrange(i)}", @)' if i > 1 else "relu")
        lines.append(f"s{i}: {_layer(random, stride=False)}")
    return steps(*lines)


def branches(random: Random) -> Program:
    """Series and parallel, to some depth."""
    left = [random.randint(3, 7)]
    lines = [_series(random, left, 0) for _ in range(2)]
    return steps(*filter(None, lines), "conv(2, 1x1)")


def split(random: Random) -> Program:
    """A chain that is split in its middle, with skips and exchanges; what is before and behind it is whole."""
    lines = [_layer(random) for _ in range(random.randint(0, 2))]
    by = random.choice(["", "", ", by=[1, 3]"])
    inner = ["s0: conv(8, 3x3, pad=1)"]
    for i in range(1, random.randint(2, 5)):
        if random.random() < 0.4 and not by:
            inner.append(f'concat(@"s{random.randrange(i)}", @)')
        if by or random.random() < 0.5:
            inner.append("exchange")
            if random.random() < 0.5:
                inner.append("inception { conv(4, 1x1); conv(8, 3x3, pad=1) -> bn }")
                inner += ["exchange"] if by else []
        inner.append(f"s{i}: conv(8, 1x1) -> {random.choice(['relu', 'bn', 'dropout(0.2)'])}")
    lines += ["split(gpus) {", *(f"    {line}" for line in inner), "}"]
    lines += [_layer(random) for _ in range(random.randint(0, 2))]
    text = HEAD + "\n".join(f"    {line}" for line in lines) + "\n}\n"
    return program("mesh gpus[2]\n" + text.replace("split(gpus)", f"split(gpus{by})"))


def _series(random: Random, left: list[int], depth: int) -> str:
    parts: list[str] = []
    while left[0] > 0 and (not parts or random.random() < 0.5):
        if depth < 2 and left[0] > 1 and random.random() < 0.6:
            lines = [_series(random, left, depth + 1) for _ in range(random.randint(2, 3))]
            parts.append("inception { " + "; ".join(line or "@" for line in lines) + " }")
        else:
            left[0] -= 1
            parts.append(_layer(random, stride=False))
    return " -> ".join(parts)


def _layer(random: Random, *, stride: bool = True) -> str:
    width = random.choice([1, 4, 16, 64])
    step = random.choice([1, 1, 1, 2]) if stride else 1
    kernel = random.choice(["1x1", "3x3, pad=1"])
    layer = f"conv({width}, {kernel}{f', stride={step}' if step > 1 else ''})"
    return f"{layer} -> relu" if random.random() < 0.3 else layer
