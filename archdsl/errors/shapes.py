"""E03xx: shapes that do not fit. E0310 to E0349 are raised by ops."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archdsl.diagnostic import Error

if TYPE_CHECKING:
    from archdsl.ir.proof import Decision


class ResidualMismatch(Error):
    """The body of a `residual` and its shortcut have different shapes, so they can't be added.

        residual {
            conv(256, 3x3, pad=1)
        }                      # the shortcut is the identity: 64 channels against 256

    Give the shortcut a projection, `shortcut { downsample: { conv(256, 1x1, bias=false) -> bn } }`, or let the body end
    in the shape that came in. A body that halves the map needs a shortcut of the same stride.
    """

    code: ClassVar[str] = "E0301"
    title: ClassVar[str] = "residual branches do not fit: {body} + {shortcut}"
    label: ClassVar[str] = "cannot add these: {reason}"

    body: str
    shortcut: str
    reason: str


class NoSuchAxis(Error):
    """`.channels`, `.height` or `.width` of a value that has no such axis.

    flatten -> linear(@.height)    # behind flatten there is no height
    """

    code: ClassVar[str] = "E0302"
    title: ClassVar[str] = "{shape} has no `{name}`"
    label: ClassVar[str] = "{reason}"

    name: str
    shape: str
    reason: str


class UndecidedCondition(Error):
    """A condition on a free size that holds for some allowed sizes and not for others.

        input image: [N, 3, H = 224, W = 224]
        if @.height > 32 { maxpool(2x2) }      # true at 224, false at 32

    What is built can't depend on a size that is known only when the network runs. The nominal size is for reports only.
    Restrict the size (`where H > 32`), fix it, or make the choice a parameter.
    """

    code: ClassVar[str] = "E0303"
    title: ClassVar[str] = "whether {condition} depends on a free size"
    label: ClassVar[str] = "{witnesses}"
    help: ClassVar[str] = "restrict the size with `where` behind the input, fix it, or pass a parameter instead"

    condition: str
    witnesses: str

    @staticmethod
    def of(decision: Decision, op: str, left: str, right: str) -> UndecidedCondition:
        """From what was found out about `left op right`."""
        if decision.holds is None or decision.fails is None:
            return UndecidedCondition(f"{left} {op} {right}", "this could not be decided")
        holds, fails = (
            ", ".join(f"{name} = {size}" for name, size in witness.sizes.items())
            for witness in (decision.holds, decision.fails)
        )
        return UndecidedCondition(f"{left} {op} {right}", f"true at {holds}, false at {fails}")


class EmptyConnector(Error):
    """A connector that needs at least one step has none after unfolding: `x + x` is never meant.

    residual { if deep { conv(64, 3x3, pad=1) } }      # `deep` is false: nothing is left
    """

    code: ClassVar[str] = "E0304"
    title: ClassVar[str] = "`{word}` has no step in its braces"
    label: ClassVar[str] = "nothing is left here after unfolding"

    word: str


class ListFlows(Error):
    """A list of values where one value is needed.

        parallel { conv(64, 1x1); conv(64, 3x3, pad=1) }
        relu                       # relu works on one value, and this is a list of two

    Take one of them (`@[0] -> relu`), merge them (`concat(@)`, `add(@)`), or work on each and keep the list:
    `parallel { for x in @ { @x -> relu } }`.
    """

    code: ClassVar[str] = "E0307"
    title: ClassVar[str] = "{rule}, and this is a list of {count}"
    label: ClassVar[str] = "a list comes in here"
    help: ClassVar[str] = "take one, as in `@[0] -> ...`, or merge them, as in `concat(@)`"

    rule: str
    count: str


class BadInput(Error):
    """A network's input is a list of sizes: numbers, free names (`N`), or free names with a nominal value (`H = 224`).

    input image: [N, 3, H = 224, W = 224] where H % 32 == 0
    """

    code: ClassVar[str] = "E0305"
    title: ClassVar[str] = "{what}"
    label: ClassVar[str] = "{place}"

    what: str
    place: str


class Impossible(Error):
    """No size satisfies everything that `where` says.

        input image: [N, 3, H = 224, 224] where H >= 64, H <= 32

    A network that fits no input is a mistake in the conditions: correct one of the two that the message names.
    """

    code: ClassVar[str] = "E0306"
    title: ClassVar[str] = "no {name} satisfies this: {assumed} contradicts {known}"
    label: ClassVar[str] = "contradicts {known}"

    name: str
    assumed: str
    known: str


class DoesNotFit(Error):
    """The kernel (with its dilation) is larger than the input with its padding, so not even one window fits.

        input image: [N, 3, 5, 5]
        conv(16, 7x7)              # 7 against 5: pad=1, or a smaller kernel

    With free sizes this may hold for small inputs only. The compiler then notes the least size that works, and refuses
    if the nominal size or a size that `where` admits is below it.
    """

    code: ClassVar[str] = "E0310"
    title: ClassVar[str] = "`{op}` leaves nothing of {shape} along axis {axis}"
    label: ClassVar[str] = "{reason}"
    help: ClassVar[str] = "{advice}"

    op: str
    shape: str
    axis: int
    reason: str
    advice: str


class WrongRank(Error):
    """An op that works on maps was given vectors, or the other way round.

        input features: [N, 128]
        conv(64, 3x3)              # no spatial axes here

    conv and pools take [N, C, L], [N, C, H, W] or [N, C, D, H, W], by which they are 1-, 2- or 3-dimensional.
    """

    code: ClassVar[str] = "E0311"
    title: ClassVar[str] = "`{op}` takes {wanted}, not {shape}"
    label: ClassVar[str] = "the input is {shape}"

    op: str
    wanted: str
    shape: str


class ChannelsElsewhere(Error):
    """An op that works on channels, which it takes to be axis 1, while a `rearrange` has put them elsewhere.

        rearrange("n c h w -> n (h w) c")      # the channels are axis 2 now
        bn                                     # would normalise the positions

    Rearrange them back, or take an op that works on the last axis: linear, layernorm.
    """

    code: ClassVar[str] = "E0312"
    title: ClassVar[str] = "`{op}` works on the channels at axis 1 of {shape}, but they are {place}"
    label: ClassVar[str] = "the channels are {place}"

    op: str
    place: str
    shape: str


class FreeWeights(Error):
    """A layer whose number of weights would change with a free size.

        input image: [N, 3, H = 224, W = 224]
        flatten -> linear(10)      # as many weights as H and W make

    Pool to a fixed size before (`avgpool(out=7x7)`), or fix the size in `input`.
    """

    code: ClassVar[str] = "E0313"
    title: ClassVar[str] = "the weights of `{op}` need a fixed size, but {what} is {size}"
    label: ClassVar[str] = "depends on {symbols}"
    help: ClassVar[str] = "make it fixed first, say by avgpool(out=1x1), or fix {symbols} in the network's `input`"

    op: str
    what: str
    size: str
    symbols: str


class CannotCombine(Error):
    """Sizes that can't be combined number by number: along each axis they must be equal, or one of them 1.

        add { conv(64, 1x1); conv(128, 1x1) }

    A free size is compared for every value that it may have; the counterexample is the one nearest to the nominal.
    """

    code: ClassVar[str] = "E0314"
    title: ClassVar[str] = "cannot {op} {shapes}"
    label: ClassVar[str] = "axis {axis} differs: {difference}"

    op: str
    shapes: str
    axis: int
    difference: str


class CannotConcatenate(Error):
    """Values to be concatenated differ along another axis than the one they are joined on.

    inception { conv(64, 1x1); conv(64, 3x3) }     # 3x3 without pad=1 makes smaller maps
    """

    code: ClassVar[str] = "E0315"
    title: ClassVar[str] = "cannot concatenate {shapes} along axis {joined}"
    label: ClassVar[str] = "axis {axis} differs: {difference}"

    shapes: str
    joined: int
    axis: int
    difference: str


class CannotMultiply(Error):
    """A matrix product of [..., m, k] and [..., k, n] needs the same k on both sides.

        matmul(@queries, @keys)    # [N, 196, 64] and [N, 196, 64]: 64 against 196

    Swap the last two axes of one of them: `rearrange("n t d -> n d t")`.
    """

    code: ClassVar[str] = "E0316"
    title: ClassVar[str] = "cannot matmul {shapes}"
    label: ClassVar[str] = "{left} columns against {right} rows{at}"

    shapes: str
    left: str
    right: str
    at: str


class DoesNotDivide(Error):
    """A size that must be a multiple of a number and isn't, or not for every value of a free size.

        input image: [N, 3, H = 224, W = 224]
        rearrange("n c (h a) (w b) -> n (c a b) h w", a=16, b=16)

    Say what holds of the size: `input image: [N, 3, H = 224, W = 224] where H % 16 == 0, W % 16 == 0`.
    """

    code: ClassVar[str] = "E0317"
    title: ClassVar[str] = "`{op}` divides axis {axis} by {by}, but its size is {size}"
    label: ClassVar[str] = "not a multiple of {by}{at}"
    help: ClassVar[str] = "{advice}"

    op: str
    axis: int
    size: str
    by: int
    at: str
    advice: str = ""


class WrongDtype(Error):
    """An op that isn't defined for numbers of this type. Nothing is converted silently.

    input ids: int64 [N, 128]
    linear(64)                 # indices have no affine map
    """

    code: ClassVar[str] = "E0318"
    title: ClassVar[str] = "`{op}` takes {wanted}, not {dtype}"
    label: ClassVar[str] = "the input is {dtype}"
    help: ClassVar[str] = "{advice}"

    op: str
    wanted: str
    dtype: str
    advice: str = ""


class MixedDtypes(Error):
    """Values of different types that meet in one op. Nothing is converted silently.

        input ids: int64 [N, 128]
        input mask: [N, 128]
        add(@ids, @mask)           # int64 and float32

    Give the inputs one type, or turn indices into numbers first.
    """

    code: ClassVar[str] = "E0319"
    title: ClassVar[str] = "`{op}` of {first} and {second}"
    label: ClassVar[str] = "this is {second}"

    op: str
    first: str
    second: str


class PatternDoesNotFit(Error):
    """A `rearrange` pattern that doesn't describe its input.

    input image: [N, 3, 224, 224]
    rearrange("n l c -> n c l")            # 3 axes in the pattern, 4 in the input
    """

    code: ClassVar[str] = "E0320"
    title: ClassVar[str] = "the pattern `{pattern}` does not fit {shape}: {reason}"
    label: ClassVar[str] = "{reason}"

    pattern: str
    shape: str
    reason: str


class PadDoesNotFit(Error):
    """Padding that repeats the input can't reach further than the input does.

    input image: [N, 3, 4, 4]
    pad(4, mode=reflect)       # at most 3: the border itself is not repeated
    pad(5, mode=circular)      # at most 4
    """

    code: ClassVar[str] = "E0321"
    title: ClassVar[str] = "`{mode}` padding by {pad} does not fit axis {axis} of {shape}"
    label: ClassVar[str] = "at most {most}"

    mode: str
    pad: int
    axis: int
    shape: str
    most: str


class CannotExpand(Error):
    """Only an axis of size 1 can be expanded: its one element is repeated. -1 leaves an axis as it is.

        input x: [N, 1, 64]
        expand([-1, 197, 64])      # fine: the 1 becomes 197
        expand([-1, 394, 64])      # 197 can't become 394

    To write something several times behind itself use `concat`.
    """

    code: ClassVar[str] = "E0322"
    title: ClassVar[str] = "cannot expand {shape} to {sizes}"
    label: ClassVar[str] = "{reason}"

    shape: str
    sizes: str
    reason: str


class NothingToNormalise(Error):
    """A normalisation over a single number, whose variance is zero.

        avgpool(out=1x1) -> instancenorm       # one position for each channel: every result would be 0

    PyTorch refuses it as well, when the module runs.
    """

    code: ClassVar[str] = "E0323"
    title: ClassVar[str] = "`{op}` would normalise over a single number of {shape}"
    label: ClassVar[str] = "nothing to compare it with"

    op: str
    shape: str


class CannotAttend(Error):
    """Queries, keys and values that don't go together: [..., L, d], [..., S, d] and [..., S, e].

        sdpa(@queries, @keys, @values)     # queries of 64 features, keys of 32

    Queries and keys are compared by their features, and each key has its value; what stands before is a batch.
    """

    code: ClassVar[str] = "E0324"
    title: ClassVar[str] = "`{op}` of {shapes}: the {what} differ"
    label: ClassVar[str] = "{difference}"

    op: str
    shapes: str
    what: str
    difference: str


class CannotCompare(Error):
    """Distances between vectors of different length. Centres are rows: [centres, features].

    input features: [N, 84]
    const bitmaps: [10, 80] = 0
    distance(@, @bitmaps)      # 84 numbers against 80
    """

    code: ClassVar[str] = "E0325"
    title: ClassVar[str] = "`{op}` from {shape} to centres of {centres}"
    label: ClassVar[str] = "the number of features differs: {difference}"

    op: str
    shape: str
    centres: str
    difference: str


class TiedShapes(Error):
    """Two steps share one tensor, so both need the same shape of it.

        fc1: linear(64)                        # 64 x 32
        fc2: linear(32, weight=@fc1.weight)    # 32 x 64: the transpose is another tensor

    A `linear` has units x features, an `embedding` words x features: so an output layer can share the embedding's.
    """

    code: ClassVar[str] = "E0336"
    title: ClassVar[str] = "`{op}` needs a `{tensor}` of {own}, but `{given}` is {found}"
    label: ClassVar[str] = "this is {found}"

    op: str
    tensor: str
    own: str
    given: str
    found: str


class RunDiffers(Error):
    """A step that is run again would need other parameters, or be another step, on this value.

        tower: { conv(8, 3x3) -> flatten -> linear(10) }       # for 28x28 the linear has 10 x 5408
        @tower(@large)                                         # for 32x32 it would have 10 x 7200

    A step run again has the weights of its first run. Sizes may differ where no weight depends on them: convolutions
    and pools, up to a pool with `out=`.
    """

    code: ClassVar[str] = "E0337"
    title: ClassVar[str] = "`{text}` can't run again on {shape}: {reason}"
    label: ClassVar[str] = "not the same step on this value"

    text: str
    shape: str
    reason: str
