"""An `nn.Module` with a shape rule is an op: its constructor's parameters are the op's.

    @module_op(shape=lambda x: x, sizes={"channels": 1})
    class Gate(nn.Module):
        def __init__(self, channels: int, slope: float = 1.0) -> None: ...

In a spec it is called `gate(slope=2)`: `channels` is read off axis 1 of the input.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, overload

from archdsl.ir.shape import Shape
from archdsl.ops.form import Form, P, call
from archdsl.ops.op import Op, Size, State, read_params
from archdsl.ops.rules import fixed
from archdsl.record import Record

if TYPE_CHECKING:
    from torch import nn

    M = TypeVar("M", bound=type[nn.Module])

Rule = Callable[..., "Shape | tuple[Shape, ...]"]
"""From the shapes of the values, and those of the op's parameters that it names, to the result's."""

Count = Callable[..., int]
"""From the sizes of the values (tuples of ints), of the `output` and those of the op's parameters that it names, to the
multiply-accumulates of one pass."""


@overload
def module_op(
    made: type[nn.Module], *, shape: Rule, sizes: Mapping[str, int] | None = ..., macs: Count | None = ...
) -> type[Op]: ...
@overload
def module_op(*, shape: Rule, sizes: Mapping[str, int] | None = ..., macs: Count | None = ...) -> Callable[[M], M]: ...
def module_op(
    made: Any = None, *, shape: Rule, sizes: Mapping[str, int] | None = None, macs: Count | None = None
) -> Any:
    """An op that is written as a module's class: a decorator, or with the class as first argument the op itself.

    shape: the rule, called with a `Shape` for each value. It raises ValueError with a reason where it refuses.
    sizes: those parameters of the constructor that the compiler gives: which axis of the input each is the size of.
    macs:  the multiply-accumulates of one pass, 0 without: `lambda x, output, width: prod(output) * x[1]` gets the
           sizes of a value, of the output, and the op's parameter `width`.
    """
    if made is not None:
        return _op(made, shape, dict(sizes or {}), macs)

    def declare(cls: Any) -> Any:
        cls.archdsl_op = _op(cls, shape, dict(sizes or {}), macs)
        return cls

    return declare


class Made(Record):
    """What such an op is made of. `order`: its constructor's parameters, and whether each goes by keyword."""

    cls: type[nn.Module]
    rule: Rule
    sizes: Mapping[str, int]
    macs: Count | None
    order: tuple[tuple[str, bool], ...]


class ModuleOp(Op):
    """What all such ops share."""

    role: ClassVar[str] = "module"
    weights: ClassVar[tuple[str, ...] | None] = None
    keeps_output: ClassVar[bool] = True
    """As nobody knows what its backward pass reads."""
    _module: ClassVar[Made]

    def shape(self, *inputs: Shape, **_: Any) -> Shape | tuple[Shape, ...]:
        rule = self._module.rule
        return rule(*inputs, **self._asked(rule))

    def macs(self, inputs: tuple[Size, ...], output: Size) -> int:
        count = self._module.macs
        return count(*inputs, **self._asked(count, output=output)) if count else 0

    def _asked(self, rule: Callable[..., object], **more: object) -> dict[str, object]:
        """Of the op's parameters and of `more`, what a rule has a parameter for."""
        from inspect import signature

        named = signature(rule).parameters
        known = {name: getattr(self, name) for name in self.fields} | more
        return {name: value for name, value in known.items() if name in named}

    def torch(self, *inputs: Shape, **_: Any) -> Form:
        args: list[object] = []
        kwargs: dict[str, object] = {}
        made = self._module
        for name, by_keyword in made.order:
            value = inputs[0].dims[made.sizes[name]] if name in made.sizes else self._word(name)
            if by_keyword:
                kwargs[name] = value
            else:
                args.append(value)
        defaults = {param.name: param.default for param in self.params if param.name in kwargs and not param.required}
        return Form(module=call(f"{made.cls.__module__}:{made.cls.__name__}", *args, defaults=defaults, **kwargs))

    def _word(self, name: str) -> object:
        value = getattr(self, name)
        return list(value) if isinstance(value, tuple) else P(name)  # type: ignore[reportUnknownArgumentType]

    def state(self, *inputs: Shape, **_: Any) -> tuple[State, ...]:
        known = {name: fixed(self, inputs[0], axis, f"axis {axis}") for name, axis in self._module.sizes.items()}
        given = {name: getattr(self, name) for name in self.fields}
        return _state(self._module.cls, tuple((known | given).items()))


@lru_cache(maxsize=1024)
def _state(made: Callable[..., nn.Module], arguments: tuple[tuple[str, Any], ...]) -> tuple[State, ...]:
    """The state of a module, built on the device that holds no numbers."""
    import torch

    with torch.device("meta"):
        module = made(**dict(arguments))
    trained = dict(module.named_parameters())
    return tuple(
        State(name, tuple(tensor.shape), name in trained, str(tensor.dtype).removeprefix("torch."))
        for name, tensor in module.state_dict().items()
    )


def _op(made: Any, rule: Rule, sizes: Mapping[str, int], macs: Count | None) -> type[Op]:
    """The op of a module's class; raises TypeError where its constructor can't be called from a spec."""
    from inspect import Parameter, signature

    if not callable(rule):
        raise TypeError(f"the shape rule of {made.__name__} is not callable")
    if macs is not None and not callable(macs):
        raise TypeError(f"the count of MACs of {made.__name__} is not callable")
    annotations: dict[str, str] = {}
    values: dict[str, object] = {}
    order: list[tuple[str, bool]] = []
    parameters = list(signature(made.__init__).parameters.values())[1:]
    for parameter in parameters:
        by_keyword = parameter.kind is Parameter.KEYWORD_ONLY or parameter.default is not Parameter.empty
        if parameter.name in sizes:
            order.append((parameter.name, by_keyword))
            continue
        kind = _kind(parameter.annotation)
        if not kind:
            if parameter.default is Parameter.empty and parameter.kind not in (
                Parameter.VAR_POSITIONAL,
                Parameter.VAR_KEYWORD,
            ):
                raise TypeError(f"`{parameter.name}` of {made.__name__} has no type that a spec can write")
            continue
        if hasattr(ModuleOp, parameter.name):
            raise TypeError(
                f"`{parameter.name}` of {made.__name__} can't be a parameter of an op: it means another thing"
            )
        if parameter.kind is Parameter.KEYWORD_ONLY:
            annotations.setdefault("_", "KW_ONLY")
        annotations[parameter.name] = kind
        order.append((parameter.name, by_keyword))
        if parameter.default is not Parameter.empty:
            default: Any = parameter.default
            values[parameter.name] = float(default) if kind == "float" else default
    if unknown := sizes.keys() - {parameter.name for parameter in parameters}:
        raise TypeError(f"{made.__name__} takes no {', '.join(sorted(unknown))}")
    body = {
        "__annotations__": annotations,
        "__module__": made.__module__,
        "__doc__": made.__doc__,
        "_module": Made(made, rule, sizes, macs, tuple(order)),
        **values,
    }
    op = type(made.__name__, (ModuleOp,), body)
    op.params = read_params(op)
    return op


_KIND = re.compile(r"(int|float|bool|str|tuple\[int, \.\.\.\]|Literal\[.*\])( \| None)?")


def _kind(annotation: object) -> str:
    """An annotation as an op's field has it; "" where no spec can write such a value."""
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    if not isinstance(annotation, (str, type)) or "[" in str(annotation):
        text = str(annotation)
    text = re.sub(r"(typing|builtins)\.", "", text)
    text = re.sub(r"Optional\[(.*)\]", r"\1 | None", text)
    return text if _KIND.fullmatch(text) else ""
