"""What rules of many ops ask of their inputs and parameters. Each passes in silence or raises `Refused`.

Plain numbers take a short way; proofs and error classes load when they are needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from archdsl.ir.dim import Dim
from archdsl.ir.shape import Shape
from archdsl.ops.op import Op, Refused, undecided

if TYPE_CHECKING:
    from archdsl.ir.proof import Decision

FLOATS = frozenset({"float64", "float32", "float16", "bfloat16"})


# ---- parameters


def refuse_range(op: Op, param: str, allowed: str) -> NoReturn:
    """`{param}` of `{op}` must be {allowed}."""
    from archdsl.errors.ops import OutOfRange

    raise Refused(OutOfRange(op.name, param, allowed, written(getattr(op, param))), param=param)


def at_least(op: Op, least: int, *params: str) -> None:
    """Every number of each parameter is at least that; a parameter that is none passes."""
    for param in params:
        value = getattr(op, param)
        if value is None:
            continue
        if (value if isinstance(value, int) else min(value, default=least)) < least:
            refuse_range(op, param, f"at least {least}")


def need_probability(op: Op, param: str = "p") -> None:
    if not 0 <= getattr(op, param) <= 1:
        refuse_range(op, param, "between 0 and 1")


def refuse_both(op: Op, first: str, second: str) -> NoReturn:
    """Parameters that exclude one another; the second is blamed."""
    from archdsl.errors.ops import NotTogether

    raise Refused(NotTogether(op.name, first, second), param=second)


def need_groups(groups: int, **channels: int) -> None:
    """The groups divide the channels, by "input" and "output"."""
    for which, number in channels.items():
        if number % groups:
            from archdsl.errors.ops import GroupsDoNotDivide

            advice = near_divisors(groups, *channels.values())
            raise Refused(GroupsDoNotDivide(groups, number, which, advice), param="groups")


def near_divisors(wanted: int, *numbers: int) -> str:
    """The divisors that the numbers have in common and that are nearest to what was wanted, as advice."""
    from math import gcd

    common = gcd(*numbers)
    # Divisors are sought near `wanted` only: a layer may have 10^15 channels.
    start = min(wanted, common)
    below = next((n for n in range(start, max(0, start - 10_000), -1) if common % n == 0), 1)
    above = next((n for n in range(wanted + 1, min(common, wanted + 10_000) + 1) if common % n == 0), None)
    channels = " and ".join(str(number) for number in dict.fromkeys(numbers))
    return f"{below} or {above} would divide {channels}" if above else f"{below} would divide {channels}"


def axis_of(op: Op, x: Shape, axis: int, param: str = "axis") -> int:
    """The axis counted from 0; negative ones count from the end."""
    if not -x.rank <= axis < x.rank:
        from archdsl.errors.ops import NoSuchAxis

        raise Refused(NoSuchAxis(op.name, axis, repr(x), x.rank - 1), param=param)
    return axis % x.rank


# ---- inputs


def need_floats(op: Op, *inputs: Shape) -> None:
    for i, x in enumerate(inputs):
        if x.dtype not in FLOATS:
            refuse_dtype(op, "floating-point numbers", x, i)


def need_weights(op: Op, x: Shape, operand: int = 0) -> None:
    """Weights are made in float32, so that is what they can be applied to."""
    if x.dtype != "float32":
        refuse_dtype(op, "float32, as its weights are", x, operand)


def need_indices(op: Op, x: Shape, operand: int = 0) -> None:
    if x.dtype not in ("int64", "int32"):
        refuse_dtype(op, "indices, which are int64 or int32", x, operand)


def refuse_dtype(op: Op, wanted: str, x: Shape, operand: int = 0) -> NoReturn:
    from archdsl.errors.shapes import WrongDtype

    if wanted.startswith("indices"):
        advice = "an input says its type before its sizes: `input ids: int64 [N, L = 128]`"
    elif x.dtype in FLOATS or x.dtype == "bool":
        advice = "an input without a type is float32"
    else:
        advice = "`embedding(vocab, dim)` makes vectors of indices; an input without a type is float32"
    raise Refused(WrongDtype(op.name, wanted, x.dtype, advice), operand=operand)


def need_same_dtype(op: Op, inputs: tuple[Shape, ...]) -> None:
    for i, x in enumerate(inputs):
        if x.dtype != inputs[0].dtype:
            from archdsl.errors.shapes import MixedDtypes

            raise Refused(MixedDtypes(op.name, inputs[0].dtype, x.dtype), operand=i)


def need_rank(op: Op, x: Shape, least: int, most: int | None, wanted: str, operand: int = 0) -> None:
    if x.rank < least or (most is not None and x.rank > most):
        from archdsl.errors.shapes import WrongRank

        raise Refused(WrongRank(op.name, wanted, repr(x)), operand=operand)


def need_spatial(op: Op, x: Shape) -> None:
    """1 to 3 spatial axes behind batch and channels, which are where PyTorch takes them to be."""
    need_rank(op, x, 3, 5, "[N, C, ...] with 1 to 3 spatial axes")
    need_channels(op, x)


def need_channels(op: Op, x: Shape) -> None:
    need_rank(op, x, 2, None, "[N, C, ...]")
    if x.channel_axis != 1:
        from archdsl.errors.shapes import ChannelsElsewhere

        place = "gone: a step before divided or dropped them" if x.channel_axis is None else f"axis {x.channel_axis}"
        raise Refused(ChannelsElsewhere(op.name, place, repr(x)), operand=0)


def in_channels(op: Op, x: Shape) -> int:
    """How many channels come in, at axis 1."""
    need_channels(op, x)
    return fixed(op, x, 1, "the number of channels")


def fixed(op: Op, x: Shape, axis: int, what: str, operand: int = 0) -> int:
    """A size that decides how many weights there are."""
    dim = x.dims[axis]
    if dim.constant is None:
        from archdsl.errors.shapes import FreeWeights

        raise Refused(FreeWeights(op.name, what, str(dim), " and ".join(dim.symbols)), operand=operand)
    return dim.constant


# ---- sizes


def differs(left: Dim, right: Dim, axis: int | None = None, operands: tuple[int, int] = (0, 1)) -> Decision | None:
    """The decision if two sizes are not the same at all allowed sizes, else None.

    What can't be decided passes. With an axis it is said to be compared at run time; without, torch does that anyway.
    """
    if left == right:
        return None
    from archdsl.ir import proof

    decision = proof.equal(left, right)
    if decision.kind == "undecided" and axis is not None:
        undecided(axis, *operands)
    return decision if decision.kind == "no" else None


def need_divisible(op: Op, x: Shape, axis: int, by: int, param: str | None = None) -> None:
    """The size along an axis is a multiple of `by`. What can't be decided is refused: nothing would check it later."""
    dim = x.dims[axis]
    if dim.constant is not None and dim.constant % by == 0:
        return
    from archdsl.ir import proof

    decision = proof.divides(dim, by)
    if decision.kind != "yes":
        from archdsl.errors.shapes import DoesNotDivide

        sizes: Mapping[str, int] = decision.fails.sizes if decision.fails else {}
        at = f", as at {chosen(sizes)}" if sizes else ""
        advice = f"say so of the input: `where {dim} % {by} == 0`" if str(dim) in dim.symbols else ""
        error = DoesNotDivide(op.name, axis, str(dim), by, at, advice)
        raise Refused(error, param=param, operand=None if param else 0)


def need_positive(dim: Dim) -> Decision | None:
    """The decision if a size isn't at least 1, None if it is, be it for free sizes from some bound on."""
    if dim.constant is not None and dim.constant > 0:
        return None
    from archdsl.ir import proof

    decision = proof.require_positive(dim)
    return decision if decision.kind == "no" else None


def counterexample(decision: Decision) -> str:
    """ "at H = 225: 113 against 112"; without free sizes only what stands behind the colon."""
    witness = decision.fails
    if witness is None:
        return ""
    numbers = f"{witness.left} against {witness.right}"
    return f"at {chosen(witness.sizes)}: {numbers}" if witness.sizes else numbers


def chosen(sizes: Mapping[str, int]) -> str:
    """ "H = 225, W = 224"."""
    return ", ".join(f"{name} = {size}" for name, size in sizes.items())


# ---- texts


def written(value: object) -> str:
    """A parameter's value as the language writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return "x".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType]
    return f"{value:g}" if isinstance(value, float) else str(value)
