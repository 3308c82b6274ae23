"""Records: the constructor that they share, and the one that a class gets for having many objects, are alike."""

from __future__ import annotations

from typing import ClassVar

import pytest

from archdsl.record import KW_ONLY, MANY, Record


class Point(Record):
    values: int
    y: int = 2
    _: KW_ONLY
    name: str
    colour: str = "red"
    kind: ClassVar[str] = "no field"


class Solid(Point):
    z: int = 3


@pytest.fixture(params=[1, 2 * MANY], ids=["few", "many"])
def made(request: pytest.FixtureRequest) -> type[Solid]:
    """A class with that many objects, whose base class has as many."""

    class One(Solid):
        pass

    for _ in range(request.param):
        Point(1, name="a")
        One(1, name="a")
    return One


def test_fields_in_order(made: type[Solid]) -> None:
    assert vars(made(1, colour="blue", name="a")) == {"values": 1, "y": 2, "name": "a", "colour": "blue", "z": 3}
    assert list(vars(made(1, colour="blue", name="a"))) == list(made.fields)
    assert vars(made(1, 5, name="b", z=7)) == {"values": 1, "y": 5, "name": "b", "colour": "red", "z": 7}


def test_wrong_arguments(made: type[Solid]) -> None:
    with pytest.raises(TypeError, match="name"):
        made(1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="size"):
        made(1, name="a", size=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        made(1, 2, "a")  # type: ignore[misc]


def test_a_class_derived_from_one_with_many_has_its_own_fields(made: type[Solid]) -> None:
    class More(made):  # type: ignore[misc, valid-type]
        extra: int = 9

    assert vars(More(1, name="a", extra=4))["extra"] == 4
    assert vars(More(1, name="a"))["extra"] == 9


def test_immutable(made: type[Solid]) -> None:
    with pytest.raises(AttributeError):
        made(1, name="a").y = 3  # type: ignore[misc]
