"""Tests on modules' names tell exactly the ones that are meant from the others."""

from __future__ import annotations

import random

import pytest

from archdsl.emit.select import select

PARTS = ("layer1", "layer2", "0", "1", "conv1", "conv2", "bn2", "fc", "aux", "head")


@pytest.mark.parametrize("seed", range(200))
def test_exactly_what_is_meant(seed: int) -> None:
    choose = random.Random(seed)
    names = {".".join(choose.choices(PARTS, k=choose.randint(1, 4))) for _ in range(choose.randint(2, 30))}
    end = choose.choice(PARTS)
    wanted = {name for name in names if name.endswith(end)} if seed % 2 else set(choose.sample(sorted(names), 2))
    wanted = wanted or {min(names)}
    tests = select(sorted(wanted), names, (f"*{end}.weight",))
    assert bool(tests) == (wanted != names)
    for name in names:
        passed = all(eval(test.flat(), {"name": name}) for test in tests)
        assert passed == (name in wanted), [test.flat() for test in tests]


@pytest.mark.parametrize(
    ("names", "among", "patterns", "expected"),
    [
        (["fc"], {"fc", "conv"}, (), ['name == "fc"']),
        (["a.bn2", "b.bn2"], {"a.bn2", "b.bn2", "a.bn1", "b.bn1"}, (), ['name.endswith("bn2")']),
        (["a.x", "a.y"], {"a.x", "a.y", "b.x", "c.y"}, (), ['name.startswith("a")']),
        (["x.a", "y.b"], {"x.a", "y.b", "lm_head"}, (), ['name != "lm_head"']),
        (["x.a", "y.b"], {"x.a", "y.b", "x.out", "z.out"}, (), ['not name.endswith("out")']),
        (
            ["l1.0.bn3", "l2.1.bn3"],
            {"l1.0.bn3", "l2.1.bn3", "stem.bn3", "l1.bn1"},
            ("l*.bn3.weight",),
            ['name.startswith("l")', 'name.endswith(".bn3")'],
        ),
        (["a", "d"], {"a", "b", "c", "d"}, (), ['name in ("a", "d")']),
    ],
)
def test_as_a_person_would_write_it(
    names: list[str], among: set[str], patterns: tuple[str, ...], expected: list[str]
) -> None:
    assert [test.flat() for test in select(names, among, patterns)] == expected
