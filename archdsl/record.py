"""Immutable records: what a frozen dataclass gives, without its start-up cost.

`dataclass` compiles six methods per class, about a millisecond each time; a `check` defines a hundred such classes
before it reads its first line. A record shares one constructor instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from dataclasses import KW_ONLY as KW_ONLY

    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: object):
        return lambda cls: cls

    class KW_ONLY:
        """Written `_: KW_ONLY`: the fields below it are given by keyword only."""


@dataclass_transform(frozen_default=True, eq_default=False)
class Record:
    """Fields are the annotated names, in order, base classes first; a class attribute is a field's default."""

    fields: ClassVar[tuple[str, ...]] = ()
    positional: ClassVar[int] = 0

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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        values = self.__dict__
        values.update(zip(self.fields, args))  # fewer arguments than fields is the common case
        values.update(kwargs)
        if len(values) != len(self.fields) or len(args) > self.positional:
            self._complete(args, kwargs)

    def _complete(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Fill in defaults, or say which argument is missing or too much."""
        name = type(self).__name__
        if len(args) > self.positional:
            raise TypeError(f"{name} takes {self.positional} positional arguments, got {len(args)}")
        if unknown := kwargs.keys() - set(self.fields):
            raise TypeError(f"{name} has no field {', '.join(sorted(unknown))}")
        for field in self.fields:
            if field not in self.__dict__:
                if not hasattr(type(self), field):
                    raise TypeError(f"{name} needs {field}")
                self.__dict__[field] = getattr(type(self), field)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self.fields if name != "span")
        return f"{type(self).__name__}({shown})"
