"""Patterns for keys, and the rules of `rename`, against regular expressions."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.ir.keys import Rename, below, captured


def renamed(old: str, new: str, key: str) -> str:
    rule = Rename(old, new)
    assert rule.problem() is None
    return rule.apply(key)


@pytest.mark.parametrize(
    ("old", "new", "key", "made"),
    [
        ("norm.1", "norm1", "block.layer1.norm.1.weight", "block.layer1.norm1.weight"),
        ("norm.1", "norm1", "norm.1", "norm1"),
        ("norm.1", "norm1", "block.norm.10.weight", "block.norm.10.weight"),
        ("norm.1", "norm1", "block.prenorm.1.weight", "block.prenorm.1.weight"),
        ("a", "b", "a.x.a", "b.x.b"),
        ("a.a", "b", "a.a.a", "b.a"),
        ("fc", "head.fc", "fc.weight", "head.fc.weight"),
        ("model", "", "model.conv.weight", "conv.weight"),
        ("module.*", "*", "module.module.conv", "module.conv"),
        ("module.*", "*", "x.module.conv", "x.module.conv"),
        ("*.gamma", "*.weight", "a.b.gamma", "a.b.weight"),
        ("layer*.*.conv*.w", "stage*.*.c*.weight", "layer2.10.conv3.w", "stage2.10.c3.weight"),
    ],
)
def test_what_a_rule_makes_of_a_key(old: str, new: str, key: str, made: str) -> None:
    assert renamed(old, new, key) == made


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("", "a", "nothing to rename"),
        ("a", "a", "same"),
        ("a*", "b", "each `*`"),
        ("a", "b*", "each `*`"),
        ("a..b", "c", "empty part"),
        ("a", "b.", "empty part"),
    ],
)
def test_rules_that_cannot_be_meant(old: str, new: str, reason: str) -> None:
    assert reason in (Rename(old, new).problem() or "")


@given(st.text("ab.*", max_size=8), st.text("ab.", max_size=12))
def test_patterns_match_what_a_regular_expression_matches(pattern: str, key: str) -> None:
    expected = re.fullmatch(".*?".join(map(re.escape, pattern.split("*"))), key)
    found = captured(pattern, key)
    assert (found is None) == (expected is None)
    if found is not None:
        pieces = pattern.split("*")
        assert pieces[0] + "".join(text + piece for text, piece in zip(found, pieces[1:])) == key


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    began = time.perf_counter()
    assert captured("*a" * 200 + "b", "a" * 100_000) is None
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    ("path", "key", "inside"),
    [
        ("fc", "fc.weight", True),
        ("fc", "fc", True),
        ("fc", "fc2.weight", False),
        ("fc", "head.fc.weight", False),
        ("*.bias", "head.fc.bias", True),
        ("aux*", "aux1.conv.weight", True),
    ],
)
def test_what_lies_below_a_path(path: str, key: str, inside: bool) -> None:
    assert below(path, key) is inside
