"""Keeping `expect`: each promised figure against the one that was found."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from archdsl.cost import Costs, costs_of
from archdsl.diagnostic import Diagnostic, Edit, Error, Help
from archdsl.ir.dim import Dim
from archdsl.ir.graph import Output, Program, Promise
from archdsl.ir.why import Traced
from archdsl.receptive import receptive_field, show_field
from archdsl.source import Span

FIGURES = {
    "params": "a number",
    "macs": "a number",
    "receptive_field": "a number or a size",
    "output": "a shape, by ==",
}
"""What `expect` knows, and what each is compared with."""

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip

SUFFIXES = {"K": 3, "M": 6, "G": 9, "T": 12}


def check_promises(program: Program) -> Iterator[Diagnostic]:
    """A diagnostic for each promise of the program that isn't kept."""
    if not program.promises:
        return
    costs = costs_of(program, passes=any(promise.quantity == "macs" for promise in program.promises))
    for promise in program.promises:
        if (broken := _check(promise, program, costs)) is not None:
            error, right = broken
            yield Diagnostic(error, promise.span, helps=_mend(promise, right))


def _check(promise: Promise, program: Program, costs: Costs) -> tuple[Error, str] | None:
    """The error and how the right figure would be written; None where the promise is kept."""
    from archdsl.errors.promises import NoReceptiveField

    match promise.quantity:
        case "params":
            return _number(promise, costs.total.params, "parameters")
        case "macs":
            return _number(promise, costs.total.macs, "MACs")
        case "output":
            return _output(promise, program)
        case _:
            field = receptive_field(program)
            return _field(promise, field) if field else (NoReceptiveField(), "")


def _number(promise: Promise, actual: int, what: str) -> tuple[Error, str] | None:
    from archdsl.errors.promises import PromiseBroken

    value = promise.value
    if isinstance(value, str):
        rounded = Rounded(value)
        kept = COMPARE[promise.compare](rounded.of(actual), rounded.digits)
        right = rounded.write(actual)
        written = value
        # Equal as far as the digits go: say the exact figure, which is beyond them.
        found = f"{right} ({actual:,})"
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        kept = COMPARE[promise.compare](actual, value)
        right = f"{actual:_}"
        written, found = f"{value:,}", f"{actual:,}"
    else:
        return _incomparable(promise)
    if kept:
        return None
    if promise.compare != "==":
        written = f"{promise.compare} {written}"
    difference = f", {abs(actual - value):,} {'more' if actual > value else 'fewer'}" if isinstance(value, int) else ""
    return PromiseBroken(what, written, found, difference), right


class Rounded:
    """`4.09G`: a figure known to the digits written. Equal is what rounds to the same digits."""

    def __init__(self, text: str) -> None:
        number = text[:-1].replace("_", "")
        self.decimals = len(number.partition(".")[2])
        self.digits = int(number.replace(".", ""))
        self.suffix = text[-1]
        self.exponent = SUFFIXES[self.suffix] - self.decimals

    def of(self, actual: int) -> int:
        """The digits that a number rounds to (a half rounds up)."""
        if self.exponent <= 0:
            return actual * 10**-self.exponent
        unit = 10**self.exponent
        return (2 * actual + unit) // (2 * unit)

    def write(self, actual: int) -> str:
        """A number in this form; with a smaller suffix where nothing would be left of it."""
        digits = str(self.of(actual)).rjust(self.decimals + 1, "0")
        if int(digits) == 0 and actual:
            return f"{actual:_}"
        whole, part = digits[: len(digits) - self.decimals], digits[len(digits) - self.decimals :]
        return f"{whole}.{part}{self.suffix}" if part else f"{whole}{self.suffix}"


def _output(promise: Promise, program: Program) -> tuple[Error, str] | None:
    from archdsl.errors.promises import OutputBroken

    written = _items(promise.value)
    if promise.compare != "==" or written is None:
        return _incomparable(promise)
    index = _which(promise, program.graph.returns)
    if index is None:
        return _no_such_output(promise, program.graph.returns)
    shape = program.graph.outputs[index].shape
    actual: tuple[object, ...] = shape.dims if shape else ()
    if len(written) == len(actual) and all(map(_same_size, written, actual)):
        return None
    shown = _listed(actual)
    # `floor((H + 1)/2)` is how messages write a size; the language has no such function, so that is no edit.
    return OutputBroken(f"output {promise.output}".strip(), _listed(written), shown), "" if "floor" in shown else shown


def _which(promise: Promise, returns: Sequence[Output]) -> int | None:
    """The output that a promise is about: the one it names, else the main one, if it is the only one."""
    if promise.output:
        return next((i for i, output in enumerate(returns) if output.label == promise.output), None)
    return 0 if sum(not output.training for output in returns) == 1 else None


def _no_such_output(promise: Promise, returns: Sequence[Output]) -> tuple[Error, str]:
    from archdsl.errors.promises import NoSuchOutput

    if promise.output:
        what = f"there is no output named `{promise.output}`"
    else:
        what = "this network has several outputs: which is meant?"
    known = [f"output.{output.label}" if output.label else "output" for output in returns]
    return NoSuchOutput(what, ", ".join(known[:8])), ""


def _items(value: object) -> tuple[object, ...] | None:
    """A list's items without their derivation; None if it is no list."""
    if not isinstance(value, tuple):
        return None
    return tuple(item.value if isinstance(item, Traced) else item for item in cast("tuple[object, ...]", value))


def _same_size(written: object, actual: object) -> bool:
    return isinstance(written, (int, Dim)) and not isinstance(written, bool) and actual == written


def _listed(dims: tuple[object, ...]) -> str:
    return f"[{', '.join(map(str, dims))}]"


def _field(promise: Promise, field: tuple[int, ...]) -> tuple[Error, str] | None:
    from archdsl.errors.promises import PromiseBroken

    wanted = _items(promise.value) or (promise.value,) * len(field)
    if len(wanted) != len(field) or any(type(item) is not int for item in wanted):
        return _incomparable(promise)
    if all(map(COMPARE[promise.compare], field, wanted)):
        return None
    prefix = "" if promise.compare == "==" else f"{promise.compare} "
    right = show_field(field)
    return PromiseBroken("receptive field", f"{prefix}{show_field(wanted)}", right, ""), right


def _incomparable(promise: Promise) -> tuple[Error, str]:
    from archdsl.errors.promises import NotComparable

    return NotComparable(promise.quantity, FIGURES[promise.quantity]), ""


def _mend(promise: Promise, right: str) -> tuple[Help, ...]:
    """Put the right figure in place of the promised one."""
    span = promise.span
    before, compare, _ = span.text.partition(promise.compare)
    if not right or compare != "==":
        return ()
    start = span.start + len(before) + len(compare)
    start += len(span.source.text[start : span.end]) - len(span.source.text[start : span.end].lstrip())
    figure = Span(span.source, start, span.end)
    return (Help("if the network is right, write what was found", Edit(figure, right)),)
