"""Ops of other packages do anything: what they raise or return is checked where the spec uses them.

Once the shape rule has passed, everything that later stages will ask is asked once, so that a bug of a package is
reported at its step and not somewhere behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from keyword import iskeyword
from typing import Any, ClassVar, TypeVar, cast

from archdsl.budget import Exceeded
from archdsl.ir.dim import Dim
from archdsl.ir.shape import ITEM_SIZES, Shape
from archdsl.ops.form import Call, Form, Infix
from archdsl.ops.op import Op, Refused, State, Window

T = TypeVar("T")

PROBE = 64
"""What free sizes are taken for, to see whether the MACs can be counted."""

_CALLEE = re.compile(r"(?a:\.\w+|(nn|F|torch)(\.\w+)+|[A-Za-z_]\w*(\.\w+)*:[A-Za-z_]\w*)")
"""A method, something of PyTorch's, or `package.module:name`."""


def guarded(op: type[Op], word: str, package: str) -> type[Op]:
    """The op under its word, with its rules guarded."""
    names = {"name": word, "package": package, "__doc__": op.__doc__, "__module__": op.__module__}
    made = type(op.__name__, (_Guarded, op), names)
    made.take_fields(op)
    return made


class _Guarded(Op):
    package: ClassVar[str] = ""
    weights: ClassVar[tuple[str, ...] | None] = None

    def shape(self, *inputs: Any, **_: Any) -> Shape | tuple[Shape, ...]:
        made = self._ask("shape rule", lambda: super(_Guarded, self).shape(*inputs), _is_result, "a Shape")
        outputs = made if isinstance(made, tuple) else (made,)
        self._ask("form", lambda: self.torch(*inputs), _is_form, "a Form that can be written")
        self._ask("state", lambda: self.state(*inputs), _is_state, "a tuple of States")
        sizes = [tuple(dim.at(dict.fromkeys(dim.symbols, PROBE)) for dim in x.dims) for x in (*inputs, outputs[0])]
        self._ask("count of MACs", lambda: self.macs(tuple(sizes[:-1]), sizes[-1]), _is_count, "a number")
        self._ask("window", lambda: self.window(*inputs), _is_window, "a Window or None")
        return made

    def _ask(self, rule: str, asked: Callable[[], T], good: Callable[[object], bool], wanted: str) -> T:
        """A rule's answer. A `ValueError` is a refusal, with its text; anything else that goes wrong is a bug."""
        from archdsl.ops.installed import told

        try:
            answer = asked()
        except (Refused, Exceeded):
            raise
        except ValueError as refusal:
            from archdsl.errors.packages import OpRefused

            reason = " ".join(str(refusal).split())[:200]
            raise Refused(OpRefused(self.name, self.package, reason or "it gives no reason")) from refusal
        except Exception as failure:
            raise self._failed(rule, f"raised {told(failure)}") from failure
        if not good(answer):
            raise self._failed(rule, f"gave {' '.join(repr(answer).split())[:100]}, not {wanted}")
        return answer

    def _failed(self, rule: str, failure: str) -> Refused:
        from archdsl.errors.packages import OpFailed

        return Refused(OpFailed(self.name, self.package, rule, failure))


def _is_result(answer: object) -> bool:
    several = cast("tuple[object, ...]", answer) if isinstance(answer, tuple) else (answer,)
    return bool(several) and all(map(_is_shape, several))


def _is_shape(answer: object) -> bool:
    if not isinstance(answer, Shape) or not all(type(dim) is Dim for dim in answer.dims):
        return False
    positive = all(dim.constant is None or dim.constant > 0 for dim in answer.dims)
    axis = answer.channel_axis
    return positive and answer.dtype in ITEM_SIZES and bool(answer.dims) and (axis is None or 0 <= axis < answer.rank)


def _is_form(answer: object) -> bool:
    if not isinstance(answer, Form) or (answer.module is None and answer.function is None):
        return False
    return all(map(_can_be_written, (answer.module, answer.function)))


def _can_be_written(word: object) -> bool:
    """Whether all that is called has a name that means something in a generated module."""
    if isinstance(word, Call):
        names = re.split(r"[.:]", word.callee)
        good = bool(_CALLEE.fullmatch(word.callee)) and not any(map(iskeyword, names))
        return good and all(map(_can_be_written, (*word.args, *(value for _, value in word.kwargs))))
    return not isinstance(word, Infix) or (_can_be_written(word.left) and _can_be_written(word.right))


def _is_state(answer: object) -> bool:
    return isinstance(answer, tuple) and all(
        isinstance(tensor, State) and tensor.dtype in ITEM_SIZES for tensor in cast("tuple[object, ...]", answer)
    )


def _is_count(answer: object) -> bool:
    return type(answer) is int and answer >= 0


def _is_window(answer: object) -> bool:
    return answer is None or isinstance(answer, Window)
