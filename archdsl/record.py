"""Immutable records: what a frozen dataclass gives, without its start-up cost.

`dataclass` compiles six methods per class, about a millisecond each time; a `check` defines a hundred such classes
before it reads its first line. Records share one constructor instead, and only classes with many objects get their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from dataclasses import KW_ONLY as KW_ONLY

    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: object):
        return lambda cls: cls

    class KW_ONLY:
        """Written `_: KW_ONLY`: the fields below it are given by keyword only."""


MANY = 100
"""From so many objects on a class gets a constructor of its own: it takes 60 us to compile, and saves 1 us a time."""

MISSING = object()

_made: dict[type[Record], int] = {}
"""Objects of each class so far."""


@dataclass_transform(frozen_default=True, eq_default=False)
class Record:
    """Fields are the annotated names, in order, base classes first; a class attribute is a field's default."""

    fields: ClassVar[tuple[str, ...]] = ()
    positional: ClassVar[int] = 0
    _defaults: ClassVar[dict[str, object]] = {}

    def __init_subclass__(cls) -> None:
        names = list(cls.fields)
        positional = cls.positional
        keyword_only = positional < len(names)
        for name, annotation in cls.__dict__.get("__annotations__", {}).items():
            if str(annotation) in ("KW_ONLY", "dataclasses.KW_ONLY") or annotation is KW_ONLY:
                keyword_only = True
            elif not str(annotation).startswith("ClassVar") and name not in names:
                names.append(name)
                positional += not keyword_only
        cls.fields = tuple(names)
        cls.positional = positional
        cls._defaults = {name: getattr(cls, name, MISSING) for name in names}
        if "__init__" not in cls.__dict__:
            cls.__init__ = Record.__init__  # the base's own is for its fields alone

    @classmethod
    def take_fields(cls, other: type[Record]) -> None:
        """Have the fields of another class, their order and defaults: for a class made of it at run time."""
        cls.fields, cls.positional, cls._defaults = other.fields, other.positional, other._defaults

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        cls = type(self)
        values = self.__dict__
        values.update(self._defaults)
        values.update(zip(self.fields, args))
        values.update(kwargs)
        if len(values) != len(self.fields) or len(args) > self.positional or MISSING in values.values():
            self._refuse_arguments(args, kwargs)
        made = _made[cls] = _made.get(cls, 0) + 1
        if made == MANY:
            cls.__init__ = _constructor(cls.fields, cls.positional, self._defaults)

    def _refuse_arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Say which argument is missing or too much."""
        name = type(self).__name__
        if len(args) > self.positional:
            raise TypeError(f"{name} takes {self.positional} positional arguments, got {len(args)}")
        if unknown := kwargs.keys() - set(self.fields):
            raise TypeError(f"{name} has no field {', '.join(sorted(unknown))}")
        missing = [field for field in self.fields if self.__dict__[field] is MISSING]
        raise TypeError(f"{name} needs {', '.join(missing)}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self.fields if name != "span")
        return f"{type(self).__name__}({shown})"


def _constructor(fields: tuple[str, ...], positional: int, defaults: dict[str, object]) -> Callable[..., None]:
    """`def __init__(self, name, shape, trainable=_defaults["trainable"]): _made["name"] = name; ...`"""
    params = [field if defaults[field] is MISSING else f"{field}=_defaults[{field!r}]" for field in fields]
    if positional < len(fields):
        params.insert(positional, "*")
    lines = [f"def __init__(self, {', '.join(params)}):", " _made = self.__dict__"]
    lines += [f" _made[{field!r}] = {field}" for field in fields]
    made: dict[str, Any] = {"_defaults": defaults}
    exec("\n".join(lines), made)  # names of fields are all that is pasted
    return made["__init__"]
