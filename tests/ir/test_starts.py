"""Path patterns of `init { }`."""

from __future__ import annotations

from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from archdsl.ir.keys import matches


@given(st.text("ab.*", max_size=8), st.text("ab.", max_size=10))
def test_a_star_stands_for_anything(pattern: str, path: str) -> None:
    assert matches(pattern, path) == fnmatchcase(path, pattern)


def test_many_stars_take_no_longer_than_the_path() -> None:
    assert not matches("*a" * 5_000 + "b", "a" * 20_000)
